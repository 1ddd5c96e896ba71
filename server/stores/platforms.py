"""The adapters of connected stores, built once and kept while their connection stays the same."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import TypeAlias
from uuid import UUID

from integrations.platform import PlatformUnavailable, ShopPlatform
from server.core.cache import ExpiringCache
from server.core.crypto import Vault
from server.core.database import Database
from server.stores import storage
from server.stores.credentials import SealedCredentials
from server.stores.models import StoreConnection

Build: TypeAlias = Callable[[StoreConnection, SealedCredentials], ShopPlatform]
"""From a connection to the adapter that speaks to the store. Opens nothing."""

CONNECTION_LIVES_S = 5.0
MAX_PLATFORMS = 2_000


class Platforms:
    """Finds the adapter of a connection, and the one that answers for a shop's orders."""

    def __init__(self, database: Database, vault: Vault, builders: Mapping[str, Build]) -> None:
        self._database, self._vault, self._builders = database, vault, builders
        self._connections: ExpiringCache[UUID, tuple[StoreConnection, ...]] = ExpiringCache(CONNECTION_LIVES_S)
        self._built: OrderedDict[UUID, tuple[StoreConnection, ShopPlatform]] = OrderedDict()

    async def store_of_orders(self, shop_id: UUID) -> StoreConnection | None:
        """The shop's newest connection that knows orders, as it was some seconds ago; None when it has none that
        works."""
        known = self._connections.get(shop_id)
        if known is None:
            async with self._database.connection(shop_id) as connection:
                found = await storage.list_stores(connection, shop_id)
            known = self._connections.put(shop_id, tuple(found))
        with_orders = [each for each in known if each.state == "active" and each.settings.get("orders", True)]
        return with_orders[-1] if with_orders else None

    async def of(self, store: StoreConnection) -> ShopPlatform:
        """The adapter of a connection. Raises PlatformUnavailable for a platform this installation does not know."""
        known, platform = self._built.get(store.id, (None, None))
        if platform is not None and known is not None and known.settings == store.settings:
            self._built.move_to_end(store.id)
            return platform
        if platform is not None:
            await platform.close()
        build = self._builders.get(store.platform)
        if build is None:
            raise PlatformUnavailable(f"this installation cannot connect to {store.platform}")
        made = build(store, SealedCredentials(self._database, self._vault, store.shop_id, store.id))
        self._built[store.id] = (store, made)
        if len(self._built) > MAX_PLATFORMS:
            _, (_, oldest) = self._built.popitem(last=False)
            await oldest.close()
        return made

    async def close(self) -> None:
        """Give all connections back."""
        for _, platform in self._built.values():
            await platform.close()
