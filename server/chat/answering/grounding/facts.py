"""The structured facts of products and orders: what an answer may state, by source and field."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import TypeVar

from msgspec import UnsetType

from integrations.platform import Money
from server.chat.answering.grounding.dates import parse_day
from server.chat.models import OrderAnswer, ProductDetail
from server.orders.models import OrderFound, OrdersListed, OrderView, ShipmentView

Value = Money | date | Decimal | int | str | None
Fact = tuple[str, str, Value]
"""(source id, field, value)."""
Item = TypeVar("Item")


def product_facts(product: ProductDetail) -> Iterator[Fact]:
    """Every field of a product but its description."""
    card, source = product.card, f"product:{product.card.id}"
    yield source, "title", card.title
    yield source, "price", card.price
    yield source, "compare_at_price", card.compare_at_price
    yield source, "brand", product.brand
    for variant in card.variants:
        field = f"variants.{variant.title}"
        yield source, field, variant.title
        yield source, field, variant.sku
        yield source, field, variant.price
    for name, value in product.attributes.items():
        yield source, name, value


def order_facts(answer: OrderAnswer) -> Iterator[Fact]:
    """What this shopper may know of their orders; nothing for any other outcome."""
    match answer.outcome:
        case OrderFound(view=view):
            source = answer.source.id if answer.source else f"order:{view.number}"
            for field, value in _view_facts(view):
                yield source, field, value
        case OrdersListed(orders=orders):
            source = answer.source.id if answer.source else "orders"
            for order in orders:
                yield source, "number", order.number
                yield source, "status", order.status_text
                yield source, "placed_on", _day(order.placed_on)
        case _:
            return


def order_titles(answer: OrderAnswer) -> Iterator[str]:
    """The titles of the products that this shopper ordered."""
    if isinstance(answer.outcome, OrderFound):
        for item in _given(answer.outcome.view.items):
            yield item.title


def _view_facts(view: OrderView) -> Iterator[tuple[str, Value]]:
    yield "number", view.number
    yield "status", view.status_text
    yield "placed_on", _day(view.placed_on)
    yield "estimated_delivery", _day(view.estimated_delivery)
    for item in _given(view.items):
        yield "items", f"{item.quantity} × {item.title} {item.variant or ''}"
        yield "items", _day(item.available_from)
    for tracking in _given(view.tracking):
        yield "tracking", f"{tracking.carrier or ''} {tracking.number}"
    for shipment in _given(view.shipments):
        yield from _shipment_facts(shipment)
    for refund in _given(view.refunds):
        yield "refunds", refund.amount
        yield "refunds", _day(refund.refunded_on)
    if not isinstance(view.ship_to, UnsetType):
        yield "ship_to", f"{view.ship_to.city or ''} {view.ship_to.postcode_end or ''}"
    if not isinstance(view.total, UnsetType):
        yield "total", view.total


def _shipment_facts(shipment: ShipmentView) -> Iterator[tuple[str, Value]]:
    yield "shipments", shipment.status_text
    for day in (shipment.shipped_on, shipment.delivered_on, shipment.estimated_delivery):
        yield "shipments", _day(day)
    for item in shipment.items:
        yield "shipments", f"{item.quantity} × {item.title}"
    for tracking in shipment.tracking:
        yield "tracking", f"{tracking.carrier or ''} {tracking.number}"


def _given(values: tuple[Item, ...] | UnsetType) -> tuple[Item, ...]:
    return () if isinstance(values, UnsetType) else values


def _day(text: str | None) -> date | None:
    return parse_day(text) if text else None
