"""Shopify's responses as far as we read them. Enums stay text: a value that is new next quarter breaks no sync."""

from datetime import datetime
from typing import Generic, TypeVar

from msgspec import Struct

T = TypeVar("T")


class Answered(Struct, frozen=True, kw_only=True, rename="camel"):
    """GraphQL's names in camelCase, ours in snake_case; what we do not know is passed over."""


class PageInfo(Answered, frozen=True):
    """Where the next page begins."""

    has_next_page: bool = False
    end_cursor: str | None = None


class Nodes(Struct, Generic[T], frozen=True, rename="camel"):
    """A connection."""

    nodes: tuple[T, ...] = ()
    page_info: PageInfo = PageInfo()


class Amount(Answered, frozen=True):
    """A decimal string and its currency."""

    amount: str | None = None
    currency_code: str | None = None


class MoneyBag(Answered, frozen=True):
    """The amount in the currency that the buyer paid in."""

    presentment_money: Amount | None = None


class SelectedOption(Answered, frozen=True):
    """Colour: red."""

    name: str
    value: str


class InventoryItem(Answered, frozen=True):
    """Whether stock is counted."""

    tracked: bool = False


class VariantNode(Answered, frozen=True):
    """One variant. `inventory_policy` CONTINUE sells on when nothing is left."""

    legacy_resource_id: str
    position: int = 0
    title: str = ""
    sku: str | None = None
    barcode: str | None = None
    price: str | None = None
    compare_at_price: str | None = None
    available_for_sale: bool = False
    inventory_policy: str | None = None
    inventory_quantity: int | None = None
    inventory_item: InventoryItem | None = None
    selected_options: tuple[SelectedOption, ...] = ()


class Titled(Answered, frozen=True):
    """A collection."""

    title: str = ""


class Category(Answered, frozen=True):
    """Of Shopify's taxonomy: "Apparel & Accessories > Clothing > Shirts"."""

    full_name: str = ""


class Image(Answered, frozen=True):
    """A picture's address."""

    url: str | None = None


class Preview(Answered, frozen=True):
    """The still of any kind of media."""

    image: Image | None = None


class Media(Answered, frozen=True):
    """A picture, video or model."""

    preview: Preview | None = None


class PriceRange(Answered, frozen=True):
    """Read for its currency."""

    min_variant_price: Amount | None = None


class ProductNode(Answered, frozen=True):
    """One product with its variants."""

    legacy_resource_id: str
    title: str
    status: str
    description_html: str = ""
    vendor: str = ""
    product_type: str = ""
    tags: tuple[str, ...] = ()
    online_store_url: str | None = None
    updated_at: datetime | None = None
    is_gift_card: bool = False
    category: Category | None = None
    featured_media: Media | None = None
    price_range_v2: PriceRange | None = None
    collections: Nodes[Titled] = Nodes()
    variants: Nodes[VariantNode] = Nodes()


class OrderLine(Answered, frozen=True):
    """One order line."""

    id: str
    title: str
    quantity: int
    current_quantity: int | None = None
    variant_title: str | None = None
    sku: str | None = None
    original_unit_price_set: MoneyBag | None = None


class LineNamed(Answered, frozen=True):
    """A line that a parcel, refund or plan points at."""

    id: str
    title: str = ""


class LinePart(Answered, frozen=True):
    """So many of a line."""

    line_item: LineNamed
    quantity: int | None = None
    remaining_quantity: int | None = None


class TrackingInfo(Answered, frozen=True):
    """A parcel number, as far as it was entered."""

    company: str | None = None
    number: str | None = None
    url: str | None = None


class FulfillmentNode(Answered, frozen=True):
    """One parcel."""

    status: str = ""
    display_status: str | None = None
    created_at: datetime | None = None
    in_transit_at: datetime | None = None
    delivered_at: datetime | None = None
    estimated_delivery_at: datetime | None = None
    tracking_info: tuple[TrackingInfo, ...] = ()
    fulfillment_line_items: Nodes[LinePart] = Nodes()


class RefundNode(Answered, frozen=True):
    """Money given back."""

    created_at: datetime | None = None
    processed_at: datetime | None = None
    total_refunded_set: MoneyBag | None = None
    refund_line_items: Nodes[LinePart] = Nodes()


class DeliveryMethod(Answered, frozen=True):
    """What checkout promised."""

    max_delivery_date_time: datetime | None = None


class FulfillmentOrderNode(Answered, frozen=True):
    """What is still to be sent from one place, and from when on."""

    status: str = ""
    fulfill_at: datetime | None = None
    delivery_method: DeliveryMethod | None = None
    line_items: Nodes[LinePart] = Nodes()


class CustomerNamed(Answered, frozen=True):
    """A customer with an account or not; guests have none at all."""

    legacy_resource_id: str


class MailingAddress(Answered, frozen=True):
    """As far as we are granted it."""

    name: str | None = None
    address1: str | None = None
    city: str | None = None
    zip: str | None = None
    country_code_v2: str | None = None


class OrderNode(Answered, frozen=True):
    """One order with all that a shopper may ask of it."""

    name: str
    processed_at: datetime
    cancelled_at: datetime | None = None
    closed_at: datetime | None = None
    display_fulfillment_status: str | None = None
    display_financial_status: str | None = None
    return_status: str | None = None
    email: str | None = None
    customer: CustomerNamed | None = None
    billing_address: MailingAddress | None = None
    shipping_address: MailingAddress | None = None
    total_price_set: MoneyBag | None = None
    line_items: Nodes[OrderLine] = Nodes()
    fulfillments: tuple[FulfillmentNode, ...] = ()
    refunds: tuple[RefundNode, ...] = ()
    fulfillment_orders: Nodes[FulfillmentOrderNode] = Nodes()


class PolicyNode(Answered, frozen=True):
    """A legal policy; `type` as REFUND_POLICY."""

    type: str
    title: str
    body: str
    url: str | None = None
    updated_at: datetime | None = None


class PageNode(Answered, frozen=True):
    """A page of the online store."""

    id: str
    title: str
    body: str
    handle: str
    updated_at: datetime | None = None


class Domain(Answered, frozen=True):
    """The address shoppers know the store by."""

    url: str
