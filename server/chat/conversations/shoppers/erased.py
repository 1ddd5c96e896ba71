"""Shoppers who asked to be forgotten: no session of theirs holds any more, in any process, within seconds."""

import time
from collections import OrderedDict
from uuid import UUID

from msgspec import Struct

from server.chat.conversations.shoppers import storage
from server.core.database import Database

LIVES_S = 5.0
MARGIN_S = 60.0
"""Added to every look back: transactions commit in another order than they began."""
KEPT_S = 32 * 24 * 3600.0
"""Longer than any session lives."""
READ_WHOLE_EVERY_S = 3600.0
MAX_SHOPS = 2_000


class _Known(Struct):
    ids: set[UUID]
    read_at: float
    whole_at: float


class ErasedShoppers:
    """Knows them by shop, at most LIVES_S old; each look reads only what is new."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: OrderedDict[UUID, _Known] = OrderedDict()

    async def holds(self, shop_id: UUID, shopper_id: UUID) -> bool:
        """Whether this shopper was forgotten. Raises Unavailable."""
        now = time.monotonic()
        known = self._known.get(shop_id)
        if known is None or now - known.whole_at > READ_WHOLE_EVERY_S:
            known = _Known(set(await self._read(shop_id, KEPT_S)), now, now)
            self._keep(shop_id, known)
        elif now - known.read_at > LIVES_S:
            known.ids.update(await self._read(shop_id, now - known.read_at + MARGIN_S))
            known.read_at = now
        return shopper_id in known.ids

    def note(self, shop_id: UUID, shopper_id: UUID) -> None:
        """Known here at once."""
        if known := self._known.get(shop_id):
            known.ids.add(shopper_id)

    async def _read(self, shop_id: UUID, seconds: float) -> list[UUID]:
        async with self._database.connection(shop_id) as connection:
            return await storage.forgotten_within(connection, shop_id, seconds)

    def _keep(self, shop_id: UUID, known: _Known) -> None:
        self._known[shop_id] = known
        self._known.move_to_end(shop_id)
        if len(self._known) > MAX_SHOPS:
            self._known.popitem(last=False)
