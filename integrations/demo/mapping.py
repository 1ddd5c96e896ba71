"""Converts the records of a demo folder to the vocabulary of `integrations.platform`."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation

from integrations.demo.records import (
    AddressRecord,
    ItemRecord,
    OrderRecord,
    ProductRecord,
    RefundRecord,
    ShipmentRecord,
    VariantRecord,
)
from integrations.platform import (
    Address,
    Money,
    Order,
    OrderItem,
    OrderStatus,
    Product,
    Refund,
    Shipment,
    Tracking,
    Variant,
)


def to_money(text: str, currency: str) -> Money:
    """The amount in minor units: 28900 for "289.00". Only currencies with two decimals are supported.

    Raises ValueError for anything but a plain amount with at most two decimals.
    """
    try:
        minor = Decimal(text) * 100
    except InvalidOperation:
        raise ValueError(f"{text!r} is not an amount; write it like 289.00") from None
    if not minor.is_finite() or minor != minor.to_integral_value() or minor < 0:
        raise ValueError(f"{text!r} is not an amount; write it like 289.00")
    return Money(int(minor), currency)


def to_product(record: ProductRecord, currency: str, base_url: str) -> Product:
    """The product, with the price of its cheapest variant. `base_url` has no slash at the end and may be empty."""
    variants = tuple(to_variant(each, currency) for each in record.variants)
    cheapest = min(variants, key=lambda each: each.price.amount if each.price else 0, default=None)
    return Product(
        external_id=record.id,
        title=record.title,
        description=record.description,
        brand=record.brand,
        category=record.category,
        url=f"{base_url}/demo/products/{record.id}",
        image_url=f"{base_url}/demo/images/{record.id}.svg" if record.picture else None,
        price=cheapest.price if cheapest else None,
        compare_at_price=cheapest.compare_at_price if cheapest else None,
        available=any(each.available for each in variants),
        variants=variants,
        attributes={**record.attributes, **_availability(record)},
    )


def to_variant(record: VariantRecord, currency: str) -> Variant:
    """The variant. Unless the record has `available`, it is available with stock or for pre-order."""
    buyable = bool(record.stock) or record.preorder_weeks is not None
    return Variant(
        id=record.sku,
        title=" / ".join(record.options.values()) or "Standard",
        price=to_money(record.price, currency),
        compare_at_price=to_money(record.compare_at, currency) if record.compare_at else None,
        available=buyable if record.available is None else record.available,
        sku=record.sku,
        stock=record.stock,
        options=record.options,
    )


def _availability(record: ProductRecord) -> dict[str, str]:
    variants = [(each, each.preorder_weeks) for each in record.variants if each.preorder_weeks is not None]
    sentences = [
        f"{' / '.join(each.options.values()) or 'this product'} ships in about {weeks} weeks"
        for each, weeks in variants
    ]
    return {"Pre-order": "; ".join(sentences)} if sentences else {}


def to_order(record: OrderRecord, currency: str, now: datetime) -> Order:
    """The order as of `now` (aware, UTC). Days in the record are relative to today: -3 is three days ago."""
    today = now.date()
    money = record.currency or currency
    return Order(
        number=record.number,
        status=OrderStatus(record.status),
        placed_at=_moment(record.placed, record.at, now),
        email=record.email,
        customer_id=record.customer_id,
        customer_name=record.customer_name,
        billing_postcode=record.billing_postcode,
        items=tuple(_item(each, money, today) for each in record.items),
        shipments=tuple(_shipment(each, record, today) for each in record.shipments),
        refunds=tuple(_refund(each, record, money, today) for each in record.refunds),
        ship_to=_address(record.ship_to),
        total=to_money(record.total, money),
        estimated_delivery=_day(record.eta, today),
        cancelled_at=None if record.cancelled is None else _moment(record.cancelled, record.at, now),
    )


def _moment(days: int, at: str, now: datetime) -> datetime:
    moment = datetime.combine(now.date() + timedelta(days), time.fromisoformat(at), tzinfo=UTC)
    return min(moment, now)  # what is dated a later hour of today has just happened


def _day(days: int | None, today: date) -> date | None:
    return None if days is None else today + timedelta(days)


def _item(record: ItemRecord, currency: str, today: date) -> OrderItem:
    return OrderItem(
        title=record.title,
        quantity=record.quantity,
        variant_title=record.variant,
        sku=record.sku,
        unit_price=to_money(record.price, currency),
        refunded_quantity=record.refunded,
        available_from=_day(record.available_in, today),
    )


def _shipment(record: ShipmentRecord, order: OrderRecord, today: date) -> Shipment:
    indexes = range(len(order.items)) if record.items is None else record.items
    return Shipment(
        status=OrderStatus(record.status),
        shipped_on=_day(record.shipped, today),
        delivered_on=_day(record.delivered, today),
        estimated_delivery=_day(record.eta, today),
        tracking=tuple(Tracking(carrier=t.carrier, number=t.number, url=t.url) for t in record.tracking),
        items=tuple((order.items[each].title, order.items[each].quantity) for each in indexes),
    )


def _refund(record: RefundRecord, order: OrderRecord, currency: str, today: date) -> Refund:
    return Refund(
        refunded_on=today + timedelta(record.on),
        amount=to_money(record.amount, currency),
        items=tuple((order.items[each].title, quantity) for each, quantity in record.items),
    )


def _address(record: AddressRecord | None) -> Address | None:
    if record is None:
        return None
    return Address(
        name=record.name,
        line1=record.line1,
        city=record.city,
        postcode=record.postcode,
        country=record.country,
    )
