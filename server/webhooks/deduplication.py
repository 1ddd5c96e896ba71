"""Which deliveries become work. A platform signs only the body, so that whoever has one signed body can send it for
ever under new delivery ids and other headers; the inbox must not grow with it.

A change that only says what to reload is stored once for each store, however often it arrives, and is processed after
its last arrival. A body that arrived some minutes ago usually says nothing new, with one exception: a store that was
changed and changed back may send the same bytes for a state that was never read. Such a repeat is therefore not
dropped, but processed once a minute instead of at once.
"""

import hashlib
import time
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from integrations.platform import CatalogChanged, OrderChanged, PlatformChange
from server.core.cache import ExpiringCache
from server.core.errors import RateLimited
from server.core.rate_limit import Limit, RateLimiter
from server.webhooks.models import RELOADABLE, InboxEntry

NEW_CHANGES = Limit("webhooks", per_minute=1_200, burst=3_000)
"""Per store. Beyond it, one pass over the whole store costs less than a request for each product."""
SAME_BODY_S = 300.0
REPEATS_S = 60


class Deduplicator:
    """Decides what is stored for a delivery.

    Each process remembers only the bodies that it received itself; the first repeat at another is processed at once.
    """

    def __init__(
        self, limiter: RateLimiter, clock: Callable[[], float] = time.time, limit: Limit = NEW_CHANGES
    ) -> None:
        self._limiter, self._clock, self._limit = limiter, clock, limit
        self._seen: ExpiringCache[tuple[UUID, str, bytes], bool] = ExpiringCache(SAME_BODY_S)

    async def create_entry(
        self, store_id: UUID, change: PlatformChange, delivery_key: str, body_hash: bytes
    ) -> InboxEntry:
        """The entry for a change of a store: due at the end of the minute for a repeat, else now."""
        if not isinstance(change, RELOADABLE):
            return InboxEntry(_hash(delivery_key.encode()), change)
        key = _hash(msgspec.json.encode(change))
        if self._seen.get((store_id, key, body_hash)):
            return self._repeat(key, change)
        if await self._is_over_limit(store_id):
            change = _everything(change)
            key = _hash(msgspec.json.encode(change))
        return InboxEntry(key, change)

    def note_stored(self, store_id: UUID, change: PlatformChange, body_hash: bytes) -> None:
        """Remember that this body's change is in the inbox."""
        self._seen.put((store_id, _hash(msgspec.json.encode(change)), body_hash), True)

    def _repeat(self, key: str, change: PlatformChange) -> InboxEntry:
        minute = int(self._clock() // REPEATS_S) + 1
        return InboxEntry(f"{key}:{minute}", change, datetime.fromtimestamp(minute * REPEATS_S, UTC))

    async def _is_over_limit(self, store_id: UUID) -> bool:
        try:
            await self._limiter.require((self._limit, str(store_id)))
        except RateLimited:
            return True
        return False


def _everything(change: PlatformChange) -> PlatformChange:
    match change:
        case CatalogChanged():
            return CatalogChanged()
        case OrderChanged():
            return OrderChanged()
        case _:
            return change


def _hash(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()
