"""Shopify's webhooks: verifying one, which shop it is for, and what may have changed. Pure."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from integrations.platform import (
    CatalogChanged,
    Disconnected,
    ErasureRequested,
    ExportRequested,
    NamedPerson,
    OrderChanged,
    PlatformChange,
    PoliciesChanged,
    ShopErasureRequested,
)
from integrations.shopify.auth import find_shop_domain

_PRODUCT_FIELDS = ("id", "updated_at")
_ORDER_FIELDS = ("id", "name", "updated_at")
TOPIC_FIELDS: dict[str, tuple[str, ...]] = {
    "APP_UNINSTALLED": (),
    "COLLECTIONS_CREATE": ("id",),
    "COLLECTIONS_DELETE": (),
    "COLLECTIONS_UPDATE": ("id", "updated_at"),
    "FULFILLMENTS_CREATE": ("id", "order_id"),
    "FULFILLMENTS_UPDATE": ("id", "order_id", "updated_at"),
    "INVENTORY_LEVELS_UPDATE": ("inventory_item_id", "updated_at"),
    "ORDERS_CANCELLED": _ORDER_FIELDS,
    "ORDERS_CREATE": _ORDER_FIELDS,
    "ORDERS_DELETE": (),
    "ORDERS_UPDATED": _ORDER_FIELDS,
    "PRODUCTS_CREATE": _PRODUCT_FIELDS,
    "PRODUCTS_DELETE": (),
    "PRODUCTS_UPDATE": _PRODUCT_FIELDS,
    "REFUNDS_CREATE": ("id", "order_id"),
    "SHOP_UPDATE": ("id", "updated_at"),
}
"""The topics that we subscribe to by API, and for each the fields that Shopify sends: all of its few ones for an empty
tuple. What is not sent cannot leak, and new values are always read from the API. `updated_at` distinguishes a second
change from a repeated delivery."""

COMPLIANCE = ("customers/data_request", "customers/redact", "shop/redact")
"""Set in the app's configuration file; there is no API to subscribe to them."""


def verify(raw_body: bytes, signature: str, secrets: Sequence[str]) -> bool:
    """Whether one of the app's secrets signed exactly these bytes. It proves Shopify, not the shop.

    The same secret signs the addresses that Shopify sends browsers to, as `key=value` pairs in order; `shop` and
    `timestamp` are among them, so that such a text never begins as every webhook's body does.
    """
    if not raw_body.startswith(b"{"):
        return False
    digests = (hmac.new(secret.encode(), raw_body, hashlib.sha256).digest() for secret in secrets)
    given = signature.strip().encode("utf-8", "replace")
    return any(hmac.compare_digest(base64.b64encode(digest), given) for digest in digests)


def signature_of(headers: Mapping[str, str]) -> str:
    """The signature, "" when there is none."""
    return _header(headers, "hmac-sha256")


def topic_of(headers: Mapping[str, str]) -> str:
    """As `orders/updated`, "" when there is none."""
    return _header(headers, "topic").lower()


def shop_domain(headers: Mapping[str, str]) -> str | None:
    """The shop that the delivery names; None for none."""
    return find_shop_domain(_header(headers, "shop-domain"))


def delivery_id(headers: Mapping[str, str]) -> str | None:
    """The same for every attempt at one delivery."""
    return _header(headers, "webhook-id") or None


def is_of_shop(topic: str, body: bytes, domain: str | None) -> bool:
    """Whether a compliance request names the shop that the header names: the header is not signed, the body is."""
    if topic.lower() not in COMPLIANCE:
        return True
    try:
        fields = msgspec.json.decode(body or b"{}")
    except (msgspec.DecodeError, RecursionError):
        return False
    return isinstance(fields, dict) and domain is not None and fields.get("shop_domain") == domain


def read_change(topic: str, body: bytes) -> PlatformChange | None:
    """What a verified delivery means; None for topics that mean nothing to us and for bodies that cannot be read."""
    reader = _READERS.get(topic.lower())
    if reader is None:
        return None
    try:
        fields = msgspec.json.decode(body or b"{}")
    except (msgspec.DecodeError, RecursionError):
        return None
    return reader(fields) if isinstance(fields, dict) else None


def _header(headers: Mapping[str, str], name: str) -> str:
    """Classic deliveries say X-Shopify-Topic, newer ones shopify-topic."""
    wanted = (f"x-shopify-{name}", f"shopify-{name}")
    return next((value for key, value in headers.items() if key.lower() in wanted), "")


def _number(fields: Mapping[str, object], name: str) -> str | None:
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value).rpartition("/")[2]
    return text if text.isascii() and text.isdigit() else None


def _product(fields: Mapping[str, object]) -> PlatformChange:
    return CatalogChanged(_number(fields, "id"))


def _stock(fields: Mapping[str, object]) -> PlatformChange:
    number = _number(fields, "inventory_item_id")
    return CatalogChanged(f"gid://shopify/InventoryItem/{number}" if number else None)


def _collection(_: Mapping[str, object]) -> PlatformChange:
    return CatalogChanged()


def _order(fields: Mapping[str, object]) -> PlatformChange:
    name = fields.get("name")
    return OrderChanged(name if isinstance(name, str) and name else None)


def _some_order(_: Mapping[str, object]) -> PlatformChange:
    """Fulfilments and refunds name their order by an id that is not its number."""
    return OrderChanged()


def _shop(_: Mapping[str, object]) -> PlatformChange:
    return PoliciesChanged()


def _uninstalled(_: Mapping[str, object]) -> PlatformChange:
    return Disconnected()


def _export(fields: Mapping[str, object]) -> PlatformChange | None:
    request, person = fields.get("data_request"), _person(fields)
    if person is None:
        return None
    return ExportRequested(person, _number(request, "id") if isinstance(request, dict) else None)


def _erasure(fields: Mapping[str, object]) -> PlatformChange | None:
    person = _person(fields)
    return ErasureRequested(person) if person else None


def _shop_erasure(_: Mapping[str, object]) -> PlatformChange:
    return ShopErasureRequested()


def _person(fields: Mapping[str, object]) -> NamedPerson | None:
    """The person of a request; None where nobody is named. Its orders are named by ids, which are not order numbers."""
    customer = fields.get("customer")
    named = customer if isinstance(customer, dict) else {}
    number, email = _number(named, "id"), str(named["email"]) if named.get("email") else None
    if not (number or email):
        return None
    return NamedPerson(customer_id=number, email=email, phone=str(named["phone"]) if named.get("phone") else None)


_READERS: dict[str, Callable[[Mapping[str, Any]], PlatformChange | None]] = {
    "app/uninstalled": _uninstalled,
    "collections/create": _collection,
    "collections/delete": _collection,
    "collections/update": _collection,
    "customers/data_request": _export,
    "customers/redact": _erasure,
    "fulfillments/create": _some_order,
    "fulfillments/update": _some_order,
    "inventory_levels/update": _stock,
    "orders/cancelled": _order,
    "orders/create": _order,
    "orders/delete": _order,
    "orders/updated": _order,
    "products/create": _product,
    "products/delete": _product,
    "products/update": _product,
    "refunds/create": _some_order,
    "shop/redact": _shop_erasure,
    "shop/update": _shop,
}
