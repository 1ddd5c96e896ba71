"""Finding orders. A search hit proves nothing, so numbers are compared; and an id need not be a number.

How long a response takes must not tell which numbers there are. So what is asked, and in how many rounds, hangs on how
the number is written and on what the shop is, never on whether there is such an order:

    round 1    the order with the number for its id, the searches for it, the shop's newest order: all at once
    round 2    only where numbers are no ids: the order found, or the newest where none was found; and its fulfillments
               where the shop has the feature
    details    parcels, refunds and notes, for whoever has proven the order and may see them
"""

import asyncio
import re
import time
from collections.abc import Callable
from typing import Any

import msgspec

from integrations.platform import (
    Order,
    OrderStatus,
    PlatformError,
    PlatformUnavailable,
    choose_number,
    is_number_of,
    normalise_order_number,
)
from integrations.woocommerce.catalog import MAX_ID_DIGITS
from integrations.woocommerce.client import NO_ROUTE, Declined, WooClient
from integrations.woocommerce.order_mapping import Details, is_placed, to_order
from integrations.woocommerce.statuses import meaning, slug_of
from integrations.woocommerce.values import line, record, rows, whole

MAX_SEARCH_PAGES = 10
"""Of 100 hits: the search looks into names and addresses too. Beyond them we say that we cannot tell, of orders that
there are and are not alike; except where the shop's numbers are its ids, for there the search tells nothing more."""

FEATURE_KNOWN_S = 600.0
"""How long a shop is taken to have no fulfillments once it said so."""

_ORDERS = "wc/v3/orders"
_STATUS_TOTALS = "wc/v3/reports/orders/totals"
_NO_ORDER = "woocommerce_rest_shop_order_invalid_id"
_NEWEST_FIRST = {"orderby": "date", "order": "desc"}
_OUTLINE = {"_fields": "id,number,status"}
_SENT = frozenset(
    {
        OrderStatus.SHIPPED,
        OrderStatus.PARTIALLY_SHIPPED,
        OrderStatus.OUT_FOR_DELIVERY,
        OrderStatus.DELIVERED,
        OrderStatus.COMPLETED,
    }
)
"""Before it has left, what looks like a parcel's number in a note is none."""
Record = dict[str, Any]


