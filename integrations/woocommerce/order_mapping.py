"""From WooCommerce's orders to the vocabulary of `integrations.platform`. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from integrations.money import rounded_money
from integrations.platform import Address, Money, Order, OrderItem, OrderStatus, PlatformUnavailable, Refund, Shipment
from integrations.woocommerce.statuses import UNPLACED, is_core, meaning, slug_of
from integrations.woocommerce.tracking import (
    fulfillment_shipments,
    is_covered,
    noted_shipments,
    plugin_shipments,
    shiptastic_shipments,
)
from integrations.woocommerce.values import (
    amount_of,
    day_of,
    decimal_of,
    is_yes,
    line,
    local_day_of,
    meta,
    moment_of,
    record,
    rows,
    whole,
)

Record = dict[str, Any]
_OPEN = frozenset({OrderStatus.PENDING, OrderStatus.ON_HOLD, OrderStatus.PROCESSING})
_GONE = frozenset({OrderStatus.SHIPPED, OrderStatus.OUT_FOR_DELIVERY, OrderStatus.DELIVERED})
_ENDED_WELL = frozenset({OrderStatus.SHIPPED, OrderStatus.DELIVERED, OrderStatus.COMPLETED, OrderStatus.DOWNLOAD_READY})
_PREORDER_DAYS = ("_ywpo_item_for_sale_date", "_wc_pre_orders_availability_datetime")
_PICKUP_METHODS = frozenset({"local_pickup", "pickup_location"})
_MAX_LABEL_CHARS = 80
_DELIVERY_DAYS = ("_orddd_timestamp", "_orddd_lite_timestamp")


class Details(Struct, frozen=True):
    """What an order's own body does not tell: its fulfillments, refunds and notes to the customer, as they came."""

    fulfillments: Any = ()
    refunds: Any = ()
    notes: Any = ()


def is_placed(order: Record) -> bool:
    """Whether it is an order at all, for its shopper."""
    return str(order.get("status") or "").removeprefix("wc-") not in UNPLACED


def to_order(order: Record, details: Details | None, labels: Mapping[str, str] = MappingProxyType({})) -> Order:
    """The order in its own currency, an outline without `details`; `labels` are the shop's names of its statuses by
    slug. Raises PlatformUnavailable for a body without number or date: not our order."""
    placed_at = moment_of(order.get("date_created_gmt"))
    number = line(order.get("number")) or line(order.get("id"))
    if placed_at is None or not number:
        raise PlatformUnavailable("the shop's WooCommerce sent an order that cannot be read")
    currency = line(order.get("currency")).upper()
    billing = record(order.get("billing"))
    is_outline = details is None
    details = details or Details()
    refunds = rows(details.refunds)
    status, shipments = _status_and_shipments(order, details)
    label = line(labels.get(slug_of(order.get("status"))))[:_MAX_LABEL_CHARS]
    return Order(
        number=number,
        status=status,
        status_label=None if is_core(order.get("status")) else label or None,
        placed_at=placed_at,
        email=line(billing.get("email")) or None,
        customer_id=str(whole(order.get("customer_id")) or "") or None,
        customer_name=_full_name(billing),
        billing_postcode=line(billing.get("postcode")) or None,
        items=_items(order, refunds, currency),
        shipments=shipments,
        refunds=tuple(filter(None, (_refund(each, currency) for each in refunds))),
        ship_to=_ship_to(order),
        total=amount_of(order.get("total"), currency),
        estimated_delivery=_first_day(meta(order), _DELIVERY_DAYS),
        placed_on=local_day_of(order, "date_created"),
        platform_id=str(whole(order.get("id")) or "") or None,
        is_outline=is_outline,
    )


def _status_and_shipments(order: Record, details: Details) -> tuple[OrderStatus, tuple[Shipment, ...]]:
    status = meaning(order.get("status"))
    fulfilled = fulfillment_shipments(details.fulfillments, order) or shiptastic_shipments(order)
    shipments = fulfilled or plugin_shipments(order, status) or noted_shipments(details.notes, status)
    if slug_of(order.get("status")) == "completed":
        status = _completed_status(order, shipments)
    elif status is OrderStatus.PROCESSING and (gone := tuple(each for each in fulfilled if each.status in _GONE)):
        status = OrderStatus.SHIPPED if is_covered(gone, order) else OrderStatus.PARTIALLY_SHIPPED
    elif status in _OPEN and is_yes(meta(order).get("_wc_pre_orders_is_pre_order")):
        status = OrderStatus.PREORDER
    if status is OrderStatus.SHIPPED and shipments and all(e.status is OrderStatus.DELIVERED for e in shipments):
        status = OrderStatus.DELIVERED
    if rows(order.get("refunds")) and status in _ENDED_WELL:
        status = OrderStatus.PARTIALLY_REFUNDED
    return status, shipments


