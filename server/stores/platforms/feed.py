"""Any other shop: a product feed that is read on a schedule, an order look-up of the merchant's own, or both."""

from collections.abc import Iterator
from functools import partial
from urllib.parse import urlsplit

import msgspec

from integrations.feed import FeedPlatform, FeedSettings
from integrations.platform import ShopPlatform
from integrations.store_http import StoreHttp
from server.catalog.feed import read_feed
from server.core.addresses import is_web_address
from server.core.crypto import new_secret
from server.core.errors import FieldError, Invalid
from server.stores.connect_form import ConnectForm, FormField
from server.stores.credentials import SealedCredentials
from server.stores.models import NewStore, StoreConnection
from server.stores.platform import StorePlatform, StoreRequest, Text


class FeedRequest(StoreRequest, frozen=True, kw_only=True):
    """At least one of the two addresses."""

    feed_url: Text | None = None
    """A Google product feed, CSV, TSV, JSON or JSON lines."""
    orders_url: Text | None = None
    """The merchant's own order look-up."""


class Feed(StorePlatform):
    """A shop without a platform of ours. The first pass reads the feed and reports what is wrong with it."""

    name = "feed"
    title = "Product feed"
    request = FeedRequest
    address_setting = "feed_url"
    form = ConnectForm(
        heading="Any other shop",
        about="Aisle reads your product feed (Google XML or TSV, CSV, JSON) every hour and asks an address of yours "
        "about orders. The documentation describes the signed request.",
        fields=(
            FormField(
                name="feed_url",
                label="Feed",
                type="url",
                placeholder="https://shop.example/products.xml",
                is_required=False,
                max_length=2000,
            ),
            FormField(
                name="orders_url",
                label="Order look-up (optional)",
                type="url",
                placeholder="https://shop.example/aisle/orders",
                is_required=False,
                max_length=2000,
            ),
        ),
        button="Connect feed",
    )

    def build_adapter(self, store: StoreConnection, credentials: SealedCredentials) -> ShopPlatform:
        """Reads the feed's prices in the shop's currency where it names none."""
        settings = msgspec.convert(store.settings, FeedSettings)
        read = partial(read_feed, currency=store.settings["currency"])
        return FeedPlatform(
            settings, StoreHttp(self.context.egress.create_client(), "the shop's feed"), credentials, read
        )

    async def prepare(self, request: StoreRequest) -> NewStore:
        """The feed's store, with a new secret for its order look-up. Raises Invalid."""
        assert isinstance(request, FeedRequest)
        errors = tuple(self._mistakes(request))
        if errors:
            raise Invalid("An address is missing or not valid.", errors=errors)
        has_orders = request.orders_url is not None
        return NewStore(
            platform=self.name,
            name=request.name or self.name,
            settings={"feed_url": request.feed_url, "orders_url": request.orders_url, "orders": has_orders},
            credentials={"orders_secret": new_secret("os_")} if has_orders else {},
            shown_once=("orders_secret",) if has_orders else (),
            every_s=request.every_s,
        )

    def _mistakes(self, request: FeedRequest) -> Iterator[FieldError]:
        if not (request.feed_url or request.orders_url):
            yield FieldError("feed_url", "give this, orders_url or both")
        if request.feed_url and not is_web_address(request.feed_url):
            yield FieldError("feed_url", "a web address such as https://shop.example/products.xml")
        if request.orders_url and not is_web_address(request.orders_url):
            yield FieldError("orders_url", "a web address such as https://shop.example/aisle/orders")
        elif request.orders_url and not (request.orders_url.startswith("https://") or self._is_listed(request)):
            yield FieldError("orders_url", "must start with https://, since orders are personal")

    def _is_listed(self, request: FeedRequest) -> bool:
        """The operator's "host:port" pairs are the only places that orders may come from without TLS."""
        return urlsplit(request.orders_url or "").netloc in frozenset(self.context.settings.egress_allow)
