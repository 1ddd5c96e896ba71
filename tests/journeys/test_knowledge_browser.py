"""The console's pages of knowledge in a browser, phone and desktop: what a merchant uploads, sees and changes."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, expect

from tests.installation import Installation, ShopAccess
from tests.sampling import sampled

AXE = Path(__file__).parents[2] / "widget" / "node_modules" / "axe-core" / "axe.min.js"
SIZES = [{"width": 1280, "height": 900}, {"width": 320, "height": 640}]
NAMES = ["desktop", "phone"]
GOODS = (
    "sku,title,price,description,material\n"
    "LAMP-1,Reading lamp,49.00,A lamp that bends.,Brass\n"
    "LAMP-2,,19.00,Nobody named it.,Tin\n"
    "VASE-1,Tall vase,cheap,It stands.,Glass\n"
    "VASE-2,Round vase,25.50,It rolls.,Glass\n"
)


@pytest.fixture
def shop(installation: Installation) -> ShopAccess:
    """A shop that knows nothing yet."""
    return installation.create_shop("Lamp & Vase", "https://lamp.example")


@pytest.fixture
def signed_in(installation: Installation, shop: ShopAccess) -> Iterator[httpx.Client]:
    """Its owner, signed in."""
    with installation.sign_in(shop) as client:
        yield client


@pytest.fixture(params=sampled(SIZES, SIZES), ids=NAMES)
async def page(
    request: pytest.FixtureRequest, browser: Browser, installation: Installation, signed_in: httpx.Client
) -> AsyncIterator[Page]:
    """A page of the console in which nothing may be said in the browser's own console."""
    context = await browser.new_context(viewport=request.param, base_url=installation.base_url)
    url = installation.base_url
    await context.add_cookies([{"name": name, "value": value, "url": url} for name, value in signed_in.cookies.items()])
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if _is_complaint(said) else None)
    yield page
    await context.close()
    assert complaints == []


def _is_complaint(said: ConsoleMessage) -> bool:
    """All but what the browser itself says of a form that was sent back with status 422."""
    return said.type in ("error", "warning") and "status of 422" not in said.text


async def require_good(page: Page) -> None:
    """Nothing scrolls sideways, and axe finds nothing, in light and in dark."""
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if not AXE.exists():
        return
    await page.evaluate(AXE.read_text())  # past the policy, as a browser's own tools
    schemes: list[Any] = ["light", "dark"]
    for scheme in schemes:
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found = await page.evaluate("axe.run(document, { iframes: false })")
        assert [(each["id"], each["nodes"][0]["target"]) for each in found["violations"]] == []


async def upload(page: Page, name: str, text: str) -> None:
    """Send a catalog file from the page of products."""
    await page.goto("/console/knowledge")
    file: Any = {"name": name, "mimeType": "text/csv", "buffer": text.encode()}
    await page.locator("#catalog-file").set_input_files(file)
    await page.get_by_role("button", name="Upload").click()


async def test_a_catalog_is_uploaded_edited_hidden_and_deleted(
    page: Page, installation: Installation, shop: ShopAccess
) -> None:
    await page.goto("/console/knowledge")
    await expect(page.get_by_text("No products yet.")).to_be_visible()
    await require_good(page)
    await upload(page, "goods.csv", GOODS)
    await expect(page.get_by_text("2 did not go in")).to_be_visible(timeout=60_000)
    rows = page.locator("#job tbody tr")
    await expect(rows.nth(0)).to_contain_text("Row 3")
    await expect(rows.nth(0)).to_contain_text("has no title")
    await expect(rows.nth(1)).to_contain_text("Row 4")
    await require_good(page)

    await page.get_by_role("link", name="See the products").click()
    await page.get_by_placeholder("Title, id, brand or part number").fill("lamp")
    await page.get_by_role("button", name="Show", exact=True).click()
    await expect(page.locator(".row.item")).to_have_count(1)
    await require_good(page)
    await page.get_by_role("link", name="Reading lamp").click()
    await expect(page.locator(".units")).to_contain_text("Brass")
    await page.get_by_label("Price in USD").fill("many")
    await page.get_by_role("button", name="Save").press("Enter")
    await expect(page.locator("#problems")).to_be_focused()
    await require_good(page)
    await page.get_by_label("Price in USD").fill("52.50")
    await page.get_by_role("button", name="Save").press("Enter")
    await expect(page.get_by_text("Saved. Answers use it from now on.")).to_be_visible()
    shown = installation.shopper(shop).ask("How much is the reading lamp?").text
    assert "52.50" in shown

    await page.get_by_role("button", name="Hide").click()
    await expect(page.get_by_text("1 product is hidden.")).to_be_visible()
    assert "52.50" not in installation.shopper(shop).ask("How much is the reading lamp?").text
    page.on("dialog", lambda dialog: dialog.accept())
    await page.get_by_label("Choose Round vase").check()
    await page.get_by_role("button", name="Delete").click()
    await expect(page.get_by_text("1 product is deleted.")).to_be_visible()
    await expect(page.locator(".row.item")).to_have_count(1)
