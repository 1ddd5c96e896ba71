"""Orders from a shop's platform: fetched with a time-out, and cached for a minute for whoever has proven them."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeAlias, TypeVar
from uuid import UUID

from msgspec import Struct

from integrations.platform import (
    Order,
    PlatformError,
    PlatformRevoked,
    PlatformUnavailable,
    ShopPlatform,
    is_number_of,
    normalise_order_number,
)
from server.core.cache import ExpiringCache
from server.core.logging import get_logger
from server.shops.identity import Customer


class OrderSource(Struct, frozen=True):
    """The platform that has a shop's orders, and the id of the connected store."""

    platform: ShopPlatform
    connection_id: str
    mark_revoked: Callable[[PlatformRevoked], Awaitable[None]]
    """Records for the merchant that the store refuses us."""


FindOrderSource: TypeAlias = Callable[[UUID], Awaitable[OrderSource | None]]
"""The source of a shop's orders, or None. May raise PlatformError."""

TIMEOUT_S = 8.0
"""A WooCommerce on shared hosting takes 1 to 2 s for each request, and a look-up makes two in a row."""
CACHED_S = 60.0
MAX_CACHED = 2_000
MAX_NUMBER_LENGTH = 40
MAX_WRITTEN_LENGTH = 100
_LABEL = re.compile(
    r"^(?:(?:order|bestellung|auftrag|commande|pedido|number|nummer|numéro|número|num|no|nr|nº|n°)[\s.:#]+)+",
    re.IGNORECASE,
)
"""What people write before a number; only with a space or a mark after it, since "NO123" is a number."""

T = TypeVar("T")
log = get_logger("orders")


class NotConnected(PlatformError):
    """The shop has no order system connected."""


class Fetched(Struct, frozen=True):
    """An order, when it was fetched (aware), and the id of the store that it came from."""

    order: Order
    at: datetime
    connection_id: str


class CacheKey(Struct, frozen=True):
    """An order as one conversation may see it: no conversation is given what was cached for another."""

    shop_id: UUID
    conversation_id: UUID
    order_number: str


class OrderLookup:
    """Requests to platforms. Each raises PlatformError when there is no answer; only an answer can be "not found"."""

    def __init__(
        self, find_source: FindOrderSource, clock: Callable[[], datetime], timeout_s: float = TIMEOUT_S
    ) -> None:
        self._find_source, self._clock, self._timeout_s = find_source, clock, timeout_s
        self._cached: ExpiringCache[CacheKey, Fetched] = ExpiringCache(CACHED_S, max_entries=MAX_CACHED)
        self._pending: dict[CacheKey, asyncio.Task[Fetched | None]] = {}

    async def require_platform(self, shop_id: UUID) -> None:
        """Raises NotConnected, or another PlatformError, where the shop's orders cannot be fetched."""
        await self._with_timeout(shop_id, self._require_source(shop_id))

    async def fetch(self, shop_id: UUID, order_number: str) -> Fetched | None:
        """The order with this number, always from the platform: the duration of a guess must not depend on what others
        have looked up. None where there is no such order."""
        return await self._with_timeout(shop_id, self._find(shop_id, order_number))

    async def fetch_cached(self, key: CacheKey) -> Fetched | None:
        """As `fetch`, for a conversation that has proven the order: from the cache where possible, and with one request
        to the platform at a time."""
        if known := self._cached.get(key):
            return known
        task = self._pending.get(key)
        if task is None:
            task = asyncio.create_task(self.fetch(key.shop_id, key.order_number))
            self._pending[key] = task
            task.add_done_callback(lambda done: self._end(key, done))
        return await asyncio.shield(task)

    async def fetch_details(self, shop_id: UUID, fetched: Fetched) -> Fetched:
        """A fetched order with its parcels and refunds, for whoever may see them; no request where it has them."""
        if not fetched.order.is_outline:
            return fetched
        return await self._with_timeout(shop_id, self._details(shop_id, fetched))

    def cache(self, key: CacheKey, fetched: Fetched) -> None:
        """Cache an order that a conversation has proven, for CACHED_S after it was fetched."""
        if self._cached.get(key) is not fetched:
            self._cached.put(key, fetched)

    async def list_customer_orders(self, shop_id: UUID, customer: Customer) -> list[Fetched] | None:
        """The newest orders that the platform returns for a customer; the caller checks whether they are theirs. None
        for a customer of another store, whose id means nothing here."""
        return await self._with_timeout(shop_id, self._list(shop_id, customer))

    def _end(self, key: CacheKey, done: asyncio.Task[Fetched | None]) -> None:
        self._pending.pop(key, None)
        if not done.cancelled():
            done.exception()  # retrieved, so that asyncio does not log it when the caller has gone

    async def _find(self, shop_id: UUID, order_number: str) -> Fetched | None:
        source = await self._require_source(shop_id)
        order = await self._note_revocation(source, source.platform.find_order(order_number))
        # a platform that searches may answer with a neighbour; only the number itself counts
        if order is None or not is_number_of(order.number, order_number):
            return None
        return Fetched(order, self._clock(), source.connection_id)

    async def _details(self, shop_id: UUID, fetched: Fetched) -> Fetched:
        source = await self._require_source(shop_id)
        if source.connection_id != fetched.connection_id:
            raise PlatformUnavailable("the store that the order came from is no longer connected")
        order = await self._note_revocation(source, source.platform.fetch_order_details(fetched.order))
        return Fetched(order, self._clock(), source.connection_id)

    async def _list(self, shop_id: UUID, customer: Customer) -> list[Fetched] | None:
        source = await self._require_source(shop_id)
        if customer.connection_id not in (None, source.connection_id):
            return None
        orders = await self._note_revocation(source, source.platform.list_customer_orders(customer.id))
        return [Fetched(order, self._clock(), source.connection_id) for order in orders]

    async def _require_source(self, shop_id: UUID) -> OrderSource:
        source = await self._find_source(shop_id)
        if source is None:
            raise NotConnected("no platform is connected")
        return source

    async def _note_revocation(self, source: OrderSource, answer: Awaitable[T]) -> T:
        try:
            return await answer
        except PlatformRevoked as reason:
            await source.mark_revoked(reason)
            raise

    async def _with_timeout(self, shop_id: UUID, answer: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await answer
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
    """An order number as people write it ("Order no. #1001") in its normalised form; None for what cannot be one."""
    written = (text or "")[:MAX_WRITTEN_LENGTH].strip()
    key = normalise_order_number(_LABEL.sub("", written, count=1)) or normalise_order_number(written)
    return key if 0 < len(key) <= MAX_NUMBER_LENGTH else None
