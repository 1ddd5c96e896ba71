"""A shop platform in memory whose manners a test can change: slow, down, revoked, careless."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime

from integrations.platform import (
    Address,
    Money,
    Order,
    OrderItem,
    OrderStatus,
    PolicyPage,
    Product,
    Shipment,
    Tracking,
    normalise_order_number,
)

OWNER_EMAIL = "nora.winther@example.com"


def an_order(number: str = "#1001", **changes: object) -> Order:
    """A delivered-in-part order of Nora Winther, customer c-1."""
    fields: dict[str, object] = {
        "number": number,
        "status": OrderStatus.PARTIALLY_SHIPPED,
        "placed_at": datetime(2026, 11, 2, 9, 30, tzinfo=UTC),
        "email": OWNER_EMAIL,
        "customer_id": "c-1",
        "customer_name": "Nora Winther",
        "billing_postcode": "8000",
        "items": (
            OrderItem(
                title="Wool blanket", quantity=1, variant_title="Moss", sku="WB-MOSS", unit_price=Money(8900, "EUR")
            ),
            OrderItem(title="Brass lamp", quantity=2, unit_price=Money(4500, "EUR")),
        ),
        "shipments": (
            Shipment(
                status=OrderStatus.DELIVERED,
                delivered_on=date(2026, 11, 6),
                tracking=(Tracking(carrier="PostNord", number="PN42", url="https://track.postnord.dk/PN42"),),
                items=(("Wool blanket", 1),),
            ),
            Shipment(status=OrderStatus.SHIPPED, estimated_delivery=date(2026, 11, 24), items=(("Brass lamp", 2),)),
        ),
        "ship_to": Address(
            name="Nora Winther", line1="Strandgade 14", city="Aarhus", postcode="DK-8000", country="Denmark"
        ),
        "total": Money(17900, "EUR"),
    }
    return Order(**(fields | changes))  # type: ignore[arg-type]


class MemoryPlatform:
    """Implements `ShopPlatform`. `failure` is raised by every call, `delay_s(found)` is how long a call takes."""

    def __init__(self, *orders: Order) -> None:
        self.orders = {normalise_order_number(order.number): order for order in orders}
        self.failure: Exception | None = None
        self.delay_s: Callable[[bool], float] = lambda _found: 0.0
        self.careless_with: str | None = None
        """Answer every unknown number with this order, as a platform's search does."""
        self.calls = 0
        self.asked = asyncio.Event()

    async def close(self) -> None:
        return None

    async def fetch_products(self) -> AsyncIterator[Product]:
        for product in ():
            yield product

    async def fetch_policies(self) -> list[PolicyPage]:
        return []

    async def find_order(self, number: str) -> Order | None:
        key = normalise_order_number(number)
        found = self.orders.get(key) or self.orders.get(self.careless_with or "")
        await self._answer(found is not None)
        return found

    async def fetch_order_details(self, order: Order) -> Order:
        return order

    async def list_customer_orders(self, customer_id: str, limit: int = 10) -> list[Order]:
        await self._answer(True)
        careless = self.careless_with is not None
        return [order for order in self.orders.values() if careless or order.customer_id == customer_id][:limit]

    async def _answer(self, found: bool) -> None:
        self.calls += 1
        self.asked.set()
        if self.failure:
            raise self.failure
        await asyncio.sleep(self.delay_s(found))
