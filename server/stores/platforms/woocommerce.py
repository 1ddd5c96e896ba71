"""WooCommerce: connected with keys that the merchant makes, or that the shop posts after its consent page."""

from typing import cast
from urllib.parse import urlsplit

from litestar import Router
from litestar.di import NamedDependency, Provide

from integrations.platform import ShopPlatform
from integrations.store_http import StoreHttp
from integrations.woocommerce import webhooks
from integrations.woocommerce.auth import consent_url, normalise_store_url
from integrations.woocommerce.platform import WooCommercePlatform
from server.shops.models import Caller
from server.stores.connect_form import ConnectForm, Consent, ConsentForm, FormField
from server.stores.credentials import SealedCredentials
from server.stores.models import NewStore, StoreConnection
from server.stores.platform import PlatformContext, PlatformLookup, StorePlatform, StoreRequest
from server.stores.webhook_source import WebhookDelivery, WebhookReading, WebhookSource
from server.stores.woocommerce.consent_pages import CALLBACK, consent_router
from server.stores.woocommerce.keys import KeyCheck, WooCommerceRequest

STORE = FormField(name="store", label="Shop address", type="url", placeholder="https://shop.example", max_length=500)


def _verify(delivery: WebhookDelivery, secrets: tuple[str, ...]) -> bool:
    signature = delivery.headers.get(webhooks.SIGNATURE_HEADER)
    return any(webhooks.verify(delivery.body, signature, secret) for secret in secrets)


def _read(delivery: WebhookDelivery) -> WebhookReading:
    topic = delivery.headers.get(webhooks.TOPIC_HEADER, "")
    key = webhooks.delivery_key(delivery.headers, delivery.body)
    return WebhookReading(topic=topic, key=key, change=webhooks.read_change(topic, delivery.body))


def _provide_key_check(platforms: NamedDependency[PlatformLookup]) -> KeyCheck:
    return cast(WooCommerce, platforms.get(WooCommerce.name)).key_check


class WooCommerce(StorePlatform):
    """Shops that run WooCommerce."""

    name = "woocommerce"
    title = "WooCommerce"
    request = WooCommerceRequest
    form = ConnectForm(
        heading="WooCommerce",
        consent=ConsentForm(field=STORE),
        fields=(
            STORE,
            FormField(name="consumer_key", label="Consumer key", is_secret=True),
            FormField(name="consumer_secret", label="Consumer secret", type="password", is_secret=True),
        ),
        keys_from="WooCommerce > Settings > Advanced > REST API (Read/Write)",
        button="Connect with keys",
    )
    webhooks = WebhookSource(
        platform="woocommerce",
        verify=_verify,
        read=_read,
        is_ping=lambda delivery: webhooks.is_ping(delivery.body),
    )
    routes = (
        Router(
            path="/",
            route_handlers=[consent_router],
            dependencies={"key_check": Provide(_provide_key_check, sync_to_thread=False)},
        ),
    )

    def __init__(self, context: PlatformContext) -> None:
        super().__init__(context)
        self.key_check = KeyCheck(context.egress)

    def build_adapter(self, store: StoreConnection, credentials: SealedCredentials) -> ShopPlatform:
        """Speaks to the REST API of the shop's address."""
        http = StoreHttp(self.context.egress.create_client(), "the shop's WooCommerce")
        return WooCommercePlatform(store.settings["store"], http, credentials)

    async def prepare(self, request: StoreRequest) -> NewStore:
        """The shop, when it takes the keys. Raises Invalid."""
        assert isinstance(request, WooCommerceRequest)
        return await self.key_check.prepare(request)

    def offers_consent(self) -> bool:
        """WooCommerce posts keys to https addresses only."""
        return self.context.settings.base_url.startswith("https://")

    async def begin_consent(self, caller: Caller, entered_store: str) -> Consent:
        """The shop's own page, on which its merchant grants us keys. Raises ValueError, in words for the merchant."""
        store_url = normalise_store_url(entered_store)
        state = await self.context.stores.create_attempt(caller, self.name, store_url)
        own = f"{self.context.settings.base_url}{CALLBACK}"
        return Consent(
            consent_url(store_url, state=state, callback_url=own, return_url=own), urlsplit(store_url).netloc
        )
