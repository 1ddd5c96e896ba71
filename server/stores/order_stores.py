"""Which connected store answers for a shop's orders."""

from uuid import UUID

from server.core.cache import ExpiringCache
from server.core.database import Database
from server.stores import storage
from server.stores.models import StoreConnection

CACHED_S = 5.0


class OrderStores:
    """The stores that know orders, cached for CACHED_S."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._stores: ExpiringCache[UUID, tuple[StoreConnection, ...]] = ExpiringCache(CACHED_S)

    async def find(self, shop_id: UUID) -> StoreConnection | None:
        """The shop's newest active store that knows orders; None where it has none."""
        known = self._stores.get(shop_id)
        if known is None:
            async with self._database.connection(shop_id) as connection:
                known = self._stores.put(shop_id, tuple(await storage.list_stores(connection, shop_id)))
        with_orders = [store for store in known if store.state == "active" and store.settings.get("orders", True)]
        return with_orders[-1] if with_orders else None
