"""The platform a shop is connected to, built once and kept while its connection stays the same."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from msgspec import Struct

from integrations.platform import ShopPlatform
from server.core.remember import Remembered
from server.shops.models import PlatformConnection
from server.shops.service import ShopService

Build = Callable[[dict[str, Any]], ShopPlatform]
"""From a connection's settings to the adapter that speaks to the store."""

CONNECTION_LIVES_S = 5.0
MAX_PLATFORMS = 2_000


class _Built(Struct, frozen=True):
    connection_id: UUID
    platform: ShopPlatform


class Platforms:
    """Finds the platform of a shop. `builders` has one entry per kind of platform."""

    def __init__(self, shops: ShopService, builders: Mapping[str, Build]) -> None:
        self._shops, self._builders = shops, builders
        self._connections: Remembered[UUID, tuple[PlatformConnection, ...]] = Remembered(CONNECTION_LIVES_S)
        self._built: dict[UUID, _Built] = {}

    async def find(self, shop_id: UUID) -> ShopPlatform | None:
        """The shop's newest active connection as a platform; None when it has none."""
        connection = await self._connection(shop_id)
        if connection is None:
            return None
        built = self._built.get(shop_id)
        if built is None or built.connection_id != connection.id:
            built = _Built(connection.id, await self._build(connection))
            if len(self._built) >= MAX_PLATFORMS:
                self._built.pop(next(iter(self._built)))
            self._built[shop_id] = built
        return built.platform

    async def _build(self, connection: PlatformConnection) -> ShopPlatform:
        return await asyncio.to_thread(self._builders[connection.platform], connection.settings)

    async def _connection(self, shop_id: UUID) -> PlatformConnection | None:
        known = self._connections.get(shop_id)
        if known is None:
            known = self._connections.put(shop_id, tuple(await self._shops.connections(shop_id)))
        return next((each for each in reversed(known) if each.state == "active"), None)
