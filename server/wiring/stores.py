"""The part of the wiring that concerns connected stores."""

from msgspec import Struct

from server.core.egress import Egress
from server.shops.service import ShopService
from server.stores.adapters import StoreAdapters
from server.stores.disconnection import StoreDisconnection
from server.stores.order_stores import OrderStores
from server.stores.platform import PlatformContext
from server.stores.platforms import PLATFORMS, StorePlatforms
from server.stores.service import StoreService
from server.webhooks.deduplication import Deduplicator
from server.webhooks.service import Inbox
from server.wiring.foundation import Foundation


class StoreParts(Struct, frozen=True, kw_only=True):
    """What stores are connected, read and listened to with."""

    egress: Egress
    stores: StoreService
    order_stores: OrderStores
    platforms: StorePlatforms
    adapters: StoreAdapters
    disconnection: StoreDisconnection
    inbox: Inbox


def build_stores(foundation: Foundation, shops: ShopService) -> StoreParts:
    """Build the registered platforms and the services over them; all requests to stores go through one `Egress`."""
    settings, database, vault = foundation.settings, foundation.database, foundation.vault
    egress = Egress(allow=settings.egress_allow, base_url=settings.base_url)
    sign_in_platforms = [platform.name for platform in PLATFORMS if platform.sign_in_help]
    stores = StoreService(database, vault, shops, foundation.jobs, sign_in_platforms=sign_in_platforms)
    order_stores = OrderStores(database)
    platforms = StorePlatforms(
        PlatformContext(
            settings=settings,
            vault=vault,
            redis=foundation.redis,
            limiter=foundation.limiter,
            egress=egress,
            shops=shops,
            stores=stores,
            order_stores=order_stores,
        )
    )
    adapters = StoreAdapters(database, vault, platforms.build_adapter)
    return StoreParts(
        egress=egress,
        stores=stores,
        order_stores=order_stores,
        platforms=platforms,
        adapters=adapters,
        disconnection=StoreDisconnection(stores, adapters, platforms.webhook_url),
        inbox=Inbox(database, vault, stores, foundation.notify, Deduplicator(foundation.limiter)),
    )
