"""The snippet as it really runs: by optimizers, page builders, consent tools, tag managers, twice, in old browsers.

It works, or one console line says why not.
"""

import pathlib

import pytest
from conftest import Shop
from playwright.async_api import expect
from steps import converses

WIDGET = pathlib.Path(__file__).parents[2] / "cdn" / "widget.js"
NO_KEY = "Aisle: no ?key=pk_..."
SETTLED_MS = 1_000
PUT_IN = "(html) => { document.getElementById('slot').innerHTML = html; }"
RUN_AS_INLINE = """(code) => {
  const script = document.createElement("script");
  script.textContent = code;
  document.head.append(script);
}"""


async def bare(shop: Shop) -> list[str]:
    """A page without a snippet; the list fills with what is said on the console of us."""
    said: list[str] = []
    shop.page.on("console", lambda message: said.append(message.text) if "Aisle" in message.text else None)
    await shop.page.goto(f"http://127.0.0.1:{shop.port}/pages/bare")
    return said


def tag(shop: Shop, attributes: str = 'data-key="pk_demo"', source: str = "src", query: str = "") -> str:
    return f'<script async {source}="http://localhost:{shop.port}/widget.js{query}" {attributes}></script>'


async def run_inline(shop: Shop) -> None:
    """Runs the file under an inline tag, as jQuery and combined files do."""
    await shop.page.evaluate(RUN_AS_INLINE, WIDGET.read_text("utf-8"))


@pytest.mark.parametrize(
    ("attributes", "source", "query"),
    [
        ('data-key="pk_demo"', "src", ""),
        ("data-key=pk_demo type=text/plain data-category=marketing", "src", ""),
        ('type="text/plain" data-key="pk_demo"', "data-src", ""),
        ('type="text/plain" data-key="pk_demo"', "data-cmplz-src", ""),
        ('type="text/plain" data-key="pk_demo" data-usercentrics="Aisle"', "uc-src", ""),
        ('type="rocketlazyloadscript" data-key="pk_demo"', "data-rocket-src", ""),
        ('type="litespeed/javascript" data-key="pk_demo"', "data-src", ""),
        ("", "src", "?key=pk_demo"),
        ("", "src", "?ver=6.4&amp;key=pk_demo"),
        ("", "data-src", "?key=pk_demo&amp;ver=1"),
    ],
)
async def test_whatever_tag_it_runs_under_the_pasted_one_has_the_key(
    shop: Shop, attributes: str, source: str, query: str
) -> None:
    said = await bare(shop)
    await shop.page.evaluate(PUT_IN, tag(shop, attributes, source, query))
    await run_inline(shop)
    await converses(shop)
    assert said == []


async def test_the_key_may_stand_before_the_address(shop: Shop) -> None:
    await bare(shop)
    await shop.page.evaluate(
        PUT_IN, f'<script data-key="pk_demo" src="http://localhost:{shop.port}/widget.js"></script>'
    )
    await run_inline(shop)
    await converses(shop)


@pytest.mark.parametrize(
    "html",
    [
        "",
        '<script src="/cache/autoptimize_1a2b.js"></script>',
        '<script src="http://localhost:{port}/widget.js"></script>',
        '<script src="https://cdn.vendor.example/widget.js" data-account="x"></script>',
        '<script src="https://cdn.vendor.example/widget.js" data-key="abc"></script>',
        '<script data-key="pk_demo"></script>',
    ],
)
async def test_without_a_key_it_says_so_in_one_line(shop: Shop, html: str) -> None:
    said = await bare(shop)
    await shop.page.route("**vendor.example/**", lambda route: route.abort())
    await shop.page.evaluate(PUT_IN, html.format(port=shop.port))
    await run_inline(shop)
    await shop.page.wait_for_timeout(SETTLED_MS)
    assert said == [NO_KEY]
    assert await shop.page.locator("aisle-chat").count() == 0


async def test_a_tag_manager_that_drops_attributes_is_told_of_the_key_in_the_address(shop: Shop) -> None:
    said = await bare(shop)
    make = (
        "(src) => { const s = document.createElement('script'); s.async = true; s.src = src; document.head.append(s); }"
    )
    await shop.page.evaluate(make, f"http://localhost:{shop.port}/widget.js")
    await shop.page.wait_for_timeout(SETTLED_MS)
    assert said == [NO_KEY]
    await shop.page.evaluate(make, f"http://localhost:{shop.port}/widget.js?key=pk_demo")
    await converses(shop)