class OrderReader:
    """The orders of one shop. A shopper waits for every question: nothing is asked twice."""

    def __init__(self, client: WooClient, clock: Callable[[], float] = time.monotonic) -> None:
        self._client, self._clock = client, clock
        self._no_fulfillments_until = float("-inf")
        self._newest_number = ""
        self._labels: dict[str, str] = {}
        self._labels_until = float("-inf")

    async def find(self, number: str) -> Order | None:
        """The outline of the order with this number (`is_number_of`); None only when the shop said that there is
        none, or several that differ in their prefix alone."""
        wanted = normalise_order_number(number)
        if not wanted:
            return None
        found, newest, labels = await self._locate(wanted)
        shown = found or newest
        if shown is None:
            return None  # a shop without orders
        order_id = whole(shown.get("id"))
        order, fulfillments = await asyncio.gather(
            self._whole(found, newest, order_id),
            self._fulfillments(f"{_ORDERS}/{order_id}"),
        )
        if found is None or order is None or not is_placed(order):
            return None
        if not is_number_of(line(order.get("number")), wanted):
            return None
        outline = to_order(order, None, labels)
        if fulfillments:  # they alone say that a part has left
            told = to_order(order, Details(fulfillments=fulfillments), labels)
            outline = msgspec.structs.replace(outline, status=told.status, shipments=told.shipments)
        return outline

    async def details(self, outline: Order) -> Order:
        """The order of an outline with its parcels, refunds and notes to the customer."""
        path = f"{_ORDERS}/{outline.platform_id}"
        order, details = await asyncio.gather(self._by_id(_id_of(outline.platform_id or "")), self._details(path))
        if order is None:
            raise PlatformUnavailable(f"{self._client.name} no longer has the order that it just found")
        has_left = meaning(order.get("status")) in _SENT
        known = details if has_left else msgspec.structs.replace(details, notes=())
        return to_order(order, known, self._labels)

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
        labels = await self._status_labels()
        return [to_order(each, Details(), labels) for each in own]

    async def _locate(self, wanted: str) -> tuple[Record | None, Record | None, dict[str, str]]:
        """(the order, the shop's newest, its names of statuses), as far as lists tell of them; the whole order where
        the shop's numbers are its ids.

        Where the shop's numbers have signs between digits ("2026-0107"), the number is looked for with those put in
        again: like the newest that was seen before, so that this need not wait, and once more when that has changed.
        """
        texts = [max(re.findall(r"\d+", wanted), key=len, default=wanted)]
        if spelled := respelled(wanted, self._newest_number):
            texts.append(spelled)
        newest, by_id, searches, labels = await asyncio.gather(
            self._newest(),
            self._by_id(_id_of(wanted)),
            asyncio.gather(*(self._search(text) for text in texts)),
            self._status_labels(),
        )
        self._newest_number = line(newest.get("number")) if newest else ""
        spelled = respelled(wanted, self._newest_number)
        if spelled and spelled not in texts:
            searches.append(await self._search(spelled))
        return self._choose(wanted, newest, by_id, searches), newest, labels

    def _choose(
        self, wanted: str, newest: Record | None, by_id: Record | None, searches: list[list[Record] | None]
    ) -> Record | None:
        if None in searches and not (_counts_ids(newest) and wanted.isdigit()):
            raise PlatformUnavailable(f"{self._client.name} finds too many orders to tell which is meant")
        hits = [by_id] if by_id else []
        hits += [hit for hits_of_text in searches for hit in hits_of_text or ()]
        by_number = {line(hit.get("number")): hit for hit in reversed(hits) if is_placed(hit)}
        chosen = choose_number(reversed(by_number), wanted)
        return by_number[chosen] if chosen else None

    async def _status_labels(self) -> dict[str, str]:
        """The shop's names of its order statuses, by slug; those known before where it does not say. They are asked
        for once in a while, whatever the order: only a status of the shop's own needs one."""
        if self._clock() < self._labels_until:
            return self._labels
        self._labels_until = self._clock() + FEATURE_KNOWN_S
        try:
            told = rows(await self._client.get(_STATUS_TOTALS, attempts=1))
        except PlatformError:
            return self._labels
        self._labels = {slug_of(each.get("slug")): line(each.get("name")) for each in told}
        return self._labels

    async def _whole(self, found: Record | None, newest: Record | None, order_id: int | None) -> Record | None:
        """The whole order. Where numbers are ids the first round has had it, or has seen that there is none."""
        if _counts_ids(newest) and (found is None or "date_created_gmt" in found):
            return found
        return await self._by_id(order_id)

    async def _by_id(self, number: int | None) -> Record | None:
        if number is None:
            return None
        try:
            return record(await self._client.get(f"{_ORDERS}/{number}", attempts=1))
        except Declined as declined:
            if declined.code != _NO_ORDER:
                raise
            return None

    async def _search(self, text: str) -> list[Record] | None:
        """Every hit, newest first; None for more than we look through."""
        hits: list[Record] = []
        number = 0
        async for page in self._client.pages(_ORDERS, {"search": text, **_NEWEST_FIRST, **_OUTLINE}, attempts=1):
            hits += page.rows
            number += 1
            if max(number, page.pages or 0) > MAX_SEARCH_PAGES:
                return None
        return hits

    async def _newest(self) -> Record | None:
        page = await self._client.page(_ORDERS, {**_NEWEST_FIRST, **_OUTLINE}, per_page=1, attempts=1)
        return page.rows[0] if page.rows else None

    async def _details(self, path: str) -> Details:
        fulfillments, refunds, notes = await asyncio.gather(
            self._fulfillments(path),
            self._client.get(f"{path}/refunds", attempts=1),
            self._client.get(f"{path}/notes", {"type": "customer"}, attempts=1),
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


def respelled(wanted: str, like: str) -> str | None:
    """A normalised number with the signs that `like` has between its digits: "2026001" like "2026-0107" is
    "2026-001". None where `like` has none."""
    spelled, rest = "", wanted
    for letters, signs in re.findall(r"([^\W_]+)([\W_]*)", like):
        spelled, rest = spelled + rest[: len(letters)] + (signs if rest[len(letters) :] else ""), rest[len(letters) :]
    spelled += rest
    return spelled if re.search(r"\d[\W_]+\d", spelled) else None


def _id_of(wanted: str) -> int | None:
    is_id = wanted.isascii() and wanted.isdigit() and len(wanted) <= MAX_ID_DIGITS
    return int(wanted) if is_id else None


def _counts_ids(newest: Record | None) -> bool:
    """Whether the shop's numbers are its ids, by its newest order."""
    return newest is not None and line(newest.get("number")) == str(whole(newest.get("id")))
