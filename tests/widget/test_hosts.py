"""Pages that make life hard for a guest: each is in `widget/test/pages`, with the headers of `chat_edge`."""

import base64
import hashlib
import json
import pathlib
import re

import pytest
from conftest import Shop
from playwright.async_api import Route, expect
from steps import GREETING, converses, style

from tests.sampling import sampled

CDN = pathlib.Path(__file__).parents[2] / "cdn"
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}
BOTH = pytest.mark.parametrize("shop", sampled([DESKTOP, PHONE], [PHONE]), indirect=True, ids=["desktop", "phone"])


HARD = ["strict", "dynamic", "isolated", "dark", "rtl", "late", "reset", "rude"]


@BOTH
@pytest.mark.parametrize("name", sampled(HARD, ("strict", "isolated", "rude")))
async def test_a_hard_page_is_a_page_like_any_other(shop: Shop, name: str) -> None:
    await shop.visit(name)
    box = await shop.page.locator("aisle-chat button").bounding_box()
    assert box is not None
    assert box["height"] == 58
    view = shop.page.viewport_size
    assert view is not None
    assert view["height"] - box["y"] - box["height"] == 20
    assert await style(shop, "button", "visibility") == "visible"
    await converses(shop)
    panel = await shop.page.locator("aisle-chat .panel").bounding_box()
    assert panel is not None
    assert panel["width"] == (view["width"] if view["width"] < 500 else 404)


async def test_a_nonce_alone_lets_the_module_in_and_no_connect_src_is_no_harm(shop: Shop) -> None:
    said: list[str] = []
    shop.page.on("console", lambda message: said.append(message.text))
    await shop.visit("nonce")
    await converses(shop)
    refused = [text for text in said if "Policy" in text]
    assert refused, "the launcher's look was to be refused by connect-src"
    assert all("v1/launcher" in text for text in refused)
    shop.complaints.clear()


async def test_a_policy_that_shuts_the_module_out_opens_a_tab_instead(shop: Shop) -> None:
    said: list[str] = []
    shop.page.on("console", lambda message: said.append(message.text))
    await shop.visit("narrow")
    async with shop.page.expect_popup() as opened:
        await shop.page.locator("aisle-chat button").click()
    tab = await opened.value
    await tab.get_by_role("heading", name=GREETING).wait_for()
    assert [text for text in said if text.startswith("Aisle:")] == [
        f"Aisle: script-src must allow http://localhost:{shop.port}/assets/"
    ]
    await tab.close()
    async with shop.page.expect_popup() as again:
        await shop.page.locator("aisle-chat button").click()
    await (await again.value).close()
    shop.complaints.clear()


@BOTH
async def test_a_shop_in_a_sandbox_works_as_long_as_it_has_an_origin(shop: Shop) -> None:
    await shop.page.goto(f"http://127.0.0.1:{shop.port}/pages/sandboxed")
    inner = shop.page.frame_locator("iframe").first
    await inner.locator("aisle-chat button").wait_for()
    frame = next(frame for frame in shop.page.frames if frame.url.endswith("/plain"))
    await converses(shop, frame)


async def test_without_an_origin_it_stays_away_and_says_so(shop: Shop) -> None:
    said: list[str] = []
    async with shop.page.expect_event("console", lambda message: message.text == "Aisle: not listed") as refused:
        shop.page.on("console", lambda message: said.append(message.text))
        await shop.page.goto(f"http://127.0.0.1:{shop.port}/pages/opaque")
    await refused.value
    frame = next(frame for frame in shop.page.frames if frame.url.endswith("/plain"))
    assert await frame.locator("aisle-chat").count() == 0
    assert await frame.evaluate("typeof Aisle.open") == "function"
    await frame.evaluate("Aisle.open()")
    assert await frame.locator("aisle-chat").count() == 0
    assert said.count("Aisle: not listed") == 1
    shop.complaints.clear()


async def test_a_page_from_a_file_is_refused_politely(shop: Shop, tmp_path: pathlib.Path) -> None:
    page = tmp_path / "app.html"
    page.write_text(f'<h1>App</h1><script src="http://localhost:{shop.port}/widget.js" data-key="pk_demo"></script>')
    async with shop.page.expect_event("console", lambda message: message.text == "Aisle: not listed") as refused:
        await shop.page.goto(page.as_uri())
    await refused.value
    assert await shop.page.locator("aisle-chat").count() == 0
    shop.complaints.clear()


async def test_a_shop_on_somebody_elses_page_works_where_that_page_is_listed_too(shop: Shop) -> None:
    outer = f"http://outer.localhost:{shop.port}"
    await shop.control(origins=[outer])
    await shop.page.goto(f"{outer}/pages/framed")
    inner = shop.page.frame_locator("iframe").first
    await inner.locator("aisle-chat button").wait_for()
    await converses(shop, next(frame for frame in shop.page.frames if frame.url.endswith("/plain")))


