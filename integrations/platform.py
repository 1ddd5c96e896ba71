"""The one protocol every shop platform speaks, and the one vocabulary for products, orders and policies.

Shopify, WooCommerce, product feeds and the demo shop all answer in these shapes; nothing behind this file
knows which of them it talks to. Money is integer minor units with an ISO 4217 code, times are aware UTC.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol, TypeAlias

from msgspec import Struct


class Money(Struct, frozen=True):
    """An exact amount: `amount` in the minor unit of `currency` (ISO 4217), so 19.99 USD is 1999."""

    amount: int
    currency: str


class Variant(Struct, frozen=True, kw_only=True):
    """One buyable form of a product. `stock` is None when the platform does not tell."""

    id: str
    title: str
    price: Money | None = None
    compare_at_price: Money | None = None
    available: bool = True
    sku: str | None = None
    barcode: str | None = None
    stock: int | None = None
    options: dict[str, str] = {}


class Product(Struct, frozen=True, kw_only=True):
    """A published product. Text fields are plain text; `attributes` holds whatever else the source tells."""

    external_id: str
    title: str
    description: str = ""
    brand: str | None = None
    category: tuple[str, ...] = ()
    url: str | None = None
    image_url: str | None = None
    price: Money | None = None
    compare_at_price: Money | None = None
    available: bool = True
    variants: tuple[Variant, ...] = ()
    attributes: dict[str, str] = {}
    identifiers: tuple[str, ...] = ()
    """Further part numbers, MPNs, EANs under which people ask for it (variants add their own)."""
    updated_at: datetime | None = None


class PolicyPage(Struct, frozen=True, kw_only=True):
    """A policy or help page. `body` is Markdown or HTML, as `media_type` says."""

    external_id: str
    title: str
    body: str
    url: str | None = None
    media_type: str = "text/markdown"
    updated_at: datetime | None = None


class OrderStatus(StrEnum):
    """Where an order stands as a whole, by meaning; adapters map platform enums onto it."""

    PENDING = "pending"
    ON_HOLD = "on_hold"
    PROCESSING = "processing"
    PREORDER = "preorder"
    PARTIALLY_SHIPPED = "partially_shipped"
    SHIPPED = "shipped"
    OUT_FOR_DELIVERY = "out_for_delivery"
    READY_FOR_PICKUP = "ready_for_pickup"
    DELIVERY_FAILED = "delivery_failed"
    DELIVERED = "delivered"
    RETURN_IN_PROGRESS = "return_in_progress"
    RETURNED = "returned"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


class Tracking(Struct, frozen=True, kw_only=True):
    """One parcel number. `url` is the carrier's own page or None."""

    carrier: str | None
    number: str
    url: str | None = None


class OrderItem(Struct, frozen=True, kw_only=True):
    """One order line."""

    title: str
    quantity: int
    variant_title: str | None = None
    sku: str | None = None
    unit_price: Money | None = None
    refunded_quantity: int = 0
    available_from: date | None = None
    """Set for a pre-ordered line: the day the shop expects it."""


class Shipment(Struct, frozen=True, kw_only=True):
    """One parcel or fulfilment. `items` are (title, quantity)."""

    status: OrderStatus
    shipped_on: date | None = None
    delivered_on: date | None = None
    estimated_delivery: date | None = None
    tracking: tuple[Tracking, ...] = ()
    items: tuple[tuple[str, int], ...] = ()


class Refund(Struct, frozen=True, kw_only=True):
    """Money given back."""

    refunded_on: date
    amount: Money
    items: tuple[tuple[str, int], ...] = ()


class Address(Struct, frozen=True, kw_only=True):
    """Where it goes. Only city and the end of the postcode ever reach a shopper."""

    name: str | None = None
    line1: str | None = None
    city: str | None = None
    postcode: str | None = None
    country: str | None = None


class Order(Struct, frozen=True, kw_only=True):
    """An order as the platform knows it: everything, personal data included. Only `orders` may hold one, and
    a shopper sees it through `OrderView`. `email` is None when the platform may not tell it."""

    number: str
    status: OrderStatus
    placed_at: datetime
    email: str | None = None
    customer_id: str | None = None
    customer_name: str | None = None
    billing_postcode: str | None = None
    items: tuple[OrderItem, ...] = ()
    shipments: tuple[Shipment, ...] = ()
    refunds: tuple[Refund, ...] = ()
    ship_to: Address | None = None
    total: Money | None = None
    estimated_delivery: date | None = None
    cancelled_at: datetime | None = None


