"""The Store API, which the shop's own pages use: published products for everybody, with prices as they are shown."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from server.embedded.standins.woocommerce.replies import Reply, Request, data, error
from server.embedded.standins.woocommerce.samples import Body
from server.embedded.standins.woocommerce.store import Store

_NO_PRODUCT = error(404, "woocommerce_rest_product_invalid_id", "Invalid product ID.")


def respond(store: Store, request: Request, parts: list[str]) -> Reply:
    """What is said to a request under /wp-json/wc/store/v1/."""
    match parts:
        case ["products"]:
            is_variation = request.query.get("type") == "variation"
            return _products(store, request, _variations(store) if is_variation else list(store.products.values()))
        case ["products", number] if (found := store.find_product(int(number))) and found["status"] == "publish":
            return data(_product(store, found))
    return _NO_PRODUCT


def _products(store: Store, request: Request, bodies: list[Body]) -> Reply:
    """Those of `include`, as far as they are published; sold-out ones are left out where the shop hides them."""
    chosen = {value for name, value in request.query.items() if name.startswith("include")}
    per_page, number = int(request.query.get("per_page", "10")), int(request.query.get("page", "1"))
    shown = [
        each
        for each in bodies
        if each["status"] == "publish"
        and (not chosen or str(each["id"]) in chosen)
        and not (store.hides_sold_out and each["stock_status"] == "outofstock")
    ]
    page = shown[(number - 1) * per_page :][:per_page]
    return data([_product(store, each) for each in page], x_wp_total=str(len(shown)), x_wp_totalpages="1")


def _variations(store: Store) -> list[Body]:
    return [each for inner in store.variations.values() for each in inner.values()]


def _product(store: Store, body: Body) -> dict[str, Any]:
    prices = {name: _shown(store, body[name]) for name in ("price", "regular_price", "sale_price")}
    return {
        "id": body["id"],
        "name": body["name"],
        "on_sale": body["on_sale"],
        "prices": prices | {"currency_code": store.currency, "currency_minor_unit": 2, "price_range": None},
    }


def _shown(store: Store, entered: str) -> str:
    """A price in cents as the shop shows it."""
    if not entered:
        return ""
    factor = 1 + store.tax_rate / 100
    is_with_tax = store.settings["woocommerce_prices_include_tax"] == "yes"
    wants_tax = store.settings["woocommerce_tax_display_shop"] == "incl"
    amount = Decimal(entered)
    if store.settings["woocommerce_calc_taxes"] == "yes" and is_with_tax is not wants_tax:
        amount = amount * factor if wants_tax else amount / factor
    return str((amount * 100).quantize(Decimal(1), ROUND_HALF_UP))
