"""On a phone the chat is the whole screen; back means close, and neither the page nor its router is disturbed."""

import pytest
from conftest import Shop
from playwright.async_api import expect
from steps import GREETING, converses, says

PHONE = {"width": 390, "height": 844}
LANDSCAPE = {"width": 844, "height": 390}
DESKTOP = {"width": 1280, "height": 800}


def screen(*sizes: dict[str, int]) -> pytest.MarkDecorator:
    """Runs a test on these screens."""
    return pytest.mark.parametrize("shop", sizes, indirect=True, ids=[f"{size['width']}" for size in sizes])


async def expect_open(shop: Shop, is_open: bool) -> None:
    """Waits until the page says so."""
    await expect(shop.page.locator("aisle-chat button").last).to_have_attribute("aria-expanded", str(is_open).lower())


@screen(PHONE, LANDSCAPE)
async def test_the_chat_fills_the_screen_and_the_page_behind_rests(shop: Shop) -> None:
    await shop.visit("router")
    await shop.page.mouse.wheel(0, 300)
    await shop.page.wait_for_function("scrollY === 300")
    await shop.open()
    panel = await shop.page.locator("aisle-chat .panel").bounding_box()
    view = shop.page.viewport_size
    assert view is not None
    assert panel == {"x": 0, "y": 0, "width": view["width"], "height": view["height"]}
    await shop.page.mouse.wheel(0, 500)
    assert await shop.page.evaluate(
        "[scrollY, document.body.inert, getComputedStyle(document.documentElement).overflow]"
    ) == [
        300,
        True,
        "hidden",
    ]
    await shop.page.evaluate("Aisle.close()")
    assert await shop.page.evaluate("[scrollY, document.body.inert]") == [300, False]
    await shop.page.mouse.wheel(0, 100)
    await shop.page.wait_for_function("scrollY === 400")


@screen(PHONE)
async def test_above_the_keyboard_and_not_under_it(shop: Shop) -> None:
    await (await shop.visit()).open()
    await shop.page.evaluate(
        """() => {
          for (const [name, value] of [["height", 500], ["offsetTop", 44]])
            Object.defineProperty(visualViewport, name, {get: () => value, configurable: true});
          visualViewport.dispatchEvent(new Event("resize"));
        }"""
    )
    panel = await shop.page.locator("aisle-chat .panel").bounding_box()
    assert panel == {"x": 0, "y": 44, "width": 390, "height": 500}


@screen(PHONE)
async def test_back_closes_the_chat_and_the_router_finds_its_own_state(shop: Shop) -> None:
    await shop.visit("router")
    await shop.page.evaluate("go('/products/1')")
    before = await shop.page.evaluate("[history.length, history.state]")
    await shop.open()
    assert await shop.page.evaluate("[history.length, history.state, location.pathname]") == [
        before[0] + 1,
        before[1],
        "/products/1",
    ]
    await shop.page.go_back()
    await expect_open(shop, False)
    assert await shop.page.evaluate("[history.state, location.pathname]") == [before[1], "/products/1"]
    assert await shop.page.evaluate("drawn.at(-1)") == ["pop", "/products/1", before[1]]
    await shop.page.go_back()
    await shop.page.wait_for_function("location.pathname === '/pages/router'")
    assert await shop.page.evaluate("history.state") == {"idx": 0, "key": "a"}


@screen(PHONE)
async def test_closing_takes_the_entry_back_however_often(shop: Shop) -> None:
    await shop.visit("router")
    await shop.page.evaluate("go('/products/1')")
    await shop.page.evaluate("go('/products/2')")
    length = await shop.page.evaluate("history.length")
    for _ in range(4):
        await shop.page.evaluate("Aisle.open()")
        await shop.page.wait_for_function(f"history.length === {length + 1}")
        await shop.page.evaluate("Aisle.close()")
    await shop.page.evaluate("Aisle.open(); Aisle.close(); Aisle.open(); Aisle.close(); Aisle.open()")
    await shop.chat.get_by_role("heading", name=GREETING).wait_for()
    await shop.page.go_back()
    await expect_open(shop, False)
    assert await shop.page.evaluate("location.pathname") == "/products/2"
    await shop.page.go_back()
    await shop.page.wait_for_function("location.pathname === '/products/1'")
    await shop.page.go_forward()
    await shop.page.wait_for_function("location.pathname === '/products/2'")
    assert await shop.page.evaluate("history.state.key") == "/products/2"
    paths = await shop.page.evaluate("drawn.map(([why, path, state]) => path === state.key || path === '/products/1')")
    assert all(paths)


