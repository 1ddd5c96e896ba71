"""A Shopify store as a connected platform."""

from collections.abc import AsyncIterator
from datetime import datetime

from integrations.platform import CatalogItem, Credentials, Order, PolicyPage
from integrations.shopify import webhook_subscriptions
from integrations.shopify.app import ShopifyApp
from integrations.shopify.auth import require_shop_domain
from integrations.shopify.bulk import POLL_S, BulkReader
from integrations.shopify.catalog import BULK_ABOVE, Catalog
from integrations.shopify.client import AdminApi
from integrations.shopify.orders import Orders
from integrations.shopify.policies import read_policies
from integrations.shopify.tokens import AccessToken, TokenEndpoint
from integrations.store_http import StoreHttp


class ShopifyPlatform:
    """`ShopPlatform` over the Admin API of one shop.

    `origin` is where the API answers, for tests; `bulk_above` the number of products from which a bulk operation
    pays, `poll_s` the first pause between two looks at one. Raises AuthRefused for what is no shop's domain.
    """

    def __init__(
        self,
        shop_domain: str,
        http: StoreHttp,
        credentials: Credentials,
        app: ShopifyApp,
        *,
        origin: str | None = None,
        bulk_above: int = BULK_ABOVE,
        poll_s: float = POLL_S,
    ) -> None:
        root = origin or f"https://{require_shop_domain(shop_domain)}"
        self._http = http
        self._api = AdminApi(http, root, AccessToken(TokenEndpoint(http, root, app), credentials))
        self._catalog = Catalog(self._api, BulkReader(self._api, http, poll_s=poll_s), bulk_above=bulk_above)
        self._orders = Orders(self._api)

    async def close(self) -> None:
        """Gives connections back."""
        await self._http.close()

    def fetch_products(self, since: datetime | None = None) -> AsyncIterator[CatalogItem]:
        """Active products on the online store; with `since` those changed after it, gone ones as RemovedProduct."""
        return self._catalog.products(since)

    async def fetch_product(self, reference: str) -> CatalogItem | None:
        """By number, or by the gid of a product, a variant or a stock item."""
        return await self._catalog.product(reference)

    async def fetch_policies(self) -> list[PolicyPage]:
        """Legal policies and published pages, as HTML."""
        return await read_policies(self._api)

    async def ensure_webhooks(self, callback_url: str) -> tuple[str, ...]:
        """Subscribe to the webhooks that we need; the result shows the merchant what had to be repaired."""
        return await webhook_subscriptions.ensure_webhooks(self._api, callback_url)

    async def remove_webhooks(self, callback_url: str) -> None:
        """Nothing: Shopify ends them when the app is removed."""

    def take_notes(self) -> tuple[str, ...]:
        """None."""
        return ()

    async def find_order(self, number: str) -> Order | None:
        """The order with exactly this number; see `orders` on how far back Shopify lets us look."""
        return await self._orders.find(number)

    async def fetch_order_details(self, order: Order) -> Order:
        """The order: one document has everything."""
        return order

    async def list_customer_orders(self, customer_id: str, limit: int = 10) -> list[Order]:
        """The newest orders of a customer, by the number that the app proxy or a session names, newest first."""
        return await self._orders.of_customer(customer_id, limit)
