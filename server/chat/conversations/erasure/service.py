"""Shoppers who had everything of theirs erased: within seconds no process accepts their sessions."""

import time
from datetime import timedelta
from uuid import UUID

from cachetools import LRUCache
from msgspec import Struct

from server.chat.conversations.erasure import storage
from server.core.database import Connection, Database

MAX_AGE_S = 5.0
OVERLAP_S = 60.0
"""Read again with every refresh: transactions commit in another order than they began."""
ERASED_KEPT_S = 32 * 24 * 3600.0
"""How long the id of an erased shopper is stored: longer than any session is valid."""
READ_ALL_EVERY_S = 3600.0
MAX_SHOPS = 2_000
UNUSED_PICTURES_KEPT_S = 24 * 3600.0


class _Cached(Struct):
    ids: set[UUID]
    read_at: float
    all_read_at: float


class ErasedShoppers:
    """The erased shoppers of every shop, cached for at most MAX_AGE_S; a refresh reads only the new ones."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._cached: LRUCache[UUID, _Cached] = LRUCache(MAX_SHOPS)

    async def is_erased(self, shop_id: UUID, shopper_id: UUID) -> bool:
        """Whether everything of this shopper was erased. Raises Unavailable."""
        now = time.monotonic()
        cached = self._cached.get(shop_id)
        if cached is None or now - cached.all_read_at > READ_ALL_EVERY_S:
            cached = _Cached(set(await self._read(shop_id, ERASED_KEPT_S)), now, now)
            self._cached[shop_id] = cached
        elif now - cached.read_at > MAX_AGE_S:
            cached.ids.update(await self._read(shop_id, now - cached.read_at + OVERLAP_S))
            cached.read_at = now
        return shopper_id in cached.ids

    async def add(self, shop_id: UUID, shopper_id: UUID) -> None:
        """Record that a shopper is erased, in a transaction of its own; at once in this process, within MAX_AGE_S in
        the others. Raises Unavailable."""
        async with self._database.connection(shop_id) as connection:
            await storage.add_erased_shopper(connection, shop_id, shopper_id)
        if cached := self._cached.get(shop_id):
            cached.ids.add(shopper_id)

    async def list_conversations(self, connection: Connection, shop_id: UUID, shopper_id: UUID) -> list[UUID]:
        """All conversations of a shopper, on a connection of their shop."""
        return await storage.list_conversations_of_shopper(connection, shop_id, shopper_id)

    async def list_remaining(self, connection: Connection, shop_id: UUID) -> list[UUID]:
        """Conversations of erased shoppers that are still there: begun while the shopper was being erased, or left
        when the database went away before the end."""
        return await storage.list_remaining_conversations(connection, shop_id)

    async def list_shops_with_outdated(self) -> list[UUID]:
        """The shops with rows that `delete_outdated` would delete. Raises Unavailable."""
        return await storage.list_shops_with_outdated(
            self._database, timedelta(seconds=UNUSED_PICTURES_KEPT_S), timedelta(seconds=ERASED_KEPT_S)
        )

    async def delete_outdated(self, connection: Connection, shop_id: UUID) -> None:
        """Delete pictures that no message took within UNUSED_PICTURES_KEPT_S, and reports of widgets and ids of
        erased shoppers that are older than ERASED_KEPT_S."""
        await storage.delete_outdated(connection, shop_id, UNUSED_PICTURES_KEPT_S, ERASED_KEPT_S)

    async def _read(self, shop_id: UUID, within_s: float) -> list[UUID]:
        async with self._database.connection(shop_id) as connection:
            return await storage.list_erased_shoppers(connection, shop_id, within_s)
