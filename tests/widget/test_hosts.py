"""Pages that make life hard for a guest, and the page's own view of it: `window.Aisle`."""

import json
import pathlib

import pytest
from conftest import Shop
from playwright.async_api import expect

CDN = pathlib.Path(__file__).parents[2] / "cdn"


@pytest.mark.parametrize("name", ["strict", "isolated", "rude"])
async def test_a_hard_page_is_a_page_like_any_other(shop: Shop, name: str) -> None:
    await (await shop.visit(name)).open()
    assert "I can help" in await shop.ask("hello")
    await expect(shop.page.locator("aisle-chat button")).to_have_css("width", "58px")
    panel = await shop.page.locator("aisle-chat .panel").bounding_box()
    assert panel is not None
    assert panel["width"] == 404


async def test_two_copies_are_one_and_earlier_calls_are_kept(shop: Shop) -> None:
    await shop.visit("twice")
    await shop.chat.get_by_role("heading", name="Hi! What are you looking for today?").wait_for()
    assert await shop.page.locator("aisle-chat").count() == 1
    assert await shop.page.evaluate("window.heard") == ["opened"]


async def test_a_page_that_replaces_its_body_keeps_the_chat(shop: Shop) -> None:
    await (await shop.visit("swapped")).open()
    await shop.ask("hello")
    await shop.page.evaluate("window.navigate()")
    await expect(shop.chat.locator(".assistant")).to_have_count(1)
    await shop.page.evaluate("document.querySelector('aisle-chat').remove()")
    await expect(shop.chat.locator(".assistant")).to_have_count(1)


async def test_the_page_can_open_listen_identify_and_destroy(shop: Shop) -> None:
    await shop.visit()
    before = await shop.page.evaluate("Object.keys(window).length")
    await shop.page.evaluate(
        """() => {
          window.heard = [];
          for (const name of ["opened", "closed", "message", "answer", "rated"])
            Aisle.on(name, (detail) => heard.push([name, detail ?? null]));
          Aisle.identify({id: "42", email: "ada@example.com", signature: "sig"});
          Aisle.context({product_id: "p1"});
          Aisle.open();
        }"""
    )
    await shop.ask("hello")
    await shop.page.evaluate("Aisle.toggle()")
    heard = await shop.page.evaluate("window.heard")
    assert [name for name, _detail in heard] == ["opened", "message", "answer", "closed"]
    assert "hello" not in json.dumps(heard)
    calls = await shop.calls()
    session = next(call["body"] for call in reversed(calls) if call["path"] == "/v1/sessions")
    assert session["customer"] == {"id": "42", "email": "ada@example.com", "signature": "sig"}  # type: ignore[index]
    asked = next(call["body"] for call in reversed(calls) if call["path"] == "/v1/chat")
    assert asked["context"] == {"product_id": "p1"}  # type: ignore[index]
    await shop.page.evaluate("delete window.heard; Aisle.destroy()")
    assert await shop.page.locator("aisle-chat").count() == 0
    assert await shop.page.evaluate("[typeof Aisle, Object.keys(window).length]") == ["undefined", before - 1]


async def test_messages_of_strangers_are_not_believed(shop: Shop) -> None:
    await (await shop.visit()).open()
    await shop.page.evaluate(
        """async () => {
          const stranger = document.body.appendChild(document.createElement("iframe"));
          const said = new Promise((done) => addEventListener("message", done, {once: true}));
          stranger.contentWindow.eval("parent.postMessage({aisle: 1, type: 'close'}, '*')");
          await said;
          const spoofed = new Promise((done) => addEventListener("message", done, {once: true}));
          postMessage({aisle: 1, type: "look", accent: "#ff0000", ink: "#ffffff"}, "*");
          await spoofed;
        }"""
    )
    await expect(shop.page.locator("aisle-chat button")).to_have_attribute("aria-expanded", "true")
    assert "ff0000" not in str(await shop.page.locator("aisle-chat").get_attribute("style"))


async def test_the_page_neither_shifts_nor_waits(shop: Shop) -> None:
    await shop.page.add_init_script(
        """window.shift = 0;
        new PerformanceObserver((list) => list.getEntries().forEach((one) => (window.shift += one.value)))
          .observe({type: "layout-shift", buffered: true});"""
    )
    await (await shop.visit()).open()
    assert await shop.page.evaluate("window.shift") == 0


def test_the_built_files_are_those_of_the_manifest() -> None:
    import base64
    import hashlib

    manifest = json.loads((CDN / "manifest.json").read_text())
    built = {str(path.relative_to(CDN)) for path in CDN.rglob("*") if path.suffix in (".js", ".css", ".html")}
    assert built == set(manifest["files"])
    for name, entry in manifest["files"].items():
        digest = base64.b64encode(hashlib.sha384((CDN / name).read_bytes()).digest()).decode()
        assert entry["integrity"] == f"sha384-{digest}", name