async def test_as_a_module_beside_another_vendors_widget(shop: Shop) -> None:
    said = await bare(shop)
    await shop.page.route("**vendor.example/**", lambda route: route.abort())
    await shop.page.evaluate(PUT_IN, '<script src="https://cdn.vendor.example/widget.js" data-account="1"></script>')
    make = """(src) => {
      const script = document.createElement("script");
      Object.assign(script, {type: "module", src}).dataset.key = "pk_demo";
      document.body.append(script);
    }"""
    await shop.page.evaluate(make, f"http://localhost:{shop.port}/widget.js")
    await converses(shop)
    assert said == []


@pytest.mark.parametrize("keys", [["pk_old", "pk_demo"], ["pk_old", "pk_older", "pk_demo"], ["pk_demo", "pk_old"]])
async def test_of_several_keys_the_good_one_works_and_the_wrong_ones_are_named(shop: Shop, keys: list[str]) -> None:
    said = await bare(shop)
    page = "".join(tag(shop, f'data-key="{key}"') for key in keys)
    await shop.page.set_content(f"<!doctype html><html><body><h1>Two</h1>{page}</body></html>")
    await shop.page.locator("aisle-chat button").wait_for()
    await converses(shop)
    wrong = keys[: keys.index("pk_demo")]
    assert [text for text in said if text.startswith("Aisle:")] == [f"Aisle: wrong key {key}" for key in wrong]
    assert await shop.page.locator("aisle-chat").count() == 1


async def test_a_wrong_key_alone_is_named(shop: Shop) -> None:
    said = await bare(shop)
    await shop.page.evaluate(PUT_IN, tag(shop, 'data-key="pk_old"'))
    await run_inline(shop)
    await shop.page.wait_for_timeout(SETTLED_MS)
    assert [text for text in said if text.startswith("Aisle:")] == ["Aisle: wrong key pk_old"]
    assert await shop.page.locator("aisle-chat").count() == 0


@pytest.mark.parametrize(
    "css", ["transform: translate3d(0, 0, 0)", "perspective: 1000px", "will-change: transform", "contain: paint"]
)
async def test_a_root_that_takes_fixed_elements_along_does_not_take_the_button(shop: Shop, css: str) -> None:
    await shop.visit("moved")
    await shop.page.add_style_tag(content=f"html {{ {css} }}")
    for scrolled in (0, 1500):
        await shop.page.evaluate("(y) => scrollTo(0, y)", scrolled)
        box = await shop.page.locator("aisle-chat button").bounding_box()
        assert box is not None
        assert 800 - box["y"] - box["height"] == 20
    await converses(shop)


SAFARI_15 = """
  delete AbortSignal.timeout; delete AbortSignal.any; delete Array.prototype.findLast; delete Object.hasOwn;
  delete window.structuredClone; delete window.requestIdleCallback; delete HTMLElement.prototype.showPopover;
  delete HTMLElement.prototype.popover;
"""
NO_SHEETS = """
  delete Document.prototype.adoptedStyleSheets; delete ShadowRoot.prototype.adoptedStyleSheets;
  window.CSSStyleSheet = function () { throw new TypeError("Illegal constructor"); };
"""


async def test_what_older_browsers_lack_is_not_needed_for_the_button(shop: Shop) -> None:
    await shop.page.add_init_script(SAFARI_15)
    await shop.visit()
    await expect(shop.page.locator("aisle-chat button")).to_be_visible()
    assert shop.complaints == []


async def test_in_a_browser_too_old_for_the_chat_the_button_opens_it_in_a_tab(shop: Shop) -> None:
    await shop.page.add_init_script(f"if (!location.pathname.endsWith('/frame')) {{ {SAFARI_15} {NO_SHEETS} }}")
    await shop.visit()
    button = shop.page.locator("aisle-chat button")
    box = await button.bounding_box()
    assert box is not None
    assert 800 - box["y"] - box["height"] == 20
    async with shop.page.expect_popup() as opened:
        await button.click()
    assert "/frame?key=pk_demo" in (await opened.value).url
