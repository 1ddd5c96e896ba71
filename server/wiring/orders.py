"""From a shop's connected stores to where its orders are."""

from functools import partial
from uuid import UUID

from server.orders.lookup import OrderSource
from server.stores.platforms import Platforms
from server.stores.service import StoreService


class OrderSources:
    """Implements `server.orders.lookup.SourceFor`."""

    def __init__(self, platforms: Platforms, stores: StoreService) -> None:
        self._platforms, self._stores = platforms, stores

    async def __call__(self, shop_id: UUID) -> OrderSource | None:
        """By the shop's newest connection that knows orders."""
        store = await self._platforms.store_of_orders(shop_id)
        if store is None:
            return None
        note_revoked = partial(self._stores.mark_revoked, shop_id, store.id)
        return OrderSource(await self._platforms.of(store), str(store.id), note_revoked)
