"""From a shop's connected stores to where its orders are."""

from functools import partial
from uuid import UUID

from server.orders.lookup import OrderSource
from server.orders.service import OrderService
from server.stores.adapters import StoreAdapters
from server.stores.order_stores import OrderStores
from server.stores.service import StoreService
from server.wiring.foundation import Foundation
from server.wiring.stores import StoreParts


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


def build_orders(foundation: Foundation, stores: StoreParts) -> OrderService:
    """Build the order service over the connected stores."""
    settings = foundation.settings
    return OrderService(
        foundation.database,
        OrderSources(stores.order_stores, stores.adapters, stores.stores),
        settings.secret_keys,
        foundation.jobs,
        codes=settings.smtp_url is not None,
        signs_in=stores.platforms.offers_sign_in,
    )
