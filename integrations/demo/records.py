"""The files of a demo shop's folder, line by line: what `store.py` reads.

Money is written as people write it ("289.00"), days as whole days from today (-3 is three days ago, 4 in four
days), so that a demo never ages. Unknown fields are refused: a misspelt one would silently say nothing.
"""

from msgspec import Struct


class ShopperRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """The customer whom the storefront can sign in, and the order that its hints name."""

    id: str
    name: str
    email: str
    order_number: str


class PromiseRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """A line that product pages carry, linked to the policy it comes from (its slug)."""

    text: str
    policy: str


class ShopRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """`shop.json`. `currency` is the one of prices that name none."""

    name: str = "Demo shop"
    tagline: str = ""
    intro: str = ""
    promises: tuple[PromiseRecord, ...] = ()
    contact_email: str | None = None
    currency: str = "USD"
    shopper: ShopperRecord | None = None
    questions: tuple[str, ...] = ()


class PictureRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """Which motif is drawn, in which colours (`#rrggbb`)."""

    motif: str
    colour: str
    accent: str


class VariantRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """One buyable form. With `preorder_weeks` it can be bought although `stock` is 0."""

    sku: str
    price: str
    stock: int | None = None
    available: bool | None = None
    compare_at: str | None = None
    preorder_weeks: int | None = None
    options: dict[str, str] = {}


class ProductRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """A line of `products.jsonl`."""

    id: str
    title: str
    variants: tuple[VariantRecord, ...]
    description: str = ""
    brand: str | None = None
    category: tuple[str, ...] = ()
    attributes: dict[str, str] = {}
    picture: PictureRecord | None = None


class ItemRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """An order line as it was bought: titles and prices of that day."""

    title: str
    price: str
    quantity: int = 1
    sku: str | None = None
    variant: str | None = None
    refunded: int = 0
    available_in: int | None = None


class TrackingRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """One parcel number."""

    number: str
    carrier: str | None = None
    url: str | None = None


class ShipmentRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """One parcel. `items` are positions in the order's `items`, from 0; all of them when left out."""

    status: str
    shipped: int | None = None
    delivered: int | None = None
    eta: int | None = None
    tracking: tuple[TrackingRecord, ...] = ()
    items: tuple[int, ...] | None = None


class RefundRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """Money given back. `items` are (position, quantity)."""

    on: int
    amount: str
    items: tuple[tuple[int, int], ...] = ()


class AddressRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """Where it goes."""

    name: str | None = None
    line1: str | None = None
    city: str | None = None
    postcode: str | None = None
    country: str | None = None


class OrderRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """A line of `orders.jsonl`. `at` is the hour of the day in UTC, "14:05"."""

    number: str
    status: str
    placed: int
    email: str | None
    total: str
    items: tuple[ItemRecord, ...]
    at: str = "10:00"
    shipping: str = "0.00"
    currency: str | None = None
    customer_id: str | None = None
    customer_name: str | None = None
    billing_postcode: str | None = None
    ship_to: AddressRecord | None = None
    shipments: tuple[ShipmentRecord, ...] = ()
    refunds: tuple[RefundRecord, ...] = ()
    eta: int | None = None
    cancelled: int | None = None
