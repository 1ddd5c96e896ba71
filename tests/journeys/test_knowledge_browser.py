"""The console's pages of knowledge in a browser, phone and desktop: what a merchant uploads, sees and changes."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
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
    warnings = page.get_by_role("list", name="Before you import")
    await expect(warnings).to_contain_text("2 of 4 rows cannot be read")
    await expect(warnings).to_contain_text("taken as USD")
    await expect(page.get_by_role("cell", name="Reading lamp")).to_be_visible()
    await require_good(page)
    await page.get_by_role("button", name="Import").press("Enter")
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


def forty_files() -> list[Any]:
    """Forty files of several kinds, three of them broken."""
    files: list[Any] = []
    for number in range(37):
        kind, body = [
            ("md", f"# Guide {number}\n\nGuide {number} says that the code is G{number}."),
            ("txt", f"Note {number}\n\nNote {number} is about lamps."),
            ("html", f"<h1>Page {number}</h1><p>Page {number} is about vases.</p>"),
            ("csv", f"question,answer\nWhat is {number}?,It is number {number} of our lamps."),
            ("json", f'[{{"title": "Entry {number}", "body": "Entry {number} has its own words about lamps."}}]'),
        ][number % 5]
        files.append({"name": f"file-{number:02}.{kind}", "mimeType": "text/plain", "buffer": body.encode()})
    broken = {"broken.pdf": b"%PDF-1.4 nothing follows", "broken.docx": b"PK\x03\x04 cut off", "odd.bin": bytes(500)}
    for name, data in broken.items():
        files.insert(11, {"name": name, "mimeType": "application/octet-stream", "buffer": data})
    return files


async def test_forty_files_three_of_them_broken(page: Page, installation: Installation, shop: ShopAccess) -> None:
    await page.goto("/console/knowledge/documents")
    await expect(page.get_by_text("No documents yet.")).to_be_visible()
    await require_good(page)
    await page.locator("#files").set_input_files(forty_files())
    await page.get_by_role("button", name="Upload").click()
    await page.wait_for_url("**/uploads/*", timeout=60_000)
    await expect(page.get_by_text("37 of 40 files went in.")).to_be_visible(timeout=120_000)
    for name in ("broken.pdf", "broken.docx", "odd.bin"):
        await expect(page.get_by_role("row", name=name)).to_be_visible()
    await require_good(page)
    await page.get_by_role("link", name="See the documents").click()
    await page.get_by_placeholder("Title, name or address").fill("guide 10")
    await page.get_by_role("button", name="Show", exact=True).click()
    await page.get_by_role("link", name="Guide 10").click()
    await expect(page.locator(".sections")).to_contain_text("the code is G10")
    await require_good(page)
    await page.get_by_label("Text", exact=True).fill("# Codes\n\nThe code of guide ten is Z77.")
    await page.get_by_role("button", name="Save").press("Enter")
    await expect(page.locator(".sections")).to_contain_text("Z77")
    with installation.merchant(shop) as merchant:
        hits = merchant.post("/v1/search", json={"query": "code of guide ten", "kinds": ["document"]}).json()["hits"]
    assert "Z77" in hits[0]["text"]


async def test_files_are_dropped_and_a_text_is_pasted(page: Page) -> None:
    await page.goto("/console/knowledge/documents")
    await page.evaluate(
        """() => {
          const data = new DataTransfer();
          data.items.add(new File(["# Care\\n\\nDust the lamps weekly."], "care.md", { type: "text/markdown" }));
          document.querySelector("[data-upload]").dispatchEvent(new DragEvent("drop", { dataTransfer: data }));
        }"""
    )
    await expect(page.get_by_text("1 of 1 file went in.")).to_be_visible(timeout=60_000)
    await page.goto("/console/knowledge/documents")
    await page.get_by_text("Write or paste a text").click()
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(page.get_by_text("1 to 500 characters.")).to_be_visible()
    await page.get_by_label("Title").fill("Delivery")
    await page.get_by_label("Text", exact=True).fill("Delivery takes three days.")
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(page.get_by_text("Saved. Answers use it from now on.")).to_be_visible()


async def test_a_question_is_tried_and_leaves_no_trace(
    page: Page, installation: Installation, shop: ShopAccess
) -> None:
    with installation.merchant(shop) as merchant:
        policy = {"id": "returns", "title": "Returns", "content": "You may return a lamp within 21 days of delivery."}
        merchant.post("/v1/documents", json=policy).raise_for_status()
        before = merchant.get("/v1/usage").json()
        await page.goto("/console/knowledge/try")
        await require_good(page)
        await page.get_by_role("textbox", name="Question").fill("How long may I return a lamp?")
        await page.get_by_role("button", name="Ask").press("Enter")
        await expect(page.locator("#answer")).to_contain_text("21 days")
        cited = page.locator(".compared .cited")
        await expect(cited.first).to_contain_text("within 21 days")
        await expect(cited.first).to_contain_text("score")
        await require_good(page)
        for question in ("Where is order 1001? maya@example.com", "I want to talk to a person, me@example.com"):
            await page.get_by_role("textbox", name="Question").fill(question)
            await page.get_by_role("button", name="Ask").click()
            await expect(page.locator("#answer")).to_be_visible()
        await page.get_by_role("textbox", name="Question").fill("Do you repair violins?")
        await page.get_by_role("button", name="Ask").click()
        await expect(page.locator(".notice[role=status]")).to_contain_text("does not know")
        assert merchant.get("/v1/conversations").json()["data"] == []
        assert merchant.get("/v1/usage").json() == before
    connection = await asyncpg.connect(installation.owner_url)
    for table in ("conversation", "message", "turn", "job"):
        count = await connection.fetchval(f"SELECT count(*) FROM {table} WHERE shop_id = $1", UUID(shop.shop_id))
        assert count == 0, table
    await connection.close()


async def test_settings_are_changed_by_keyboard(page: Page, installation: Installation, shop: ShopAccess) -> None:
    await page.goto("/console/settings")
    await page.get_by_label("Name", exact=True).fill("Lampe & Vase")
    await page.get_by_label("Language of your texts").select_option("de")
    await page.get_by_label("Currency").select_option("EUR")
    await page.get_by_label("E-mail", exact=True).fill("nobody")
    await page.get_by_role("button", name="Save").press("Enter")
    await expect(page.locator("#problems")).to_be_focused()
    await require_good(page)
    await page.locator("#problems a").press("Enter")
    await page.get_by_label("E-mail", exact=True).fill("hilfe@lampe.example")
    await page.get_by_role("button", name="Save").press("Enter")
    await expect(page.get_by_text("Saved.")).to_be_visible()
    await require_good(page)
    with installation.merchant(shop) as merchant:
        view = merchant.get("/v1/shop").json()
    assert (view["name"], view["locale"], view["currency"]) == ("Lampe & Vase", "de", "EUR")
    assert view["contact"] == {"email": "hilfe@lampe.example"}


async def test_odd_columns_are_mapped_before_anything_is_written(
    page: Page, installation: Installation, shop: ShopAccess
) -> None:
    rows = "".join(f"K-{number};Lampe {number};1990;Messing\n" for number in range(12))
    await upload(page, "lager.csv", "Kennung;Was;Betrag;Stoff\n" + rows)
    await expect(page.get_by_text("No column was recognised as the id")).to_be_visible()
    await expect(page.get_by_role("button", name="Import")).to_be_disabled()
    await require_good(page)
    await page.get_by_label("Kennung").select_option("id")
    await page.get_by_label("Was").select_option("title")
    await page.get_by_label("Betrag").select_option("price/100")
    await page.get_by_role("button", name="Look again").press("Enter")
    await expect(page.get_by_role("cell", name="$19.90").first).to_be_visible()
    await require_good(page)
    await page.get_by_role("button", name="Import").press("Enter")
    await expect(page.get_by_text("Everything went in.")).to_be_visible(timeout=60_000)
    with installation.merchant(shop) as merchant:
        product = merchant.get("/v1/products/K-3").json()
    assert (product["title"], product["price"]) == ("Lampe 3", {"amount": 1990, "currency": "USD"})
    assert product["attributes"] == {"Stoff": "Messing"}


async def test_the_setup_says_what_is_missing_and_visits_the_page(page: Page) -> None:
    await page.goto("/console/setup")
    await expect(page.get_by_role("heading", name="5 steps left")).to_be_visible()
    await require_good(page)
    await page.get_by_label("Page to check").fill("127.0.0.1")
    await page.get_by_role("button", name="Check", exact=True).press("Enter")
    await expect(page.locator("#check-result")).to_contain_text("127.0.0.1 is not a public address")
    await require_good(page)
    await page.get_by_role("link", name="Policies and help").click()
    await expect(page.get_by_role("heading", name="Knowledge")).to_be_visible()
