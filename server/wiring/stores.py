"""The part of the wiring that concerns connected stores."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import msgspec
from msgspec import Struct
from redis.asyncio import Redis

from integrations.demo import DemoPlatform, load_store
from integrations.feed import FeedPlatform, FeedSettings
from integrations.platform import PlatformUnavailable, ShopPlatform
from integrations.shopify import ShopifyApp, ShopifyPlatform
from integrations.store_http import StoreHttp
from integrations.woocommerce.platform import WooCommercePlatform
from server.catalog.feed import read_feed
from server.core.crypto import Vault
from server.core.database import Database
from server.core.egress import Egress
from server.core.jobs import JobDesk, Wake
from server.core.rate_limit import RateLimiter
from server.core.settings import Settings
from server.shops.service import ShopService
from server.stores.admin_session import ShopifyAdmin
from server.stores.connecting import Connecting, Prepare, PrepareFeed, prepare_demo
from server.stores.credentials import SealedCredentials
from server.stores.customer_sign_in import CustomerAccounts
from server.stores.models import StoreConnection
from server.stores.platforms import Build, Platforms
from server.stores.service import StoreService
from server.stores.shopify import ShopifyInstall
from server.stores.woocommerce import PrepareWooCommerce
from server.webhooks.deduplication import Admission
from server.webhooks.service import Inbox
from server.webhooks.sources import ShopifySecrets


class StoreParts(Struct, frozen=True, kw_only=True):
    """What stores are connected, read and listened to with."""

    egress: Egress
    platforms: Platforms
    stores: StoreService
    connecting: Connecting
    prepare_woocommerce: PrepareWooCommerce
    shopify: ShopifyInstall
    shopify_admin: ShopifyAdmin
    customer_accounts: CustomerAccounts
    shopify_secrets: ShopifySecrets
    inbox: Inbox


def build_stores(
    settings: Settings,
    database: Database,
    vault: Vault,
    shops: ShopService,
    jobs: JobDesk,
    wake: Wake,
    redis: Redis,
    limiter: RateLimiter,
) -> StoreParts:
    """All of them, over one way out of the house."""
    egress, app = Egress(allow=settings.egress_allow, base_url=settings.base_url), _shopify_app(settings)
    stores, prepare_woocommerce = StoreService(database, vault, shops, jobs), PrepareWooCommerce(egress)
    ways: dict[str, Prepare] = {
        "demo": prepare_demo,
        "feed": PrepareFeed(settings.egress_allow),
        "woocommerce": prepare_woocommerce,
    }
    platforms = Platforms(database, vault, _builders(settings, egress, app))
    origin = settings.shopify_origin
    return StoreParts(
        egress=egress,
        platforms=platforms,
        stores=stores,
        connecting=Connecting(ways),
        prepare_woocommerce=prepare_woocommerce,
        shopify=ShopifyInstall(app, origin, egress, stores),
        shopify_admin=ShopifyAdmin(app, origin, egress, stores),
        customer_accounts=CustomerAccounts(
            platforms, shops, vault, redis, limiter, egress, origin=origin, base_url=settings.base_url
        ),
        shopify_secrets=ShopifySecrets(settings.shopify_api_secrets),
        inbox=Inbox(database, vault, stores, wake, Admission(limiter)),
    )


def _builders(settings: Settings, egress: Egress, app: ShopifyApp | None) -> Mapping[str, Build]:
    """By platform: from a connection to its adapter."""

    def demo(store: StoreConnection, _credentials: SealedCredentials) -> ShopPlatform:
        """The packaged store, or the folder that the operator (never a merchant) named."""
        folder = store.settings.get("folder")
        return DemoPlatform(load_store(Path(folder) if folder else None))

    def feed(store: StoreConnection, credentials: SealedCredentials) -> ShopPlatform:
        given = msgspec.convert(store.settings, FeedSettings)
        read = partial(read_feed, currency=store.settings["currency"])
        return FeedPlatform(given, StoreHttp(egress.client(), "the shop's feed"), credentials, read)

    def shopify(store: StoreConnection, credentials: SealedCredentials) -> ShopPlatform:
        if app is None:
            raise PlatformUnavailable("this installation has no Shopify app; the operator sets SHOPIFY_API_KEY")
        http = StoreHttp(egress.client(), "Shopify")
        domain = store.settings["store"]
        origin = settings.shopify_origin.replace("{store}", domain)
        return ShopifyPlatform(domain, http, credentials, app, origin=origin)

    def woocommerce(store: StoreConnection, credentials: SealedCredentials) -> ShopPlatform:
        http = StoreHttp(egress.client(), "the shop's WooCommerce")
        return WooCommercePlatform(store.settings["store"], http, credentials)

    return {"demo": demo, "feed": feed, "shopify": shopify, "woocommerce": woocommerce}


def _shopify_app(settings: Settings) -> ShopifyApp | None:
    if not (settings.shopify_api_key and settings.shopify_api_secrets):
        return None
    return ShopifyApp(settings.shopify_api_key, settings.shopify_api_secrets, settings.base_url)
