"""What of a delivery becomes work, so that nobody makes the inbox grow: a platform signs the body only, and whoever
holds one signed body can send it again for ever under new delivery ids and other headers.

A change that only says "look again" waits once for each connection, however often it is told, and is worked through
when it was told last. A body that was here some minutes ago tells nothing that was not looked at since, with one
exception: a store that was changed and changed back in between may send the same bytes for a state that we have missed.
So such a repeat is never dropped, but looked at once a minute instead of at once.
"""

import hashlib
import time
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from integrations.platform import CatalogChanged, OrderChanged, PlatformChange, PoliciesChanged
from server.core.cache import ExpiringCache
from server.core.errors import RateLimited
from server.core.rate_limit import Limit, RateLimiter
from server.webhooks.models import InboxEntry

RELOADABLE = (CatalogChanged, OrderChanged, PoliciesChanged)
NEW_CHANGES = Limit("webhooks", per_minute=1_200, burst=3_000)
"""Per connection. Beyond it, a pass over the whole store costs less than asking for each product."""
SAME_BODY_S = 300.0
REPEATS_S = 60


class Admission:
    """Decides on deliveries. Every process knows only the bodies that came to itself: another one's first repeat is
    worked through at once."""

    def __init__(
        self, limiter: RateLimiter, clock: Callable[[], float] = time.time, limit: Limit = NEW_CHANGES
    ) -> None:
        self._limiter, self._clock, self._limit = limiter, clock, limit
        self._seen: ExpiringCache[tuple[UUID, str, bytes], bool] = ExpiringCache(SAME_BODY_S)

    async def entry(self, store_id: UUID, change: PlatformChange, delivery_key: str, body_hash: bytes) -> InboxEntry:
        """What is to wait in the inbox for this delivery."""
        if not isinstance(change, RELOADABLE):
            return InboxEntry(_hash(delivery_key.encode()), change)
        key = _hash(msgspec.json.encode(change))
        if self._seen.get((store_id, key, body_hash)):
            return self._repeat(key, change)
        if await self._is_too_much(store_id):
            change = _everything(change)
            key = _hash(msgspec.json.encode(change))
        return InboxEntry(key, change)

    def note(self, store_id: UUID, change: PlatformChange, body_hash: bytes) -> None:
        """This body's change is in the inbox."""
        self._seen.put((store_id, _hash(msgspec.json.encode(change)), body_hash), True)

    def _repeat(self, key: str, change: PlatformChange) -> InboxEntry:
        minute = int(self._clock() // REPEATS_S) + 1
        return InboxEntry(f"{key}:{minute}", change, datetime.fromtimestamp(minute * REPEATS_S, UTC))

    async def _is_too_much(self, store_id: UUID) -> bool:
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
