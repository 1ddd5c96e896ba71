"""The REST API: `/wp-json/wc/v3` for whoever has keys, `/wp-json` and `/wp-json/wp/v2` for everybody."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec

from server.embedded.standins.woocommerce import hooks, store_api
from server.embedded.standins.woocommerce.access import refusal
from server.embedded.standins.woocommerce.replies import Reply, Request, data, error, page
from server.embedded.standins.woocommerce.samples import Body
from server.embedded.standins.woocommerce.store import Store, Webhook

NOT_ANY = frozenset({"trash", "auto-draft", "checkout-draft"})
_PRODUCT_STATUSES = frozenset({"any", "future", "trash", "draft", "pending", "private", "publish"})
_NO_ROUTE = error(404, "rest_no_route", "No route was found matching the URL and request method.")
_NO_PRODUCT = error(404, "woocommerce_rest_product_invalid_id", "Invalid ID.")
_NO_ORDER = error(404, "woocommerce_rest_shop_order_invalid_id", "Invalid ID.")


async def respond(store: Store, request: Request) -> Reply:
    """What the shop says to a request under /wp-json/."""
    route = request.path.removeprefix("/wp-json").strip("/")
    if store.is_rest_closed_to_guests and not route.startswith("wc/v3"):
        return error(401, "rest_login_required", "REST API restricted to authenticated users.")
    if route.startswith("wc/store/v1/"):
        return store_api.respond(store, request, route.removeprefix("wc/store/v1/").split("/"))
    if route.startswith("wc/"):
        return refusal(store, request) or await _keyed(store, request, route.removeprefix("wc/v3/").split("/"))
    match route.split("/"):
        case [""]:
            index = {"name": store.name, "url": store.url, "home": store.url}
            return data(index | {"namespaces": ["oembed/1.0", "wc/v3", "wc/store/v1", "wp/v2"]})
        case ["wp", "v2", "pages"]:
            return _listing(store, request, [each for each in store.pages.values() if each["status"] == "publish"])
    return _NO_ROUTE


async def _keyed(store: Store, request: Request, parts: list[str]) -> Reply:
    match parts:
        case ["products"]:
            return _products(store, request)
        case ["products", number]:
            found = store.find_product(int(number))
            return data(found) if found else _NO_PRODUCT
        case ["products", number, "variations"]:
            inner = store.variations.get(int(number), {})
            return _listing(store, request, inner.values()) if int(number) in store.products else _NO_PRODUCT
        case ["variations"] if store.has_variations_list:
            return _listing(store, request, _dated(store, request, _all_variations(store)))
        case ["orders"]:
            return _orders(store, request)
        case ["orders", number, *rest]:
            return _order(store, request, int(number), rest)
        case ["reports", "orders", "totals"]:
            counted = Counter(each["status"] for each in store.orders.values())
            names = store.order_statuses.items()
            return data([{"slug": slug, "name": name, "total": counted[slug]} for slug, name in names])
        case ["webhooks", *rest]:
            return await _webhooks(store, request, rest)
        case ["data", "currencies", "current"]:
            return data({"code": store.currency, "name": "United States (US) dollar", "symbol": "&#36;"})
        case ["settings", "tax"]:
            return data([{"id": name, "value": store.settings[name]} for name in TAX_SETTINGS])
        case ["settings", "advanced" | "general", name] if name in store.settings:
            return data({"id": name, "value": store.settings[name]})
    return _NO_ROUTE


TAX_SETTINGS = (
    "woocommerce_prices_include_tax",
    "woocommerce_tax_display_shop",
    "woocommerce_price_display_suffix",
)


def _all_variations(store: Store) -> list[Body]:
    return [each for inner in store.variations.values() for each in inner.values()]


def _products(store: Store, request: Request) -> Reply:
    status = request.query.get("status", "any")
    if status not in _PRODUCT_STATUSES:
        return error(400, "rest_invalid_param", "Invalid parameter(s): status")
    return _listing(store, request, _dated(store, request, _of_status(store.products.values(), status)))


def _orders(store: Store, request: Request) -> Reply:
    found = _of_status(store.orders.values(), request.query.get("status", "any"))
    if search := request.query.get("search", "").lower():
        found = [each for each in found if search in _searched(each).lower()]
    customer = request.query.get("customer", "0")
    if customer != "0":  # as WordPress reads it, 0 is no filter
        found = [each for each in found if str(each["customer_id"]) == customer]
    return _listing(store, request, _dated(store, request, found))


def _searched(order: Body) -> str:
    billing = order["billing"]
    numbers = [str(each["value"]) for each in order["meta_data"] if each["key"] == "_order_number"]
    return " ".join([str(order["id"]), order["number"], *map(str, billing.values()), *numbers])


def _order(store: Store, request: Request, number: int, rest: list[str]) -> Reply:
    order = store.orders.get(number)
    if order is None:
        return _NO_ORDER
    match rest:
        case []:
            return data(order)
        case ["refunds"]:
            return _listing(store, request, store.refunds.get(number, []))
        case ["notes"]:
            wanted = {"customer": True, "internal": False}.get(request.query.get("type", "any"))
            notes = store.notes.get(number, [])
            return data([each for each in notes if wanted is None or each["customer_note"] is wanted])
        case ["fulfillments"] if store.has_fulfillments:
            return data(store.fulfillments.get(number, []))
    return _NO_ROUTE


async def _webhooks(store: Store, request: Request, rest: list[str]) -> Reply:
    match request.method, rest:
        case "GET", []:
            return _listing(store, request, [_webhook_body(each) for each in store.webhooks.values()])
        case "POST", []:
            return await _make_webhook(store, msgspec.json.decode(request.body))
        case method, [number] if int(number) in store.webhooks:
            webhook = store.webhooks[int(number)]
            if method == "DELETE":
                del store.webhooks[webhook.id]
            elif method in ("PUT", "POST"):
                webhook.status = msgspec.json.decode(request.body).get("status", webhook.status)
            return data(_webhook_body(webhook))
    return error(404, "woocommerce_rest_shop_webhook_invalid_id", "Invalid ID.")


async def _make_webhook(store: Store, given: dict[str, Any]) -> Reply:
    topic, url = str(given.get("topic", "")), str(given.get("delivery_url", ""))
    if topic not in hooks.TOPICS and not re.fullmatch(r"action\.\w+", topic):
        return error(400, "woocommerce_rest_shop_webhook_invalid_topic", "Webhook topic is required and must be valid.")
    if not url.startswith(("http://", "https://")):
        return error(400, "woocommerce_rest_shop_webhook_invalid_delivery_url", "Webhook delivery URL must be valid.")
    webhook = Webhook(store.new_id(), str(given.get("name", "")), topic, url, str(given.get("secret", "")))
    store.webhooks[webhook.id] = webhook
    await hooks.ping(webhook)
    return data(_webhook_body(webhook), 201)


def _webhook_body(webhook: Webhook) -> Body:
    resource, _, event = webhook.topic.partition(".")
    body = msgspec.structs.asdict(webhook) | {"resource": resource, "event": event}
    return {name: value for name, value in body.items() if name not in ("secret", "failure_count")}


def _of_status(bodies: Iterable[Body], status: str) -> list[Body]:
    return [each for each in bodies if (each["status"] not in NOT_ANY if status == "any" else each["status"] == status)]


def _dated(store: Store, request: Request, bodies: list[Body]) -> list[Body]:
    after = request.query.get("modified_after")
    if not after:
        return bodies
    field = "date_modified_gmt" if request.query.get("dates_are_gmt") == "true" else "date_modified"
    return [each for each in bodies if each[field] > after]


def _listing(store: Store, request: Request, bodies: Iterable[Body]) -> Reply:
    query = request.query
    per_page, number = int(query.get("per_page", "10")), int(query.get("page", "1"))
    if not 1 <= per_page <= 100:
        return error(400, "rest_invalid_param", "Invalid parameter(s): per_page")
    per_page = min(per_page, store.most_per_page)
    chosen = {value for name, value in query.items() if name.startswith("include[")}
    found = [each for each in bodies if not chosen or str(each["id"]) in chosen]
    # by date is by id here: later ones have higher ids
    found.sort(key=lambda each: each["id"], reverse=query.get("order", "desc") == "desc")
    start = (number - 1) * per_page
    fields = query.get("_fields", "").split(",") if query.get("_fields") else None
    shown = [
        {name: each[name] for name in fields if name in each} if fields else each for each in found[start:][:per_page]
    ]
    pages = -(-len(found) // per_page)
    is_last = number >= pages
    link = '<https://api.w.org/>; rel="https://api.w.org/"' if is_last else f'<?page={number + 1}>; rel="next"'
    if not store.sends_paging_headers:
        return data(shown)
    return data(shown, x_wp_total=str(len(found)), x_wp_totalpages=str(pages), link=link)


def plain_permalinks(request: Request) -> Reply:
    """What a shop with plain permalinks says to /wp-json, and WooCommerce to `?rest_route=`."""
    if "rest_route" in request.query:
        return error(401, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources.")
    return page(404, "<!DOCTYPE html><title>Page not found</title>")
