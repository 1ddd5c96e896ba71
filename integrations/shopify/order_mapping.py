"""From Shopify's orders to the vocabulary of `integrations.platform`. Pure.

Amounts are in the currency that the buyer paid in. What Shopify keeps from this app is None.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime

import msgspec

from integrations.platform import (
    Address,
    Money,
    Order,
    OrderItem,
    PlatformUnavailable,
    Refund,
    Shipment,
    Tracking,
)
from integrations.shopify.money import find_money
from integrations.shopify.order_status import is_parcel, order_status, parcel_status
from integrations.shopify.records import (
    FulfillmentNode,
    LinePart,
    MailingAddress,
    MoneyBag,
    Nodes,
    OrderLine,
    OrderNode,
    RefundNode,
)
from integrations.text import one_line


def to_order(node: Mapping[str, object]) -> Order:
    """Raises PlatformUnavailable for what is no order: better none than a wrong one."""
    try:
        order = msgspec.convert(node, OrderNode, strict=False)
    except msgspec.ValidationError as reason:
        raise PlatformUnavailable(f"Shopify sent an order that cannot be read ({reason})") from None
    shipments = tuple(_to_shipment(each) for each in order.fulfillments if is_parcel(each))
    refunded = _refunded_quantities(order)
    expected = _expected_days(order)
    addressed = order.shipping_address
    return Order(
        number=order.name,
        status=order_status(order, [each.status for each in shipments]),
        placed_at=order.processed_at.astimezone(UTC),
        placed_on=order.processed_at.date() if order.processed_at.utcoffset() else None,
        email=order.email or None,
        customer_id=order.customer.legacy_resource_id if order.customer else None,
        customer_name=_name(order),
        billing_postcode=order.billing_address.zip if order.billing_address else None,
        items=tuple(
            _to_item(each, refunded[each.id], expected.get(each.id))
            for each in order.line_items.nodes
            if _quantity(each, refunded[each.id])
        ),
        shipments=shipments,
        refunds=tuple(refund for refund in map(_to_refund, order.refunds) if refund),
        ship_to=_to_address(addressed) if addressed else None,
        total=_money(order.total_price_set),
        estimated_delivery=_promised_day(order),
        cancelled_at=order.cancelled_at.astimezone(UTC) if order.cancelled_at else None,
    )


def _to_item(line: OrderLine, refunded: int, available_from: date | None) -> OrderItem:
    return OrderItem(
        title=one_line(line.title),
        quantity=_quantity(line, refunded),
        variant_title=one_line(line.variant_title or "") or None,
        sku=line.sku or None,
        unit_price=_money(line.original_unit_price_set),
        refunded_quantity=min(refunded, line.quantity),
        available_from=available_from,
    )


def _quantity(line: OrderLine, refunded: int) -> int:
    """What was bought, without what an edit took off again; refunded goods were bought."""
    if line.current_quantity is None:
        return line.quantity
    return min(line.quantity, line.current_quantity + refunded)


def _to_shipment(node: FulfillmentNode) -> Shipment:
    numbers = (each for each in node.tracking_info if each.number)
    return Shipment(
        status=parcel_status(node),
        shipped_on=_day(node.in_transit_at or node.created_at),
        delivered_on=_day(node.delivered_at),
        estimated_delivery=_day(node.estimated_delivery_at),
        tracking=tuple(
            Tracking(carrier=each.company or None, number=each.number or "", url=each.url or None) for each in numbers
        ),
        items=_titles(node.fulfillment_line_items),
    )


def _to_refund(node: RefundNode) -> Refund | None:
    """None for a refund that moved no money, as restocking does."""
    amount = _money(node.total_refunded_set)
    day = _day(node.processed_at or node.created_at)
    if amount is None or amount.amount == 0 or day is None:
        return None
    return Refund(refunded_on=day, amount=amount, items=_titles(node.refund_line_items))


def _titles(parts: Nodes[LinePart]) -> tuple[tuple[str, int], ...]:
    return tuple((one_line(each.line_item.title), each.quantity or 0) for each in parts.nodes)


def _refunded_quantities(order: OrderNode) -> Counter[str]:
    parts = (part for refund in order.refunds for part in refund.refund_line_items.nodes)
    counted: Counter[str] = Counter()
    for part in parts:
        counted[part.line_item.id] += part.quantity or 0
    return counted


def _expected_days(order: OrderNode) -> dict[str, date]:
    """For each line that waits for its day: from when on the shop sends it."""
    scheduled = (each for each in order.fulfillment_orders.nodes if each.status == "SCHEDULED" and each.fulfill_at)
    return {
        part.line_item.id: each.fulfill_at.astimezone(UTC).date()
        for each in scheduled
        for part in each.line_items.nodes
        if each.fulfill_at and part.remaining_quantity != 0
    }


def _promised_day(order: OrderNode) -> date | None:
    """The latest day that checkout promised for anything still to be sent."""
    open_plans = (each for each in order.fulfillment_orders.nodes if each.status not in ("CLOSED", "CANCELLED"))
    promised = [_day(each.delivery_method.max_delivery_date_time) for each in open_plans if each.delivery_method]
    return max((day for day in promised if day), default=None)


def _to_address(node: MailingAddress) -> Address:
    return Address(
        name=node.name or None,
        line1=node.address1 or None,
        city=node.city or None,
        postcode=node.zip or None,
        country=node.country_code_v2 or None,
    )


def _name(order: OrderNode) -> str | None:
    addresses = (order.billing_address, order.shipping_address)
    return next((each.name for each in addresses if each and each.name), None)


def _money(bag: MoneyBag | None) -> Money | None:
    money = bag.presentment_money if bag else None
    return find_money(money.amount, money.currency_code) if money else None


def _day(moment: datetime | None) -> date | None:
    return moment.astimezone(UTC).date() if moment else None
