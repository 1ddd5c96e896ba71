"""Shopify: connected on its consent page, by an app that the operator registers."""

import hashlib
from typing import cast

from litestar import Router
from litestar.di import NamedDependency, Provide

from integrations.platform import PlatformUnavailable, ShopPlatform
from integrations.shopify import ShopifyApp, ShopifyPlatform, sdk, webhooks
from integrations.store_http import StoreHttp
from server.core.settings import Settings
from server.stores.connect_form import ConnectForm, ConsentForm, FormField
from server.stores.credentials import SealedCredentials
from server.stores.models import Settings as StoreSettings
from server.stores.models import StoreConnection
from server.stores.platform import PlatformContext, PlatformLookup, StorePlatform
from server.stores.shopify.admin_session import ShopifyAdmin
from server.stores.shopify.customer_sign_in import CustomerAccounts
from server.stores.shopify.embedded_app import embedded_app_router
from server.stores.shopify.install import ShopifyInstall
from server.stores.shopify.install_pages import install_router
from server.stores.shopify.sign_in_pages import sign_in_router
from server.stores.webhook_source import WebhookDelivery, WebhookReading, WebhookSource

SIXTY_DAYS = "Orders older than 60 days cannot be looked up until Shopify grants read_all_orders."


def _verify(delivery: WebhookDelivery, secrets: tuple[str, ...]) -> bool:
    return webhooks.verify(delivery.body, webhooks.signature_of(delivery.headers), secrets)


def _read(delivery: WebhookDelivery) -> WebhookReading:
    topic = webhooks.topic_of(delivery.headers)
    key = webhooks.delivery_id(delivery.headers) or hashlib.sha256(delivery.body).hexdigest()
    is_of_shop = webhooks.is_of_shop(topic, delivery.body, webhooks.shop_domain(delivery.headers))
    change = webhooks.read_change(topic, delivery.body) if is_of_shop else None
    return WebhookReading(topic=topic, key=key, change=change)


def _provide_install(platforms: NamedDependency[PlatformLookup]) -> ShopifyInstall:
    return cast(Shopify, platforms.get(Shopify.name)).install


def _provide_admin(platforms: NamedDependency[PlatformLookup]) -> ShopifyAdmin:
    return cast(Shopify, platforms.get(Shopify.name)).admin


def _provide_accounts(platforms: NamedDependency[PlatformLookup]) -> CustomerAccounts:
    return cast(Shopify, platforms.get(Shopify.name)).customer_accounts


class Shopify(StorePlatform):
    """Stores of Shopify. `app` is None where the operator has registered none."""

    name = "shopify"
    title = "Shopify"
    takes_requests = False
    form = ConnectForm(
        heading="Shopify",
        consent=ConsentForm(
            field=FormField(name="store", label="Store address", placeholder="acme.myshopify.com"),
            link="/integrations/shopify/install?shop=",
        ),
    )
    webhooks = WebhookSource(
        platform="shopify",
        verify=_verify,
        read=_read,
        store_of=lambda delivery: webhooks.shop_domain(delivery.headers) or "",
    )
    routes = (
        Router(
            path="/",
            route_handlers=[install_router, embedded_app_router, sign_in_router],
            dependencies={
                "shopify": Provide(_provide_install, sync_to_thread=False),
                "shopify_admin": Provide(_provide_admin, sync_to_thread=False),
                "customer_accounts": Provide(_provide_accounts, sync_to_thread=False),
            },
        ),
    )
    sign_in_help = (
        "Shoppers who sign in to their account see all their orders. In Shopify's admin open Headless > your "
        "storefront > Customer Account API (a public client), list this callback there, and paste the client id:"
    )

    def __init__(self, context: PlatformContext) -> None:
        super().__init__(context)
        self.app, self._origin = _app(context.settings), context.settings.shopify_origin
        if self.app:
            sdk.load()
        self.install = ShopifyInstall(self.app, self._origin, context.egress, context.stores)
        self.admin = ShopifyAdmin(self.app, self._origin, context.egress, context.stores)
        self.customer_accounts = CustomerAccounts(
            context.order_stores,
            context.shops,
            context.vault,
            context.redis,
            context.limiter,
            context.egress,
            origin=self._origin,
            base_url=context.settings.base_url,
        )

    def build_adapter(self, store: StoreConnection, credentials: SealedCredentials) -> ShopPlatform:
        """Speaks to the Admin API of the store's permanent domain."""
        if self.app is None:
            raise PlatformUnavailable("this installation has no Shopify app; the operator has to set SHOPIFY_API_KEY")
        domain = store.settings["store"]
        http, origin = (
            StoreHttp(self.context.egress.create_client(), "Shopify"),
            self._origin.replace("{store}", domain),
        )
        return ShopifyPlatform(domain, http, credentials, self.app, origin=origin)

    @property
    def missing_settings(self) -> tuple[str, ...]:
        """The app's key and secret."""
        return () if self.app else ("SHOPIFY_API_KEY", "SHOPIFY_API_SECRET")

    @property
    def app_secrets(self) -> tuple[str, ...]:
        """The secrets of the app, which all stores share."""
        return self.context.settings.shopify_api_secrets

    async def offers_sign_in(self, store: StoreConnection) -> bool:
        """Where the merchant has set the client of the store's Customer Account API."""
        return self.customer_accounts.is_offered_by(store)

    def notes(self, settings: StoreSettings) -> tuple[str, ...]:
        """How far back orders can be looked up."""
        return () if settings.get("all_orders") else (SIXTY_DAYS,)


def _app(settings: Settings) -> ShopifyApp | None:
    if not (settings.shopify_api_key and settings.shopify_api_secrets):
        return None
    return ShopifyApp(settings.shopify_api_key, settings.shopify_api_secrets, settings.base_url)
