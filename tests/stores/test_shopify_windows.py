"""The two pages that live among other sites' windows, in a real browser: the end of a sign-in, the app in the admin."""

import re
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from server.embedded.standins.shopify.customers import CLIENT_ID
from server.embedded.standins.shopify.shop import Shop
from server.embedded.standins.shopify.signing import callback_query, session_token
from server.embedded.standins.shopify.tokens import API_KEY, SECRET
from tests.installation import Installation
from tests.sampling import sampled
from tests.stores.shopify_steps import install
from tests.stores.test_customer_sign_in import await_offer, begin, redeem

EVIL = "http://evil.test"
SCREENS = [{"width": 390, "height": 844}, {"width": 1280, "height": 800}]
LISTEN = """() => {
  window.told = [];
  window.heard = new Promise((hear) => addEventListener("message", (event) => {
    window.told.push([event.origin, event.data]);
    hear();
  }));
}"""


@pytest.fixture
def connection(stores: Installation, console: httpx.Client, store: Shop) -> Iterator[dict[str, Any]]:
    with stores.merchant() as merchant:
        made = install(console, merchant, store)
        path = f"/v1/connections/{made['id']}"
        changed = merchant.patch(path, json={"customer_client_id": CLIENT_ID}).raise_for_status().json()
        await_offer(stores, store.domain)
        yield changed
        merchant.delete(path)


@pytest.fixture(params=sampled(SCREENS, SCREENS[:1]), ids=lambda screen: str(screen["width"]))
async def context(request: pytest.FixtureRequest, browser: Browser) -> AsyncIterator[BrowserContext]:
    """A fresh visitor who can also reach a page of somebody else's."""
    made = await browser.new_context(viewport=request.param, locale="en-US")
    await made.route(f"{EVIL}/**", lambda route: route.fulfill(content_type="text/html", body="<p>Evil</p>"))
    yield made
    await made.close()


async def open_window(page: Page, address: str) -> Page:
    async with page.expect_popup() as popup:
        await page.evaluate("(address) => void open(address)", address)
    return await popup.value


async def test_the_window_tells_the_page_that_opened_it_and_closes(
    stores: Installation, connection: dict[str, Any], context: BrowserContext
) -> None:
    shopper = stores.shopper()
    address = begin(shopper)
    page = await context.new_page()
    await page.goto(f"{stores.base_url}/demo")
    await page.evaluate(LISTEN)
    await open_window(page, address)
    await page.evaluate("window.heard")
    [[origin, said]] = await page.evaluate("window.told")
    assert origin == stores.base_url
    assert set(said) == {"type", "result"}
    assert said["type"] == "aisle:signed-in"
    assert redeem(shopper, said["result"]).status_code == 200


async def test_a_page_of_somebody_else_is_told_nothing(
    stores: Installation, connection: dict[str, Any], context: BrowserContext
) -> None:
    address = begin(stores.shopper())
    page = await context.new_page()
    await page.goto(f"{EVIL}/")
    await page.evaluate(LISTEN)
    window = await open_window(page, address)
    if not window.is_closed():
        await window.wait_for_event("close")
    assert await page.evaluate("window.told") == []


async def test_without_a_page_that_opened_it_the_window_says_what_to_do(
    stores: Installation, connection: dict[str, Any], context: BrowserContext
) -> None:
    page = await context.new_page()
    await page.goto(begin(stores.shopper()))
    await expect(page.get_by_role("status")).to_contain_text("use the code that is sent by e-mail")
    assert "code=" not in page.url


async def frame_app(stores: Installation, store: Shop, context: BrowserContext, around: str) -> Page:
    """The app's page as Shopify opens it, in a frame of the page `around`."""
    query = callback_query({"shop": store.domain, "timestamp": str(int(time.time()))}, SECRET)
    frame = f'<iframe width="380" height="700" src="{stores.base_url}/integrations/shopify/app?{query}"></iframe>'
    bridge = f"window.shopify = {{ idToken: async () => '{session_token(store.domain, API_KEY, SECRET)}' }};"

    async def show_bridge(route: Route) -> None:
        await route.fulfill(content_type="text/javascript", body=bridge)

    async def show_around(route: Route) -> None:
        await route.fulfill(content_type="text/html", body=frame.replace("&", "&amp;"))

    async def pass_on(route: Route) -> None:
        """A browser lets no page of the internet frame an address of this machine; so it is asked for outside of it."""
        await route.fulfill(response=await route.fetch())

    await context.route(f"{stores.base_url}/integrations/shopify/**", pass_on)
    await context.route("https://cdn.shopify.com/**", show_bridge)
    await context.route(f"{around}/**", show_around)
    page = await context.new_page()
    await page.goto(f"{around}/")
    return page


async def test_the_app_shows_its_store_inside_the_admin(
    stores: Installation, store: Shop, connection: dict[str, Any], context: BrowserContext
) -> None:
    page = await frame_app(stores, store, context, f"https://{store.domain}")
    app = page.frame_locator("iframe")
    await expect(app.get_by_text("Working")).to_be_visible()
    await expect(app.get_by_role("heading", name=store.domain)).to_be_visible()
    await expect(app.get_by_role("link", name="Switch the chat on in your theme")).to_be_visible()
    await expect(app.get_by_role("link", name="Connect this store")).to_have_count(0)


async def test_the_app_leads_a_new_store_to_the_console(
    stores: Installation, store: Shop, context: BrowserContext
) -> None:
    page = await frame_app(stores, store, context, "https://admin.shopify.com")
    link = page.frame_locator("iframe").get_by_role("link", name="Connect this store", exact=True)
    await expect(link).to_have_attribute("href", re.compile(f"/console/stores.*store={re.escape(store.domain)}"))
    await expect(link).to_have_attribute("target", "_blank")


async def test_the_app_is_not_shown_in_a_page_of_somebody_else(
    stores: Installation, store: Shop, context: BrowserContext
) -> None:
    complaints: list[str] = []
    context.on("console", lambda said: complaints.append(said.text))
    page = await frame_app(stores, store, context, "https://admin.evil.test")
    await expect(page.frame_locator("iframe").get_by_text("Aisle")).to_have_count(0)
    assert any("frame-ancestors" in each for each in complaints), complaints