@screen(PHONE)
async def test_a_page_change_under_the_open_chat_keeps_the_way_back(shop: Shop) -> None:
    await (await shop.visit("router")).open()
    await shop.page.evaluate("go('/products/7')")
    await says(shop, "{type: 'close'}")
    await expect_open(shop, False)
    assert await shop.page.evaluate("location.pathname") == "/products/7"
    await shop.page.go_back()
    await shop.page.wait_for_function("location.pathname === '/pages/router'")
    await expect_open(shop, False)


@screen(PHONE)
async def test_without_the_navigation_api_it_is_the_same(shop: Shop) -> None:
    await shop.page.add_init_script("Object.defineProperty(window, 'navigation', {value: undefined})")
    await shop.control(launcher={"rules": [{"match": "/products/9", "hidden": True}]})
    await shop.visit("router")
    await shop.open()
    assert await shop.page.evaluate("history.state.idx") == 0
    await shop.page.go_back()
    await expect_open(shop, False)
    assert await shop.page.evaluate("history.state") == {"idx": 0, "key": "a"}
    await shop.page.evaluate("Aisle.open()")
    await shop.page.evaluate("Aisle.close()")
    await shop.page.evaluate("go('/products/9'); document.body.click()")
    await expect(shop.page.locator("aisle-chat button")).to_be_hidden()


@screen(DESKTOP)
async def test_on_a_wide_screen_history_is_the_pages_alone(shop: Shop) -> None:
    await shop.visit("router")
    length = await shop.page.evaluate("history.length")
    await shop.open()
    assert await shop.page.evaluate("[history.length, document.body.inert]") == [length, False]


@screen(DESKTOP)
async def test_an_open_chat_goes_on_over_page_changes_and_takes_no_focus(shop: Shop) -> None:
    await shop.visit()
    await converses(shop)
    await shop.page.goto(f"http://127.0.0.1:{shop.port}/pages/router")
    await expect(shop.chat.locator(".assistant").last).to_contain_text("I can help")
    assert await shop.page.evaluate("document.activeElement === document.body")
    await shop.page.evaluate("Aisle.close()")
    await shop.page.reload()
    await shop.page.locator("aisle-chat button").wait_for()
    assert await shop.page.locator("aisle-chat iframe").count() == 0


@screen(PHONE)
async def test_on_a_phone_the_next_page_is_the_page(shop: Shop) -> None:
    await shop.visit()
    await converses(shop)
    await shop.visit("router")
    assert await shop.page.locator("aisle-chat iframe").count() == 0


@screen(DESKTOP)
async def test_an_open_chat_without_a_word_leaves_no_trace(shop: Shop) -> None:
    await (await shop.visit()).open()
    assert await shop.page.evaluate("sessionStorage.length + localStorage.length + document.cookie.length") == 0


@screen(PHONE)
async def test_destroy_gives_everything_back(shop: Shop) -> None:
    await shop.visit("router")
    await shop.page.evaluate("go('/products/1')")
    await shop.open()
    await shop.page.evaluate("Aisle.destroy()")
    await shop.page.wait_for_function("!document.body.inert && document.adoptedStyleSheets.length === 0")
    await shop.page.go_back()
    await shop.page.wait_for_function("location.pathname === '/pages/router'")
    assert await shop.page.evaluate("history.state") == {"idx": 0, "key": "a"}
