"""The part of Shopify's search language that is spoken here; anything else is an error, so that a test sees it."""

import re
from typing import Any

from graphql import GraphQLError

_NAME = re.compile(r'name:"([^"\\:]*)"')
_NAMES = re.compile(rf"{_NAME.pattern}(?: OR {_NAME.pattern})*")


def match_products(query: str | None, products: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """By `status:active` or `updated_at:>='...'`."""
    if not query:
        return products
    if query == "status:active":
        return [each for each in products if each["status"] == "ACTIVE"]
    if since := re.fullmatch(r"updated_at:>='([0-9TZ:\-]+)'", query):
        return [each for each in products if each["updatedAt"] >= since[1]]
    raise GraphQLError(f"not spoken here: {query}")


def match_orders(query: str, orders: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """By `customer_id:N`, or names that contain a term: more than the exact one, as the real search answers."""
    if customer := re.fullmatch(r"customer_id:([0-9]+)", query):
        return [each for each in orders if (_customer(each) or {}).get("legacyResourceId") == customer[1]]
    if not _NAMES.fullmatch(query):
        raise GraphQLError(f"not spoken here: {query}")
    wanted = [term.strip("# ").lower() for term in _NAME.findall(query)]
    return [each for each in orders if any(term in each["name"].lower() for term in wanted)]


def _customer(order: dict[str, Any]) -> dict[str, Any] | None:
    found: dict[str, Any] | None = order["customer"].value
    return found
