"""Finding orders. A search hit proves nothing, so numbers are compared; and an id need not be a number."""

import asyncio
import re
import time
from collections.abc import Callable
from typing import Any

from integrations.platform import Order, OrderStatus, PlatformUnavailable, normalise_order_number
from integrations.woocommerce.catalog import MAX_ID_DIGITS
from integrations.woocommerce.client import NO_ROUTE, Declined, WooClient
from integrations.woocommerce.order_mapping import Details, is_placed, to_order
from integrations.woocommerce.statuses import meaning
from integrations.woocommerce.tracking import plugin_shipments
from integrations.woocommerce.values import line, record, rows, whole

MAX_SEARCH_PAGES = 10
"""Of 100 hits: the search looks into names and addresses too. Beyond them we say that we cannot tell, not "none"."""

FEATURE_KNOWN_S = 600.0
"""How long a shop is taken to have no fulfillments once it said so."""

_ORDERS = "wc/v3/orders"
_NO_ORDER = "woocommerce_rest_shop_order_invalid_id"
_NEWEST_FIRST = {"orderby": "date", "order": "desc"}
_OUTLINE = {"_fields": "id,number,status"}
_SENT = frozenset(
    {OrderStatus.SHIPPED, OrderStatus.PARTIALLY_SHIPPED, OrderStatus.OUT_FOR_DELIVERY, OrderStatus.DELIVERED}
)
Record = dict[str, Any]


class OrderReader:
    """The orders of one shop. A shopper waits for every question: nothing is asked twice."""

    def __init__(self, client: WooClient, clock: Callable[[], float] = time.monotonic) -> None:
        self._client, self._clock = client, clock
        self._no_fulfillments_until = float("-inf")

    async def find(self, number: str) -> Order | None:
        """The order with exactly this number after normalisation; None only when the shop said that there is none."""
        wanted = normalise_order_number(number)
        if not wanted:
            return None
        order = await self._by_id(wanted)
        if order is None or not _is(order, wanted):
            order = await self._by_search(wanted)
        if order is None or not _is(order, wanted):
            return None
        return to_order(order, await self._details(order))

    async def of_customer(self, customer_id: str, limit: int) -> list[Order]:
        """The newest orders of a registered customer, without parcels and refunds in detail. Guests' orders, which
        carry the id 0, belong to nobody."""
        wanted = whole(customer_id) if customer_id.isascii() and customer_id.isdigit() else None
        if not wanted or limit < 1:
            return []
        page = await self._client.page(
            _ORDERS, {"customer": wanted, **_NEWEST_FIRST}, per_page=min(limit, 100), attempts=1
        )
        own = [each for each in page.rows if whole(each.get("customer_id")) == wanted and is_placed(each)]
        return [to_order(each, Details()) for each in own]

    async def _by_id(self, wanted: str) -> Record | None:
        if not wanted.isascii() or not wanted.isdigit() or len(wanted) > MAX_ID_DIGITS:
            return None
        try:
            return record(await self._client.get(f"{_ORDERS}/{int(wanted)}", attempts=1))
        except Declined as declined:
            if declined.code != _NO_ORDER:
                raise
            return None

    async def _by_search(self, wanted: str) -> Record | None:
        """By the longest run of digits, which stands in the number however its prefix is written; and, where the
        shop's numbers have signs between digits ("2026-0107"), with those put in again."""
        order = await self._search(max(re.findall(r"\d+", wanted), key=len, default=wanted), wanted)
        if order is not None:
            return order
        spelled = respelled(wanted, await self._newest_number())
        return await self._search(spelled, wanted) if spelled else None

    async def _search(self, text: str, wanted: str) -> Record | None:
        number = 1
        while number <= MAX_SEARCH_PAGES:
            page = await self._client.page(_ORDERS, {"search": text, **_NEWEST_FIRST, **_OUTLINE}, number, attempts=1)
            for hit in page.rows:
                if _is(hit, wanted):
                    return await self._by_id(str(whole(hit.get("id"))))
            if not page.rows or number >= (page.pages or 1):
                return None
            number += 1
        raise PlatformUnavailable(f"{self._client.name} finds too many orders to tell which is meant")

    async def _newest_number(self) -> str:
        page = await self._client.page(_ORDERS, {**_NEWEST_FIRST, **_OUTLINE}, per_page=1, attempts=1)
        return line(page.rows[0].get("number")) if page.rows else ""

    async def _details(self, order: Record) -> Details:
        path = f"{_ORDERS}/{whole(order.get('id'))}"
        status = meaning(order.get("status"))
        is_silent = status in _SENT and not plugin_shipments(order, status)
        fulfillments, refunds, notes = await asyncio.gather(
            self._fulfillments(path),
            self._list(f"{path}/refunds", bool(rows(order.get("refunds")))),
            self._list(f"{path}/notes", is_silent, {"type": "customer"}),
        )
        return Details(fulfillments=fulfillments, refunds=refunds, notes=notes)

    async def _fulfillments(self, path: str) -> Any:
        """None where the shop has the feature switched off, as it is by default: asked again only after a while, for
        every question costs the shopper's patience."""
        if self._clock() < self._no_fulfillments_until:
            return None
        try:
            return await self._client.get(f"{path}/fulfillments", attempts=1)
        except Declined as declined:
            if declined.code != NO_ROUTE:
                raise
            self._no_fulfillments_until = self._clock() + FEATURE_KNOWN_S
            return None

    async def _list(self, path: str, is_needed: bool, params: dict[str, str] | None = None) -> Any:
        return await self._client.get(path, params, attempts=1) if is_needed else ()


def respelled(wanted: str, like: str) -> str | None:
    """A normalised number with the signs that `like` has between its digits: "2026001" like "2026-0107" is
    "2026-001". None where `like` has none."""
    spelled, rest = "", wanted
    for letters, signs in re.findall(r"([^\W_]+)([\W_]*)", like):
        spelled, rest = spelled + rest[: len(letters)] + (signs if rest[len(letters) :] else ""), rest[len(letters) :]
    spelled += rest
    return spelled if re.search(r"\d[\W_]+\d", spelled) else None


def _is(order: Record, wanted: str) -> bool:
    return is_placed(order) and normalise_order_number(line(order.get("number"))) == wanted