class RemovedProduct(Struct, frozen=True):
    """A product that shoppers may no longer see: deleted, unpublished, hidden or back in draft."""

    external_id: str


class RefusedProduct(Struct, frozen=True, kw_only=True):
    """A product the platform sent and we cannot take; the rest goes on. `reason` is for the merchant."""

    external_id: str
    title: str
    reason: str


CatalogItem: TypeAlias = Product | RemovedProduct | RefusedProduct


class CatalogChanged(Struct, frozen=True, tag=True):
    """Something in the catalog may have changed. `reference` is what `ShopPlatform.product` takes; None means that
    it cannot be said which products, so the catalog is to be read again."""

    reference: str | None = None


class OrderChanged(Struct, frozen=True, tag=True):
    """An order may have changed: nothing remembered of it holds any more. `number` is None where it is not told."""

    number: str | None = None


class PoliciesChanged(Struct, frozen=True, tag=True):
    """Policies, pages or the shop's own details may have changed."""


class Disconnected(Struct, frozen=True, tag=True):
    """The merchant has taken our access away at the platform."""


class PersonNamed(Struct, frozen=True, kw_only=True):
    """A person in a privacy request, as the platform names them."""

    customer_id: str | None = None
    email: str | None = None
    phone: str | None = None
    order_numbers: tuple[str, ...] = ()


class ExportAsked(Struct, frozen=True, tag=True):
    """A person wants to know what is kept of them. `request_id` is the platform's own."""

    person: PersonNamed
    request_id: str | None = None


class ErasureAsked(Struct, frozen=True, tag=True):
    """What is kept of a person has to go."""

    person: PersonNamed


class ShopErasureAsked(Struct, frozen=True, tag=True):
    """All that is kept of the shop has to go."""


PlatformChange: TypeAlias = (
    CatalogChanged | OrderChanged | PoliciesChanged | Disconnected | ExportAsked | ErasureAsked | ShopErasureAsked
)
"""What a webhook tells. Never the news itself: what is written comes from the platform when it is asked again, so
neither the order of webhooks, nor repeats, nor late ones can make our copy differ from the source."""


class Credentials(Protocol):
    """Where a connection's secrets live: sealed at rest, shared by all processes."""

    async def read(self) -> dict[str, str]:
        """As they are now. Raises PlatformRevoked when the connection is gone."""

    def change(self) -> AbstractAsyncContextManager[dict[str, str]]:
        """Alone among all processes: yields the newest, saves what was changed in the dict when the block ends well.

        For tokens that may be exchanged only once: look again whether another process has done it already.
        """


class PlatformError(Exception):
    """The platform did not answer as hoped. The message is for staff and never holds a secret."""


class PlatformUnavailable(PlatformError):
    """Down, slow, throttled or talking nonsense: try again later. Never to be read as "not found"."""

    def __init__(self, reason: str, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class PlatformRevoked(PlatformError):
    """The credential no longer works; the merchant has to connect again."""


class ShopPlatform(Protocol):
    """A connected store. Implementations hold their own credentials and never log them.

    Every method raises PlatformUnavailable when the platform cannot say, PlatformRevoked when it refuses us.
    """

    async def close(self) -> None:
        """Give connections back."""

    def products(self, since: datetime | None = None) -> AsyncIterator[CatalogItem]:
        """The published products, in a stable order; with `since` (aware UTC) those changed after it, and those
        that can be seen to have gone. Ends only when all were told: a page that fails raises."""

    async def product(self, reference: str) -> CatalogItem | None:
        """One product as it is now, by a reference from `CatalogChanged` or its external id; None for a reference
        that leads to no product."""

    async def policies(self) -> list[PolicyPage]:
        """Policies and help pages that shoppers may read."""

    async def watch(self, callback_url: str) -> tuple[str, ...]:
        """See to it that the platform tells `callback_url` of changes; what had to be mended, for the merchant."""

    async def find_order(self, number: str) -> Order | None:
        """The order with exactly this number (after `normalise_order_number`), or None when there is none."""

    async def list_customer_orders(self, customer_id: str, limit: int = 10) -> list[Order]:
        """The newest orders of one signed-in customer, newest first."""


def normalise_order_number(text: str) -> str:
    """The form in which two ways of writing one order number are equal: "# W3754544" and "#w3754544" alike."""
    return "".join(character for character in text if character.isalnum()).upper()
