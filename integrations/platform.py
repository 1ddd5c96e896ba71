"""The protocol of a shop platform, and the shapes of its products, orders, policies and changes.

Shopify, WooCommerce, product feeds and the demo store are all used through it; nothing that uses it knows which of them
it has. Money is integer minor units with an ISO 4217 code, times are aware UTC. Errors:

PlatformError              the platform did not do what was requested
├── PlatformUnavailable    down, slow, throttled or unintelligible: try again later. Never means "not found"
│   ├── PagesUnreadable    policies and help pages alone: all else can be read
│   └── (of an adapter)    AccessDenied of Shopify, Declined of WooCommerce
└── PlatformRevoked        the credentials no longer work: the merchant has to connect the store again

NotConnected, of the server's orders, is a PlatformError as well: the shop has no store that knows orders.
"""

import unicodedata
from collections.abc import AsyncIterator, Iterable
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
    """One buyable form of a product. `stock` is None where the platform does not say."""

    id: str
    title: str
    price: Money | None = None
    compare_at_price: Money | None = None
    available: bool = True
    sku: str | None = None
    barcode: str | None = None
    stock: int | None = None
    options: dict[str, str] = {}
    on_backorder: bool = False
    """It can be ordered though nothing is in stock, and ships later."""
    can_add_to_cart: bool = True
    """Whether its id is all that a cart needs; otherwise it is chosen, or bought elsewhere, on its page."""


class Product(Struct, frozen=True, kw_only=True):
    """A published product. Text fields are plain text; `attributes` has whatever else the source says."""

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
    """Further part numbers, MPNs and EANs by which people look for it (variants add their own)."""
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
    PAYMENT_FAILED = "payment_failed"
    """The payment was refused; the order waits to be paid again."""
    ON_HOLD = "on_hold"
    PROCESSING = "processing"
    PREORDER = "preorder"
    PARTIALLY_SHIPPED = "partially_shipped"
    SHIPPED = "shipped"
    OUT_FOR_DELIVERY = "out_for_delivery"
    READY_FOR_PICKUP = "ready_for_pickup"
    DELIVERY_FAILED = "delivery_failed"
    DELIVERED = "delivered"
    COMPLETED = "completed"
    """The shop has finished the order, and says nothing of a parcel: picked up, served, or not to be sent at all."""
    DOWNLOAD_READY = "download_ready"
    """Finished, with nothing in it but downloads."""
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
    """For a pre-ordered line, the day on which the shop expects it."""


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
    """Where an order is shipped. A shopper is shown only the city and the end of the postcode."""

    name: str | None = None
    line1: str | None = None
    city: str | None = None
    postcode: str | None = None
    country: str | None = None


class Order(Struct, frozen=True, kw_only=True):
    """An order as the platform knows it: everything, personal data included. Only `orders` handles
    one, and a shopper sees it as an `OrderView`. `email` is None where the platform withholds it."""

    number: str
    status: OrderStatus
    placed_at: datetime
    status_label: str | None = None
    """The shop's own name for a status that it made itself, in the shop's language."""
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
    placed_on: date | None = None
    """The day of `placed_at` in the shop's own zone, as its mails name it; None where the platform tells none."""
    cancelled_on: date | None = None
    """The day of `cancelled_at` in the shop's own zone."""
    platform_id: str | None = None
    """By which the platform knows the order, where that is not its number."""
    is_outline: bool = False
    """Whether `ShopPlatform.fetch_order_details` can say more of its parcels and refunds."""


class RemovedProduct(Struct, frozen=True):
    """A product that shoppers may no longer see: deleted, unpublished, hidden or back in draft."""

    external_id: str


class RefusedProduct(Struct, frozen=True, kw_only=True):
    """A product of the platform that cannot be imported; the others are. `reason` is for the merchant."""

    external_id: str
    title: str
    reason: str


CatalogItem: TypeAlias = Product | RemovedProduct | RefusedProduct


class CatalogChanged(Struct, frozen=True, tag=True):
    """Something in the catalog may have changed. `reference` is what `ShopPlatform.fetch_product` takes; None means
    that it is unknown which products, so that the whole catalog has to be read."""

    reference: str | None = None


class OrderChanged(Struct, frozen=True, tag=True):
    """An order may have changed: what is cached of it is out of date. `number` is None where it is unknown."""

    number: str | None = None


class PoliciesChanged(Struct, frozen=True, tag=True):
    """Policies, pages or the shop's own details may have changed."""


class Disconnected(Struct, frozen=True, tag=True):
    """The merchant has taken our access away at the platform."""


class NamedPerson(Struct, frozen=True, kw_only=True):
    """A person in a privacy request, as the platform names them."""

    customer_id: str | None = None
    email: str | None = None
    phone: str | None = None
    order_numbers: tuple[str, ...] = ()


class ExportRequested(Struct, frozen=True, tag="ExportAsked"):
    """A person requests a copy of their data. `request_id` is the platform's own. The tag is that of stored rows."""

    person: NamedPerson
    request_id: str | None = None


