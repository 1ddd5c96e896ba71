"""Asking a shop's platform for orders: time-boxed, once at a time, and remembered for a minute where proven."""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime
from time import monotonic
from typing import TypeAlias, TypeVar
from uuid import UUID

from msgspec import Struct

from integrations.platform import (
    Order,
    PlatformError,
    PlatformRevoked,
    PlatformUnavailable,
    ShopPlatform,
    normalise_order_number,
)
from server.core.logging import get_logger
from server.shops.identity import Customer


class OrderSource(Struct, frozen=True):
    """Where a shop's orders are: the platform, and the connection by which it is asked."""

    platform: ShopPlatform
    connection_id: str
    note_revoked: Callable[[PlatformRevoked], Awaitable[None]]
    """Has the merchant told, once, that the store refuses us."""


SourceFor: TypeAlias = Callable[[UUID], Awaitable[OrderSource | None]]
"""Where a shop's orders are, or None. May raise PlatformError."""

TIMEOUT_S = 2.0
REMEMBER_S = 60.0
MAX_REMEMBERED = 2_000
MAX_NUMBER_LENGTH = 40
MAX_WRITTEN_LENGTH = 100
_LABEL = re.compile(
    r"^(?:(?:order|bestellung|auftrag|commande|pedido|number|nummer|numéro|número|num|no|nr|nº|n°)[\s.:#]+)+",
    re.IGNORECASE,
)
"""What people write before a number; only with a space or a mark after it, for "NO123" is a number."""

T = TypeVar("T")
log = get_logger("orders")


class NotConnected(PlatformError):
    """The shop has no order system connected."""


class Fetched(Struct, frozen=True):
    """An order, when the platform told it, and the connection it came by."""

    order: Order
    at: datetime
    connection_id: str


class Asker(Struct, frozen=True):
    """Whose eyes see the order: nothing remembered for one is ever given to another."""

    shop_id: UUID
    conversation_id: UUID
    order_number: str


class OrderLookup:
    """All questions to platforms. Each raises PlatformError when there is no answer, never "not found" instead."""

    def __init__(self, sources: SourceFor, clock: Callable[[], datetime], timeout_s: float = TIMEOUT_S) -> None:
        self._sources, self._clock, self._timeout_s = sources, clock, timeout_s
        self._remembered: OrderedDict[Asker, tuple[float, Fetched]] = OrderedDict()
        self._asking: dict[Asker, asyncio.Task[Fetched | None]] = {}

    async def require_platform(self, shop_id: UUID) -> None:
        """Raises NotConnected, or another PlatformError, where the shop's orders cannot be asked for."""
        await self._boxed(shop_id, self._source(shop_id))

    async def ask(self, shop_id: UUID, order_number: str) -> Fetched | None:
        """Straight from the platform: what a guess costs must not depend on what others have looked at."""
        return await self._boxed(shop_id, self._find(shop_id, order_number))

    async def recall(self, asker: Asker) -> Fetched | None:
        """For somebody whose proof stands: as remembered, or from the platform with at most one question at a time."""
        known = self._remembered.get(asker)
        if known and known[0] > monotonic():
            return known[1]
        task = self._asking.get(asker)
        if task is None:
            task = asyncio.create_task(self.ask(asker.shop_id, asker.order_number))
            self._asking[asker] = task
            task.add_done_callback(lambda done: self._end(asker, done))
        return await asyncio.shield(task)

    def remember(self, asker: Asker, fetched: Fetched) -> None:
        """Keep an order that this asker has proven, for 60 s after it was fetched."""
        if (known := self._remembered.get(asker)) and known[1] is fetched:
            return
        self._remembered[asker] = (monotonic() + REMEMBER_S, fetched)
        self._remembered.move_to_end(asker)
        if len(self._remembered) > MAX_REMEMBERED:
            self._remembered.popitem(last=False)

    async def list_own(self, shop_id: UUID, customer: Customer) -> list[Fetched] | None:
        """The newest orders the platform files under one customer; whether they are theirs is the caller's to check.
        None for a customer of another connection, whose id means nothing here."""
        return await self._boxed(shop_id, self._list(shop_id, customer))

    def _end(self, asker: Asker, done: asyncio.Task[Fetched | None]) -> None:
        self._asking.pop(asker, None)
        if not done.cancelled():
            done.exception()  # seen, also when whoever asked has left

    async def _find(self, shop_id: UUID, order_number: str) -> Fetched | None:
        source = await self._source(shop_id)
        order = await self._asked(source, source.platform.find_order(order_number))
        # a platform that searches may answer with a neighbour; only the very number counts
        if order is None or normalise_order_number(order.number) != order_number:
            return None
        return Fetched(order, self._clock(), source.connection_id)

    async def _list(self, shop_id: UUID, customer: Customer) -> list[Fetched] | None:
        source = await self._source(shop_id)
        if customer.connection_id not in (None, source.connection_id):
            return None
        orders = await self._asked(source, source.platform.list_customer_orders(customer.id))
        return [Fetched(order, self._clock(), source.connection_id) for order in orders]

    async def _source(self, shop_id: UUID) -> OrderSource:
        source = await self._sources(shop_id)
        if source is None:
            raise NotConnected("no platform is connected")
        return source

    async def _asked(self, source: OrderSource, question: Awaitable[T]) -> T:
        try:
            return await question
        except PlatformRevoked as reason:
            await source.note_revoked(reason)
            raise

    async def _boxed(self, shop_id: UUID, question: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await question
        except TimeoutError:
            log.warning("order_platform_slow", shop_id=str(shop_id), timeout_s=self._timeout_s)
            raise PlatformUnavailable(f"no answer in {self._timeout_s:g} s") from None
        except PlatformRevoked as reason:
            log.error("order_platform_revoked", shop_id=str(shop_id), reason=str(reason))
            raise
        except PlatformUnavailable as reason:
            log.warning("order_platform_unavailable", shop_id=str(shop_id), reason=str(reason))
            raise


def order_key(text: str | None) -> str | None:
    """The one spelling of an order number, as people write it ("Order no. #1001"); None for what can be none."""
    written = (text or "")[:MAX_WRITTEN_LENGTH].strip()
    key = normalise_order_number(_LABEL.sub("", written, count=1)) or normalise_order_number(written)
    return key if 0 < len(key) <= MAX_NUMBER_LENGTH else None
