"""The cart scripts of the Shopify embed and of the WordPress plugin, each on a page of its kind."""

import json
import pathlib
from typing import Any

import pytest
from conftest import Shop
from playwright.async_api import Route

ROOT = pathlib.Path(__file__).parents[2]
SHOPIFY = (ROOT / "integrations/shopify/extension/assets/aisle-cart.js").read_text()
WOO = (ROOT / "integrations/woocommerce/plugin/aisle-for-woocommerce/assets/cart.js").read_text()
HEADER = '<div id="shopify-section-header"><a id="cart-icon-bubble"><b>{}</b></a><i>menu</i></div>'


class Till:
    """Answers the shop's cart addresses and keeps what was asked of them."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.answers: list[tuple[int, str, dict[str, str]]] = []

    async def answer(self, route: Route) -> None:
        request = route.request
        body = request.post_data
        headers = await request.all_headers()
        said = {"method": request.method, "url": request.url.split("/", 3)[3], "nonce": headers.get("nonce")}
        self.asked.append(said | {"body": json.loads(body) if body else None})
        status, text, more = self.answers.pop(0)
        await route.fulfill(status=status, body=text, headers={"Content-Type": "text/html"} | more)


@pytest.fixture
async def till(shop: Shop) -> Till:
    """A shop's page with nothing of Aisle on it but the queue, and the till behind it."""
    made = Till()
    for address in ("**/cart/add.js", "**/wc/store/**", "**/?add-to-cart=*"):
        await shop.page.route(address, made.answer)
    await shop.page.goto(f"http://127.0.0.1:{shop.port}/pages/cart")
    return made


async def bought(shop: Shop, product_id: str, variant_id: str | None) -> object:
    """What the script's listener says to one line of two pieces."""
    line = {"product_id": product_id, "variant_id": variant_id, "quantity": 2}
    listen = "async (line) => Aisle[0][2](line).catch((error) => `error: ${error.message}`)"
    return await shop.page.evaluate(listen, line)


async def on_shopify(shop: Shop) -> None:
    """Makes the page a theme's."""
    await shop.page.evaluate("html => document.body.insertAdjacentHTML('beforeend', html)", HEADER.format(0))
    await shop.page.add_script_tag(content=SHOPIFY)


async def on_woo(shop: Shop) -> None:
    """Makes the page WooCommerce's; the script finds its addresses in its own tag."""
    await shop.page.evaluate(
        """script => {
          window.refreshed = 0;
          document.body.addEventListener("wc-blocks_added_to_cart", () => refreshed++);
          const tag = document.createElement("script");
          tag.setAttribute("data-aisle-store", "/wp-json/wc/store/v1/cart");
          tag.setAttribute("data-aisle-home", "/");
          tag.textContent = script;
          document.body.append(tag);
        }""",
        WOO,
    )


async def test_shopify_takes_the_variant_and_shows_the_new_count(shop: Shop, till: Till) -> None:
    await on_shopify(shop)
    till.answers = [(200, json.dumps({"items": [], "sections": {"header": HEADER.format(2)}}), {})]
    assert await bought(shop, "7", "4400") is True
    assert till.asked[0]["url"] == "cart/add.js"
    assert till.asked[0]["body"] == {
        "items": [{"id": 4400, "quantity": 2}],
        "sections": ["header"],
        "sections_url": "/pages/cart",
    }
    assert await shop.page.inner_text("#cart-icon-bubble") == "2"
    assert await shop.page.inner_text("#shopify-section-header i") == "menu"


async def test_shopifys_own_words_say_why_not(shop: Shop, till: Till) -> None:
    await on_shopify(shop)
    till.answers = [(422, json.dumps({"status": 422, "description": "Only 1 left"}), {})]
    assert await bought(shop, "7", "4400") == "error: Only 1 left"
    assert await bought(shop, "7", None) is False
    assert len(till.asked) == 1


async def test_woo_takes_a_variation_by_the_store_api_with_a_fresh_nonce(shop: Shop, till: Till) -> None:
    await on_woo(shop)
    till.answers = [(200, "{}", {"Nonce": "n1"}), (201, "{}", {})]
    assert await bought(shop, "7", "71") is True
    assert [(each["method"], each["url"], each["nonce"]) for each in till.asked] == [
        ("GET", "wp-json/wc/store/v1/cart", None),
        ("POST", "wp-json/wc/store/v1/cart/add-item", "n1"),
    ]
    assert till.asked[1]["body"] == {"id": 71, "quantity": 2}
    assert await shop.page.evaluate("refreshed") == 1


async def test_woos_own_words_say_why_not(shop: Shop, till: Till) -> None:
    await on_woo(shop)
    till.answers = [(200, "{}", {"Nonce": "n1"}), (400, json.dumps({"message": "Out of stock"}), {})]
    assert await bought(shop, "7", None) == "error: Out of stock"
    assert await shop.page.evaluate("refreshed") == 0


@pytest.mark.parametrize(
    ("page", "worked"), [("<p>Added</p>", True), ('<ul class="woocommerce-error"><li>Sold out</li></ul>', False)]
)
async def test_where_the_store_api_is_shut_woos_address_does(shop: Shop, till: Till, page: str, worked: bool) -> None:
    await on_woo(shop)
    till.answers = [(404, "", {}), (200, page, {})]
    assert await bought(shop, "7", None) is worked
    assert till.asked[1]["url"] == "?add-to-cart=7&quantity=2"