class ErasureRequested(Struct, frozen=True, tag="ErasureAsked"):
    """A person's data has to be erased. The tag is that of stored rows."""

    person: NamedPerson


class ShopErasureRequested(Struct, frozen=True, tag="ShopErasureAsked"):
    """All data that came from the store has to be erased. The tag is that of stored rows."""


PlatformChange: TypeAlias = (
    CatalogChanged
    | OrderChanged
    | PoliciesChanged
    | Disconnected
    | ExportRequested
    | ErasureRequested
    | ShopErasureRequested
)
"""What a webhook says has changed, never the new values: those are read from the platform. So neither the order of
webhooks, nor repeats, nor delays can make our copy differ from the source."""


class Credentials(Protocol):
    """The secrets of a connected store: sealed at rest, shared by all processes."""

    async def read(self) -> dict[str, str]:
        """The present secrets. Raises PlatformRevoked when the store is no longer connected."""

    def change(self) -> AbstractAsyncContextManager[dict[str, str]]:
        """Lock the secrets for one process, yield them as a dict and save the changed dict when the block ends without
        an error.

        For tokens that can be exchanged only once: check first whether another process has done it.
        """


class PlatformError(Exception):
    """The platform did not do what was requested. The message is for staff and never contains a secret."""


class PlatformUnavailable(PlatformError):
    """Down, slow, throttled or unintelligible: try again later, after `retry_after_s` where it is given."""

    def __init__(self, reason: str, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class PagesUnreadable(PlatformUnavailable):
    """The platform does not let anybody read its pages, or cannot; the message says what the merchant can do."""


class PlatformRevoked(PlatformError):
    """The credentials no longer work; the merchant has to connect the store again."""


class ShopPlatform(Protocol):
    """A connected store. Implementations read their credentials themselves and never log them.

    Every method raises PlatformUnavailable when the platform does not respond, PlatformRevoked when it refuses us.
    """

    async def close(self) -> None:
        """Close its HTTP connections."""

    def fetch_products(self, since: datetime | None = None) -> AsyncIterator[CatalogItem]:
        """The published products, in a stable order; with `since` (aware UTC) those changed after it, and
        those that are known to be removed. Ends only after the last one: a page that fails raises."""

    async def fetch_product(self, reference: str) -> CatalogItem | None:
        """One product as it is now, by a reference from `CatalogChanged` or its external id; None for a reference
        that leads to no product."""

    async def fetch_policies(self) -> list[PolicyPage]:
        """Policies and help pages that shoppers may read. Raises PagesUnreadable."""

    def take_notes(self) -> tuple[str, ...]:
        """What the merchant should know of the products read since the last call, in sentences."""

    async def ensure_webhooks(self, callback_url: str) -> tuple[str, ...]:
        """Make the platform send webhooks to `callback_url`; the result shows the merchant what had to be repaired."""

    async def remove_webhooks(self, callback_url: str) -> None:
        """Make the platform send nothing more to `callback_url`."""

    async def find_order(self, number: str) -> Order | None:
        """The order with this number (`is_number_of`), or None when there is none. A platform that needs further
        requests for parcels and refunds leaves them out and sets `is_outline`."""

    async def fetch_order_details(self, order: Order) -> Order:
        """An outline that `find_order` returned, with all that is known of the order now."""

    async def list_customer_orders(self, customer_id: str, limit: int = 10) -> list[Order]:
        """The newest orders of one signed-in customer, newest first."""


def normalise_order_number(text: str) -> str:
    """An order number without marks, in upper case and in ASCII digits: "# W3754544", "#w3754544" and the same in
    full-width or Arabic-Indic digits all become "W3754544"."""
    return "".join(map(_plain, text)).upper()


def _plain(character: str) -> str:
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    if not character.isalnum() or character in _ORDINAL_SIGNS:
        return ""
    return "".join(each for each in unicodedata.normalize("NFKC", character) if each.isalnum())


_ORDINAL_SIGNS = "ºª"
"""Letters to Unicode, and part of "nº"."""

MIN_BARE_DIGITS = 3
"""Digits of a number that may stand for one with a prefix."""


def is_number_of(order_number: str, wanted: str) -> bool:
    """Whether `wanted`, normalised, names the order with this number as the platform writes it: it is the number, or
    its last digits behind the prefix that the shop prints ("9001" for "RG-9001" and "2026-9001")."""
    known = normalise_order_number(order_number)
    if known == wanted:
        return True
    if not wanted.isdecimal() or len(wanted) < MIN_BARE_DIGITS or not known.endswith(wanted):
        return False
    written = order_number.rstrip()
    return written.endswith(wanted) and not written[: -len(wanted)][-1:].isdecimal()


def choose_number(numbers: Iterable[str], wanted: str) -> str | None:
    """The one of these order numbers that `wanted`, normalised, names: the exact one, or the only one that has a
    prefix besides. None where there is none, and where several differ in their prefix alone."""
    known = list(dict.fromkeys(numbers))
    exact = [number for number in known if normalise_order_number(number) == wanted]
    fitting = exact or [number for number in known if is_number_of(number, wanted)]
    return fitting[0] if exact or len(fitting) == 1 else None
