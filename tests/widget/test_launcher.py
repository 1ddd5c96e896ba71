"""The button: how it looks by the shop's settings and the script's attributes, where rules hide it, and nudges."""

import pytest
from conftest import Shop
from playwright.async_api import expect
from steps import GREETING, says, style

PHONE = {"width": 390, "height": 844}
on_a_phone = pytest.mark.parametrize("shop", [PHONE], indirect=True, ids=["phone"])


async def test_the_shops_settings_are_followed(shop: Shop) -> None:
    look = {"accent": "#2f6f4f", "ink": "#ffffff", "shape": "pill", "label": "Ask us", "icon": "bag", "radius": 4}
    await shop.control(launcher=look | {"desktop": {"position": "left", "offset": {"x": 60, "y": 90}}})
    await shop.visit()
    assert await style(shop, "button", "background-color") == "rgb(47, 111, 79)"
    box = await shop.page.get_by_role("button", name="Ask us").bounding_box()
    assert box is not None
    assert (box["x"], 800 - box["y"] - box["height"]) == (60, 90)
    assert box["width"] > 110
    await shop.open()
    assert await style(shop, ".panel", "border-radius") == "4px"


async def test_the_scripts_attributes_win_and_stay_after_the_chat_has_its_own_look(shop: Shop) -> None:
    await shop.control(launcher={"accent": "#2f6f4f", "position": "right", "shape": "round"})
    await (await shop.visit("dressed")).open()
    await says(shop, "{type: 'look', accent: '#ff0000', ink: '#00ff00', position: 'right'}")
    await shop.page.evaluate("Aisle.close()")
    assert await style(shop, "button", "background-color") == "rgb(255, 225, 77)"
    # black on yellow, found by the browser
    assert await style(shop, "button", "color") in ("oklch(0 0 0)", "rgb(0, 0, 0)")
    box = await shop.page.get_by_role("button", name="Ask us").bounding_box()
    assert box is not None
    assert box["x"] == 20


async def test_without_an_answer_the_frames_look_is_taken(shop: Shop) -> None:
    await shop.page.route("**/v1/launcher*", lambda route: route.abort())
    await (await shop.visit()).open()
    await says(shop, "{type: 'look', accent: '#123456', ink: '#ffffff', position: 'left'}")
    await shop.page.evaluate("Aisle.close()")
    await expect(shop.page.locator("aisle-chat button")).to_have_css("background-color", "rgb(18, 52, 86)")


async def test_a_picture_takes_the_icons_place_once_it_is_there(shop: Shop) -> None:
    await shop.control(launcher={"icon_url": f"http://localhost:{shop.port}/pictures/lamp"})
    await shop.visit()
    await expect(shop.page.locator("aisle-chat button img")).to_have_count(1)
    await shop.control(launcher={"icon_url": f"http://localhost:{shop.port}/nothing.png"})
    async with shop.page.expect_response("**/nothing.png"):
        await shop.visit()
    await expect(shop.page.locator("aisle-chat button svg").first).to_be_visible()


async def test_dark_follows_the_system_or_the_shops_theme(shop: Shop) -> None:
    await shop.page.emulate_media(color_scheme="dark")
    await shop.visit()
    assert await style(shop, "button", "background-color") == "rgb(244, 244, 245)"
    await shop.page.emulate_media(color_scheme="light")
    await expect(shop.page.locator("aisle-chat button")).to_have_css("background-color", "rgb(24, 24, 27)")
    await shop.control(launcher={"theme": "dark"})
    await shop.visit()
    assert await style(shop, "button", "background-color") == "rgb(244, 244, 245)"


async def test_on_paper_it_is_not_there_and_in_forced_colours_it_has_an_edge(shop: Shop) -> None:
    await shop.visit()
    await shop.page.emulate_media(media="print")
    await expect(shop.page.locator("aisle-chat button")).to_be_hidden()
    await shop.page.emulate_media(media="screen", forced_colors="active")
    assert await style(shop, "button", "border-top-color") != "rgba(0, 0, 0, 0)"


