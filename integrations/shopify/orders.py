"""Orders as they are now, for a shopper who waits. Nothing is kept.

With `read_orders` alone Shopify shows the last 60 days; an older order then looks like one that does not exist.
"""

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from integrations.platform import Order, normalise_order_number
from integrations.shopify import order_queries
from integrations.shopify.client import SHOPPER, AccessDenied, AdminApi
from integrations.shopify.order_mapping import to_order

MAX_NUMBER_LENGTH = 40
MAX_LISTED = 10
NO_ORDER = "gid://shopify/Order/0"
"""Asked for where no order has the number: in as many requests as for one that is there, so that a slow store does not
tell the two apart by time."""
ASK_AGAIN_S = 600.0
"""How long a refusal of personal or planning data is remembered, so that not every shopper waits for it anew."""
_DEMANDS = (
    {"personal": True, "planned": True},
    {"personal": True, "planned": False},
    {"personal": False, "planned": False},
)
_WHOLE = {"lines": 50, "parcels": 10, "parcelLines": 10, "refunds": 5, "plans": 10}
_LISTED = {"lines": 10, "parcels": 3, "parcelLines": 1, "refunds": 2, "plans": 1}
"""Sizes of connections: one order in full, or each of up to MAX_LISTED, within what one document may cost."""


class Orders:
    """Look-ups in one shop. `clock` counts seconds."""

    def __init__(self, api: AdminApi, clock: Callable[[], float] = time.monotonic) -> None:
        self._api, self._clock = api, clock
        self._demand, self._denied_at = 0, 0.0

    async def find(self, number: str) -> Order | None:
        """The order with exactly this number; a search hit alone proves nothing. Its e-mail is None when Shopify has
        not approved this app for customer data."""
        wanted = normalise_order_number(number)
        if not wanted or len(number) > MAX_NUMBER_LENGTH:
            return None
        data = await self._api.query(order_queries.ORDER_NAMES, {"search": name_search(number)}, SHOPPER)
        exact = [node for node in data["orders"]["nodes"] if normalise_order_number(node["name"]) == wanted]
        found = await self._ask(order_queries.ORDER, {"id": exact[0]["id"] if exact else NO_ORDER, **_WHOLE})
        return to_order(found["order"]) if exact and found["order"] else None

    async def of_customer(self, customer_id: str, limit: int) -> list[Order]:
        """The newest orders of a customer by their number, at most MAX_LISTED; none for what is no number. Raises
        AccessDenied when Shopify does not tell whose orders they are: the search's word is not enough."""
        if not (customer_id.isascii() and customer_id.isdigit()) or limit < 1:
            return []
        variables = {"search": f"customer_id:{customer_id}", "first": min(limit, MAX_LISTED), **_LISTED}
        data = await self._ask(order_queries.CUSTOMER_ORDERS, variables)
        orders = [to_order(node) for node in data["orders"]["nodes"]]
        if any(order.customer_id is None for order in orders):
            raise AccessDenied("Shopify does not grant this app the customers of orders")
        return [order for order in orders if order.customer_id == customer_id]

    async def _ask(self, document: str, variables: Mapping[str, object]) -> dict[str, Any]:
        """With all that may be asked for; less when this install was not granted it."""
        if self._clock() - self._denied_at > ASK_AGAIN_S:
            self._demand = 0
        while True:
            demand = self._demand
            try:
                return await self._api.query(document, {**variables, **_DEMANDS[demand]}, SHOPPER)
            except AccessDenied:
                if demand + 1 == len(_DEMANDS):
                    raise
                self._demand, self._denied_at = demand + 1, self._clock()


def name_search(number: str) -> str:
    """A search term for Shopify's own language. Only letters, digits and the signs of order numbers get through, and
    those in quotes: nothing a shopper types can become an operator.

    The longest run of digits is looked for as well: who types EN2044DE may mean the order EN-2044/DE.
    """
    written = "".join(each for each in number if each.isalnum() or each in "#-_./ ").strip()
    bare = normalise_order_number(number)
    digits = max(re.findall(r"[0-9]+", bare), key=len, default="")
    terms = dict.fromkeys(each for each in (written, bare, f"#{bare}", digits) if each)
    return " OR ".join(f'name:"{term}"' for term in terms)
