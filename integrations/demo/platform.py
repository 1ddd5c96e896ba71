"""The demo shop as a connected platform: `ShopPlatform` over the files of a folder."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

from integrations.demo.store import DemoStore
from integrations.platform import CatalogItem, Order, PolicyPage


def _utc_now() -> datetime:
    return datetime.now(UTC)


class DemoPlatform:
    """Answers like a real store. `clock` tells the aware UTC time that orders are dated from."""

    def __init__(self, data: DemoStore, clock: Callable[[], datetime] = _utc_now) -> None:
        self._data = data
        self._clock = clock

    async def close(self) -> None:
        """Nothing to give back: the store is in memory."""

    async def fetch_products(self, since: datetime | None = None) -> AsyncIterator[CatalogItem]:
        """Every product, in the order of the file; none since any moment, for files do not change while served."""
        for product in self._data.products if since is None else ():
            yield product

    async def fetch_product(self, reference: str) -> CatalogItem | None:
        """The product with this id."""
        return next((product for product in self._data.products if product.external_id == reference), None)

    async def ensure_webhooks(self, callback_url: str) -> tuple[str, ...]:
        """Nothing to mend: nothing changes."""
        return ()

    async def fetch_policies(self) -> list[PolicyPage]:
        """Every policy page, in the order of their file names."""
        return list(self._data.policies)

    async def remove_webhooks(self, callback_url: str) -> None:
        """Nothing: there are none."""

    def take_notes(self) -> tuple[str, ...]:
        """None."""
        return ()

    async def find_order(self, number: str) -> Order | None:
        """The order with exactly this number after normalisation, or None."""
        return self._data.find_order(number, self._clock())

    async def fetch_order_details(self, order: Order) -> Order:
        """The order: `find_order` knows everything."""
        return order

    async def list_customer_orders(self, customer_id: str, limit: int = 10) -> list[Order]:
        """The newest orders of a signed-in customer; guests' orders belong to nobody."""
        return self._data.customer_orders(customer_id, self._clock())[:limit]