async def test_rules_hide_and_move_it_page_by_page(shop: Shop) -> None:
    rules = [{"match": "/checkout*", "hidden": True}, {"match": "/products/*", "device": "desktop", "position": "left"}]
    await shop.control(launcher={"rules": rules})
    await shop.visit("router")
    button = shop.page.locator("aisle-chat button")
    await shop.page.evaluate("go('/checkout/address?step=2')")
    await expect(button).to_be_hidden()
    await shop.page.evaluate("go('/products/1#reviews')")
    await expect(button).to_be_visible()
    box = await button.bounding_box()
    assert box is not None
    assert box["x"] == 20
    await shop.page.go_back()
    await expect(button).to_be_hidden()


async def test_a_rule_for_another_device_is_none_of_ours(shop: Shop) -> None:
    await shop.control(launcher={"rules": [{"match": "*", "device": "phone", "hidden": True}], "phone": {}})
    await shop.visit()
    await shop.page.set_viewport_size({"width": 390, "height": 844})
    await expect(shop.page.locator("aisle-chat button")).to_be_hidden()


async def test_where_the_button_is_hidden_the_page_may_still_open_the_chat(shop: Shop) -> None:
    await shop.control(launcher={"desktop": {"hidden": True}})
    await shop.page.goto(f"http://127.0.0.1:{shop.port}/pages/plain")
    await shop.page.locator("aisle-chat").wait_for(state="attached")
    await shop.page.evaluate("Aisle.open()")
    await shop.chat.get_by_role("heading", name=GREETING).wait_for()


async def test_it_neither_shifts_the_page_nor_asks_for_more_than_it_says(shop: Shop) -> None:
    asked: list[str] = []
    shop.page.on("request", lambda request: asked.append(request.url))
    await shop.page.add_init_script(
        """window.shift = 0;
        new PerformanceObserver((list) => list.getEntries().forEach((one) => (window.shift += one.value)))
          .observe({type: "layout-shift", buffered: true});"""
    )
    await shop.visit()
    assert await shop.page.locator("aisle-chat button").get_attribute("aria-expanded") == "false"
    ours = [url.split("/", 3)[3] for url in asked if "localhost" in url]
    assert ours == ["widget.js", "v1/launcher?key=pk_demo"]
    await shop.open()
    assert await shop.page.evaluate("window.shift") == 0


async def test_fifty_page_changes_leave_nothing_behind(shop: Shop) -> None:
    rules = [{"match": "/products/*", "position": "left"}]
    nudges = [{"match": "/products/*", "text": "Hello", "after_s": 300, "scroll": 50, "exit": True}]
    await shop.control(launcher={"rules": rules, "nudges": nudges})
    await (await shop.visit("router")).open()
    await shop.page.evaluate("Aisle.close()")
    devtools = await shop.page.context.new_cdp_session(shop.page)

    async def counted() -> tuple[int, int]:
        await devtools.send("HeapProfiler.collectGarbage")
        counters = await devtools.send("Memory.getDOMCounters")
        return counters["nodes"], counters["jsEventListeners"]

    async def wander(rounds: int) -> None:
        for at in range(rounds):
            await shop.page.evaluate(f"go('/{['products', 'pages'][at % 2]}/{at}')")

    await wander(4)
    before = await counted()
    await wander(50)
    after = await counted()
    assert after[1] <= before[1]
    assert after[0] <= before[0] + 2


async def nudged(shop: Shop, **nudge: object) -> None:
    """A shop with one nudge, whose five seconds the test lets pass at once."""
    await shop.control(launcher={"nudges": [{"match": "*", "text": "Need a hand with sizes?", "after_s": 5} | nudge]})
    await shop.page.clock.install()
    await shop.visit("router")


