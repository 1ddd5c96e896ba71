"""A connected WooCommerce shop: `ShopPlatform` over its REST API."""

from collections.abc import AsyncIterator
from datetime import datetime

from integrations.platform import CatalogItem, Credentials, Order, PolicyPage
from integrations.store_http import StoreHttp
from integrations.woocommerce.catalog import CatalogReader
from integrations.woocommerce.check import StoreFacts, try_keys
from integrations.woocommerce.client import WooClient
from integrations.woocommerce.orders import OrderReader
from integrations.woocommerce.pages import read_policies
from integrations.woocommerce.webhook_subscriptions import ensure_webhooks, remove_webhooks


class WooCommercePlatform:
    """`credentials` hold `consumer_key` and `consumer_secret`, and `webhook_secret` after `ensure_webhooks`."""

    def __init__(self, store_url: str, http: StoreHttp, credentials: Credentials) -> None:
        """`store_url` as `auth.normalise_store_url` gives it."""
        self._client = WooClient(store_url, http, credentials)
        self._credentials = credentials
        self._catalog = CatalogReader(self._client)
        self._orders = OrderReader(self._client)

    async def close(self) -> None:
        """Give connections back."""
        await self._client.close()

    async def try_keys(self) -> StoreFacts:
        """What the shop says of itself when asked with these keys. Raises PlatformRevoked when they are not good."""
        return await try_keys(self._client)

    def fetch_products(self, since: datetime | None = None) -> AsyncIterator[CatalogItem]:
        """The products shoppers may see, by id; with `since` what changed after it, what was taken away as removed."""
        return self._catalog.published() if since is None else self._catalog.changed(since)

    async def fetch_product(self, reference: str) -> CatalogItem | None:
        """The product with this id, or the one this variation belongs to; removed when it is not to be seen."""
        return await self._catalog.one(reference)

    async def fetch_policies(self) -> list[PolicyPage]:
        """Published pages that sound like policies or help."""
        return await read_policies(self._client)

    async def ensure_webhooks(self, callback_url: str) -> tuple[str, ...]:
        """Makes missing webhooks and replaces those that WooCommerce disabled."""
        return await ensure_webhooks(self._client, self._credentials, callback_url)

    async def remove_webhooks(self, callback_url: str) -> None:
        """Deletes the webhooks that `ensure_webhooks` made. WooCommerce would go on posting whole orders."""
        await remove_webhooks(self._client, callback_url)

    def take_notes(self) -> tuple[str, ...]:
        """Where prices could not be read as the shop shows them."""
        return self._catalog.notes

    async def find_order(self, number: str) -> Order | None:
        """The order with this number as an outline; also where a plugin counts orders on its own."""
        return await self._orders.find(number)

    async def fetch_order_details(self, order: Order) -> Order:
        """The order with its parcels, refunds and what the shop wrote of it to its customer."""
        return await self._orders.details(order)

    async def list_customer_orders(self, customer_id: str, limit: int = 10) -> list[Order]:
        """The newest orders of a registered customer."""
        return await self._orders.of_customer(customer_id, limit)
