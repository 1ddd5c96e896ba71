"""A shopper in a real browser on the demo storefront, on a phone and at a desk, against the real installation."""

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.async_api import Browser, FrameLocator, Page, expect

from tests.installation import Installation
from tests.mail import await_code
from tests.sampling import sampled

MAYA = "maya.lindqvist@example.com"
SIZES = {"desktop": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}


@pytest.fixture(params=sampled(SIZES, ["phone"]), ids=list(SIZES))
async def page(browser: Browser, request: pytest.FixtureRequest) -> AsyncIterator[Page]:
    context = await browser.new_context(viewport=SIZES[request.param])
    page = await context.new_page()
    page.complaints = []  # type: ignore[attr-defined]
    page.on("pageerror", lambda error: page.complaints.append(str(error)))  # type: ignore[attr-defined]
    yield page
    await context.close()
    assert page.complaints == []  # type: ignore[attr-defined]


async def open_chat(page: Page, installation: Installation) -> FrameLocator:
    await page.goto(installation.facts["url"])
    await page.locator("aisle-chat button").click()
    chat = page.frame_locator("aisle-chat iframe")
    await chat.get_by_label("Your message").wait_for()
    return chat


async def ask(chat: FrameLocator, text: str) -> None:
    field = chat.get_by_label("Your message")
    await field.fill(text)
    await chat.locator(".send[aria-disabled=false]").wait_for()  # the session may still be on its way
    await field.press("Enter")


async def test_a_question_gets_products_and_a_source(page: Page, installation: Installation) -> None:
    chat = await open_chat(page, installation)
    await ask(chat, "I need a light tent for two people")
    await expect(chat.locator(".assistant").last).to_contain_text("Fell 2 Tent")
    await expect(chat.locator("img").first).to_be_visible()
    await page.reload()
    button = page.locator("aisle-chat button").last
    if page.viewport_size == SIZES["phone"]:
        await button.click()
    await expect(button).to_have_attribute("aria-expanded", "true")  # at a desk it goes on by itself
    restored = page.frame_locator("aisle-chat iframe")
    await expect(restored.locator(".assistant").last).to_contain_text("Fell 2 Tent")


async def test_what_the_storefront_notes_ends_no_conversation(page: Page, installation: Installation) -> None:
    """The demo's storefront has the frame's own origin, so each hears what the other stores."""
    sessions: list[str] = []
    page.on("request", lambda sent: sessions.append(sent.url) if sent.url.endswith("/v1/sessions") else None)
    chat = await open_chat(page, installation)
    await ask(chat, "I need a light tent for two people")
    await expect(chat.locator(".assistant").last).to_contain_text("Fell 2 Tent")
    for note in ("0", "1"):
        await page.evaluate("note => sessionStorage.setItem(Object.keys(sessionStorage)[0], note)", note)
    await ask(chat, "What is your return policy?")
    await expect(chat.locator(".assistant").last).to_contain_text("45 days")
    await expect(chat.locator(".user")).to_have_count(2)
    assert len(sessions) == 1


async def test_nothing_is_stored_before_the_first_word(page: Page, installation: Installation) -> None:
    await open_chat(page, installation)
    assert await page.context.cookies() == []
    stored = await page.evaluate("() => localStorage.length + sessionStorage.length")
    assert stored == 0


async def test_an_order_opens_step_by_step_of_proof(page: Page, installation: Installation) -> None:
    chat = await open_chat(page, installation)
    await ask(chat, "Where is my order #1003?")
    form = chat.get_by_role("form", name="Let's find your order")
    await expect(form.get_by_label("Order number")).to_have_value(re.compile("1003"))
    await form.get_by_label("E-mail address").fill(MAYA)
    await form.get_by_role("button", name="Show my order").click()
    order = chat.get_by_role("group", name=re.compile("Order #?1003")).last
    await expect(order).to_be_visible()
    assert "Heron Pour-Over Kettle" not in await order.inner_text()
    await chat.get_by_role("button", name="Send code").last.click()
    code = await asyncio.to_thread(await_code, installation.facts["mailbox_url"], MAYA)
    await chat.get_by_label("6-digit code").last.fill(code)
    await chat.get_by_role("button", name="Confirm").last.click()
    opened = chat.get_by_role("group", name=re.compile("Order #?1003")).last
    await expect(opened).to_contain_text("Heron Pour-Over Kettle")


@pytest.fixture
def strange_site(installation: Installation) -> Iterator[str]:
    """A page with the demo shop's snippet on an origin that the shop does not list."""
    snippet = (
        f'<script async src="{installation.base_url}/widget.js" data-key="{installation.facts["publishable_key"]}">'
    )

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(f"<!doctype html><title>Strange</title><body>{snippet}</script>".encode())

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


async def test_on_a_site_that_is_not_listed_there_is_no_dead_button(page: Page, strange_site: str) -> None:
    async with page.expect_event("console", lambda message: message.text == "Aisle: not listed", timeout=20_000):
        await page.goto(strange_site)
    await expect(page.locator("aisle-chat")).to_have_count(0)
