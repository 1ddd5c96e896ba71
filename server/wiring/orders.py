"""From a shop's connected stores to where its orders are."""

from functools import partial
from uuid import UUID

from server.orders.lookup import OrderSource
from server.stores.adapters import StoreAdapters
from server.stores.order_stores import OrderStores
from server.stores.service import StoreService


class OrderSources:
    """Implements `server.orders.lookup.FindOrderSource`."""

    def __init__(self, order_stores: OrderStores, adapters: StoreAdapters, stores: StoreService) -> None:
        self._order_stores, self._adapters, self._stores = order_stores, adapters, stores

    async def __call__(self, shop_id: UUID) -> OrderSource | None:
        """The adapter of the shop's newest store that knows orders."""
        store = await self._order_stores.find(shop_id)
        if store is None:
            return None
        mark_revoked = partial(self._stores.mark_revoked, shop_id, store.id)
        return OrderSource(await self._adapters.get(store), str(store.id), mark_revoked)