async def test_a_shop_on_a_page_that_is_not_listed_offers_a_tab(shop: Shop) -> None:
    await shop.page.goto(f"http://outer.localhost:{shop.port}/pages/framed")
    inner = shop.page.frame_locator("iframe").first
    await inner.locator("aisle-chat button").click()
    await expect(inner.get_by_text("The chat could not be loaded.")).to_be_visible()
    way_out = inner.get_by_role("link", name="Chat")
    assert await way_out.get_attribute("href") == f"http://localhost:{shop.port}/frame?key=pk_demo"
    shop.complaints.clear()


async def test_two_copies_are_one_and_earlier_calls_are_kept(shop: Shop) -> None:
    await shop.visit("twice")
    await shop.chat.get_by_role("heading", name=GREETING).wait_for()
    assert await shop.page.locator("aisle-chat").count() == 1
    assert await shop.page.evaluate("window.heard") == ["opened"]


async def test_a_second_copy_from_another_address_yields_to_the_first(shop: Shop) -> None:
    async with shop.page.expect_response(re.compile("other.localhost.*widget.js")):
        await shop.visit("bases")
    await converses(shop)
    assert await shop.page.locator("aisle-chat").count() == 1
    assert len([frame for frame in shop.page.frames if "/frame" in frame.url]) == 1


@BOTH
async def test_a_page_that_replaces_its_body_keeps_the_chat(shop: Shop) -> None:
    await shop.visit("swapped")
    await converses(shop)
    await shop.page.evaluate("window.navigate()")
    await expect(shop.chat.locator(".assistant")).to_have_count(1)
    await shop.page.evaluate("document.querySelector('aisle-chat').remove()")
    await expect(shop.chat.locator(".assistant")).to_have_count(1)
    await shop.page.evaluate("document.documentElement.replaceWith(document.createElement('html'))")
    await expect(shop.chat.locator(".assistant")).to_have_count(1)
    assert await shop.page.locator("aisle-chat").count() == 1
    await expect(shop.page.locator("aisle-chat button").last).to_have_attribute("aria-expanded", "true")


async def test_a_document_that_is_written_anew_gets_its_button_and_chat_again(shop: Shop) -> None:
    await shop.visit("rewritten")
    await shop.page.evaluate("rewrite()")
    await expect(shop.page.get_by_role("heading", name="Second")).to_be_visible()
    await converses(shop)
    await shop.page.evaluate("rewrite()")
    await expect(shop.chat.locator(".assistant")).to_have_count(1)
    await shop.chat.get_by_role("button", name="Close").last.click()
    await expect(shop.page.locator("aisle-chat button")).to_have_attribute("aria-expanded", "false")


async def test_a_frame_that_is_late_is_waited_for_and_a_blocked_one_can_be_tried_again(shop: Shop) -> None:
    blocked = True

    async def block(route: Route) -> None:
        await (route.abort("blockedbyclient") if blocked else route.continue_())

    await shop.page.route("**/frame?*", block)
    await shop.visit()
    await shop.page.locator("aisle-chat button").click()
    await expect(shop.page.get_by_text("The chat could not be loaded.")).to_be_visible()
    blocked = False
    await shop.page.get_by_role("button", name="Try again").click()
    await shop.chat.get_by_role("heading", name=GREETING).wait_for()
    await expect(shop.page.get_by_text("The chat could not be loaded.")).to_have_count(0)


@BOTH
async def test_no_connection_at_the_click_and_later_back(shop: Shop) -> None:
    await shop.visit()
    await shop.page.context.set_offline(True)
    await shop.page.locator("aisle-chat button").click()
    await expect(shop.page.locator("aisle-chat .busy")).to_have_count(1)
    await shop.page.context.set_offline(False)
    await shop.chat.get_by_role("heading", name=GREETING).wait_for()


async def test_the_frame_and_its_module_are_asked_for_together_and_may_come_in_any_order(shop: Shop) -> None:
    asked: list[str] = []
    held: list[Route] = []
    shop.page.on("request", lambda request: asked.append(request.url.rsplit("/", 1)[1].partition("-")[0]))

    async def hold(route: Route) -> None:
        held.append(route)

    await shop.page.route("**/assets/page-*", hold)
    await shop.visit()
    await shop.page.locator("aisle-chat button").hover()
    async with shop.page.expect_response("**/assets/frame-*.js"):
        pass
    assert set(asked[asked.index("widget.js") :][:4]) >= {"frame?key=pk_demo", "page"}
    await held[0].continue_()
    await shop.page.locator("aisle-chat button").click()
    await shop.chat.get_by_role("heading", name=GREETING).wait_for()


def test_the_built_files_are_those_of_the_manifest() -> None:
    manifest = json.loads((CDN / "manifest.json").read_text())
    built = {str(path.relative_to(CDN)) for path in CDN.rglob("*") if path.suffix in (".js", ".ts", ".css", ".html")}
    assert built == set(manifest["files"])
    for name, entry in manifest["files"].items():
        digest = base64.b64encode(hashlib.sha384((CDN / name).read_bytes()).digest()).decode()
        assert entry["integrity"] == f"sha384-{digest}", name