def _completed_status(order: Record, shipments: Sequence[Shipment]) -> OrderStatus:
    """What "completed" means of this order. WooCommerce ends every order so: one that was sent, picked up, downloaded
    or done in any other way; only what is to be sent, or has a parcel, has shipped."""
    methods = [line(each.get("method_id")) for each in rows(order.get("shipping_lines"))]
    if shipments or any(method not in _PICKUP_METHODS for method in methods):
        return OrderStatus.SHIPPED
    is_download = order.get("needs_processing") is False and bool(rows(order.get("line_items"))) and not methods
    return OrderStatus.DOWNLOAD_READY if is_download else OrderStatus.COMPLETED


def _items(order: Record, refunds: Sequence[Record], currency: str) -> tuple[OrderItem, ...]:
    given_back: Counter[int | None] = Counter()
    for item in (item for refund in refunds for item in rows(refund.get("line_items"))):
        given_back[whole(meta(item).get("_refunded_item_id"))] += abs(whole(item.get("quantity")) or 0)
    is_with_tax = order.get("prices_include_tax") is True
    expected = _first_day(meta(order), _PREORDER_DAYS)
    return tuple(
        _item(each, given_back[whole(each.get("id"))], expected, is_with_tax, currency)
        for each in rows(order.get("line_items"))
    )


def _item(item: Record, refunded: int, expected: date | None, is_with_tax: bool, currency: str) -> OrderItem:
    quantity = max(0, whole(item.get("quantity")) or 0)
    name, parent = line(item.get("name")), line(item.get("parent_name"))
    options = [line(each.get("display_value")) for each in rows(item.get("meta_data")) if _is_option(each)]
    is_split = bool(parent) and name.startswith(f"{parent} - ")
    return OrderItem(
        title=parent if is_split else name,
        quantity=quantity,
        variant_title=name.removeprefix(f"{parent} - ") if is_split else ", ".join(filter(None, options)) or None,
        sku=line(item.get("sku")) or None,
        unit_price=_unit_price(item, quantity, is_with_tax, currency),
        refunded_quantity=min(refunded, quantity),
        available_from=_first_day(meta(item), _PREORDER_DAYS) or expected,
    )


def _is_option(entry: Record) -> bool:
    return not str(entry.get("key") or "_").startswith("_") and isinstance(entry.get("display_value"), str)


def _unit_price(item: Record, quantity: int, is_with_tax: bool, currency: str) -> Money | None:
    """What one piece cost after discounts, with tax where the shop's prices include it: what the shopper saw."""
    try:
        price = decimal_of(item.get("price"))
        if is_with_tax:
            total, tax = decimal_of(item.get("total")), decimal_of(item.get("total_tax")) or Decimal(0)
            price = (total + tax) / quantity if total is not None and quantity else None
        return None if price is None or price < 0 else rounded_money(price, currency)
    except ValueError:
        return None


def _refund(refund: Record, currency: str) -> Refund | None:
    """Amounts are positive in /refunds and negative in the order; here they are what was given back."""
    day = local_day_of(refund, "date_created")
    amount = amount_of(refund.get("amount"), currency)
    if day is None or amount is None:
        return None
    items = ((line(each.get("name")), abs(whole(each.get("quantity")) or 0)) for each in rows(refund.get("line_items")))
    return Refund(refunded_on=day, amount=amount, items=tuple((title, n) for title, n in items if title and n))


def _ship_to(order: Record) -> Address | None:
    """The shipping address; the billing one where something ships and no other is told."""
    shipping, billing = record(order.get("shipping")), record(order.get("billing"))
    chosen = shipping if line(shipping.get("address_1")) or line(shipping.get("city")) else billing
    if chosen is billing and not rows(order.get("shipping_lines")):
        return None
    return Address(
        name=_full_name(chosen),
        line1=line(chosen.get("address_1")) or None,
        city=line(chosen.get("city")) or None,
        postcode=line(chosen.get("postcode")) or None,
        country=line(chosen.get("country")) or None,
    )


def _full_name(address: Record) -> str | None:
    return " ".join(filter(None, (line(address.get("first_name")), line(address.get("last_name"))))) or None


def _first_day(values: dict[str, Any], keys: tuple[str, ...]) -> date | None:
    return next(filter(None, (day_of(values.get(key)) for key in keys)), None)
