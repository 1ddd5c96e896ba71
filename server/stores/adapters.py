"""The adapters of connected stores, built on first use and reused while the store's settings stay the same."""

from collections import OrderedDict
from collections.abc import Callable
from typing import TypeAlias
from uuid import UUID

from integrations.platform import ShopPlatform
from server.core.crypto import Vault
from server.core.database import Database
from server.stores.credentials import SealedCredentials
from server.stores.models import StoreConnection

BuildAdapter: TypeAlias = Callable[[StoreConnection, SealedCredentials], ShopPlatform]
"""Builds the adapter of a store. Opens no connection. Raises PlatformUnavailable."""

MAX_ADAPTERS = 2_000


class StoreAdapters:
    """The adapters of all shops' stores; beyond MAX_ADAPTERS the one that was used the longest ago is closed."""

    def __init__(self, database: Database, vault: Vault, build: BuildAdapter) -> None:
        self._database, self._vault, self._build = database, vault, build
        self._built: OrderedDict[UUID, tuple[StoreConnection, ShopPlatform]] = OrderedDict()

    async def get(self, store: StoreConnection) -> ShopPlatform:
        """The adapter of a store. Raises PlatformUnavailable for a platform that this installation does not have."""
        known, adapter = self._built.get(store.id, (None, None))
        if adapter is not None and known is not None and known.settings == store.settings:
            self._built.move_to_end(store.id)
            return adapter
        if adapter is not None:
            await adapter.close()
        made = self._build(store, SealedCredentials(self._database, self._vault, store.shop_id, store.id))
        self._built[store.id] = (store, made)
        if len(self._built) > MAX_ADAPTERS:
            _, (_, oldest) = self._built.popitem(last=False)
            await oldest.close()
        return made

    async def close(self) -> None:
        """Close every adapter."""
        for _, adapter in self._built.values():
            await adapter.close()