async def test_a_nudge_comes_when_it_is_due_and_a_click_opens_the_chat_with_it(shop: Shop) -> None:
    await nudged(shop)
    words = shop.page.get_by_role("status").get_by_role("button", name="Need a hand with sizes?")
    await shop.page.clock.fast_forward(4_000)
    await expect(words).to_have_count(0)
    await shop.page.clock.fast_forward(2_000)
    await expect(words).to_be_visible()
    assert await shop.page.evaluate("document.activeElement === document.body")
    assert await shop.page.evaluate("localStorage.length + sessionStorage.length") == 0
    await words.click()
    await shop.chat.get_by_text("Need a hand with sizes?").wait_for()
    await expect(words).to_have_count(0)
    assert await shop.page.evaluate("Object.keys(localStorage)") == ["aisle:pk_demo:quiet"]


async def test_a_nudge_that_is_closed_stays_away_for_the_shops_hours(shop: Shop) -> None:
    await nudged(shop)
    await shop.page.clock.fast_forward(6_000)
    await shop.page.get_by_role("status").get_by_role("button", name="Close").click()
    await expect(shop.page.get_by_role("status")).to_have_count(0)
    await shop.page.reload()
    await shop.page.locator("aisle-chat button").wait_for()
    await shop.page.clock.fast_forward(60_000)
    await expect(shop.page.get_by_role("status")).to_have_count(0)
    await shop.page.clock.fast_forward(24 * 3_600_000)
    await shop.page.reload()
    await shop.page.locator("aisle-chat button").wait_for()
    await shop.page.clock.fast_forward(6_000)
    await expect(shop.page.get_by_role("status")).to_be_visible()


async def test_a_nudge_waits_for_the_scrolling_and_the_leaving_it_names(shop: Shop) -> None:
    await nudged(shop, scroll=60, exit=True)
    await shop.page.clock.fast_forward(6_000)
    await shop.page.mouse.move(600, 400)
    await shop.page.mouse.wheel(0, 3_000)
    await shop.page.wait_for_function("scrollY > 900")
    await expect(shop.page.get_by_role("status")).to_have_count(0)
    await shop.page.evaluate("document.documentElement.dispatchEvent(new MouseEvent('mouseleave', {clientY: -3}))")
    await expect(shop.page.get_by_role("status")).to_be_visible()


async def test_no_nudge_over_an_open_chat_and_one_per_page_load(shop: Shop) -> None:
    await nudged(shop)
    await shop.open()
    await shop.page.clock.fast_forward(10_000)
    await expect(shop.page.get_by_role("status")).to_have_count(0)
    await shop.page.evaluate("Aisle.close()")
    await shop.page.clock.fast_forward(3_000)
    await expect(shop.page.get_by_role("status")).to_be_visible()
    await shop.page.evaluate("go('/products/2')")
    await expect(shop.page.get_by_role("status")).to_have_count(0)
    await shop.page.clock.fast_forward(10_000)
    await expect(shop.page.get_by_role("status")).to_have_count(0)


@on_a_phone
async def test_no_nudge_while_a_phones_shopper_is_typing(shop: Shop) -> None:
    await nudged(shop)
    await shop.page.get_by_label("Search").focus()
    await shop.page.clock.fast_forward(10_000)
    await expect(shop.page.get_by_role("status")).to_have_count(0)
    await shop.page.get_by_label("Search").blur()
    await shop.page.clock.fast_forward(3_000)
    await expect(shop.page.get_by_role("status")).to_be_visible()


async def test_where_no_page_has_a_nudge_its_script_is_not_fetched(shop: Shop) -> None:
    asked: list[str] = []
    shop.page.on("request", lambda request: asked.append(request.url))
    await shop.control(launcher={"nudges": [{"match": "/products/*", "text": "Hi", "after_s": 5}]})
    await shop.visit("router")
    assert not any("/nudge-" in url for url in asked)
    async with shop.page.expect_request("**/assets/nudge-*"):
        await shop.page.evaluate("go('/products/2')")
