"""Finds the connected store that a shop's orders are fetched from."""

from uuid import UUID

from server.core.cache import ExpiringCache
from server.core.database import Database
from server.stores import storage
from server.stores.models import StoreConnection

CACHE_TTL_S = 5.0


class OrderStores:
    """The stores that have orders, each shop's cached for CACHE_TTL_S."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._stores: ExpiringCache[UUID, tuple[StoreConnection, ...]] = ExpiringCache(CACHE_TTL_S)

    async def find(self, shop_id: UUID) -> StoreConnection | None:
        """The shop's newest active store, unless its setting `orders` is off; None where there is none."""
        stores = self._stores.get(shop_id)
        if stores is None:
            async with self._database.connection(shop_id) as connection:
                stores = self._stores.put(shop_id, tuple(await storage.list_stores(connection, shop_id)))
        with_orders = [store for store in stores if store.state == "active" and store.settings.get("orders", True)]
        return with_orders[-1] if with_orders else None
