"""Where a Shopify order stands, by meaning. A value we have never seen is UNKNOWN, or what the parcels show."""

from collections.abc import Sequence

from integrations.platform import OrderStatus
from integrations.shopify.records import FulfillmentNode, OrderNode

_PARCEL = {
    "SUBMITTED": OrderStatus.PROCESSING,
    "CONFIRMED": OrderStatus.PROCESSING,
    "LABEL_PURCHASED": OrderStatus.PROCESSING,
    "LABEL_PRINTED": OrderStatus.PROCESSING,
    "LABEL_VOIDED": OrderStatus.PROCESSING,
    "FULFILLED": OrderStatus.SHIPPED,
    "MARKED_AS_FULFILLED": OrderStatus.SHIPPED,
    "CARRIER_PICKED_UP": OrderStatus.SHIPPED,
    "IN_TRANSIT": OrderStatus.SHIPPED,
    "DELAYED": OrderStatus.SHIPPED,
    "OUT_FOR_DELIVERY": OrderStatus.OUT_FOR_DELIVERY,
    "READY_FOR_PICKUP": OrderStatus.READY_FOR_PICKUP,
    "ATTEMPTED_DELIVERY": OrderStatus.DELIVERY_FAILED,
    "NOT_DELIVERED": OrderStatus.DELIVERY_FAILED,
    "FAILURE": OrderStatus.DELIVERY_FAILED,
    "DELIVERED": OrderStatus.DELIVERED,
    "PICKED_UP": OrderStatus.DELIVERED,
}
_NEVER_SENT = frozenset({"CANCELLED", "ERROR", "FAILURE"})

_NOTHING_SENT = {
    "UNFULFILLED": OrderStatus.PENDING,
    "OPEN": OrderStatus.PENDING,
    "IN_PROGRESS": OrderStatus.PROCESSING,
    "PENDING_FULFILLMENT": OrderStatus.PROCESSING,
    "REQUEST_DECLINED": OrderStatus.ON_HOLD,
    "ON_HOLD": OrderStatus.ON_HOLD,
    "SCHEDULED": OrderStatus.PREORDER,
}
_UNPAID = frozenset({"EXPIRED", "VOIDED"})
"""The payment came to nothing though the order stands: the shop has to look at it."""
_RETURNING = frozenset({"RETURN_REQUESTED", "IN_PROGRESS", "INSPECTION_COMPLETE"})
_MOVED = frozenset(
    {
        OrderStatus.SHIPPED,
        OrderStatus.OUT_FOR_DELIVERY,
        OrderStatus.READY_FOR_PICKUP,
        OrderStatus.DELIVERY_FAILED,
        OrderStatus.DELIVERED,
    }
)
_NEWS_FIRST = (
    OrderStatus.DELIVERY_FAILED,
    OrderStatus.READY_FOR_PICKUP,
    OrderStatus.OUT_FOR_DELIVERY,
    OrderStatus.SHIPPED,
    OrderStatus.DELIVERED,
)


def is_parcel(node: FulfillmentNode) -> bool:
    """Whether this fulfilment stands for goods that left or will leave: a cancelled or failed one does not."""
    return node.status not in _NEVER_SENT and node.display_status != "CANCELED"


def parcel_status(node: FulfillmentNode) -> OrderStatus:
    """Where one parcel is."""
    if node.delivered_at:
        return OrderStatus.DELIVERED
    known = _PARCEL.get(node.display_status or "")
    if known is not None:
        return known
    if node.in_transit_at or node.status == "SUCCESS":
        return OrderStatus.SHIPPED
    return OrderStatus.PROCESSING if node.status in ("OPEN", "PENDING") else OrderStatus.UNKNOWN


def order_status(node: OrderNode, parcels: Sequence[OrderStatus]) -> OrderStatus:
    """Where the order is as a whole; `parcels` are the states of those fulfilments that are parcels."""
    if node.cancelled_at:
        return OrderStatus.CANCELLED
    if node.display_financial_status == "REFUNDED":
        return OrderStatus.REFUNDED
    if node.return_status in _RETURNING:
        return OrderStatus.RETURN_IN_PROGRESS
    is_partly_refunded = node.display_financial_status == "PARTIALLY_REFUNDED"
    if node.return_status == "RETURNED" and not is_partly_refunded:
        return OrderStatus.RETURNED
    shipping = _shipping_status(node, parcels)
    if is_partly_refunded and shipping in (OrderStatus.DELIVERED, OrderStatus.UNKNOWN):
        return OrderStatus.PARTIALLY_REFUNDED
    return shipping


def _shipping_status(node: OrderNode, parcels: Sequence[OrderStatus]) -> OrderStatus:
    moved = [each for each in parcels if each in _MOVED]
    match node.display_fulfillment_status:
        case "FULFILLED":
            return _of_parcels(parcels, moved) if parcels else OrderStatus.SHIPPED
        case "PARTIALLY_FULFILLED":
            return OrderStatus.PARTIALLY_SHIPPED if moved or not parcels else OrderStatus.PROCESSING
        case status if status in _NOTHING_SENT:
            if moved:
                return OrderStatus.PARTIALLY_SHIPPED
            return _waiting_status(node, _NOTHING_SENT[status])
        case _:
            return _of_parcels(parcels, moved)


def _waiting_status(node: OrderNode, status: OrderStatus) -> OrderStatus:
    return OrderStatus.ON_HOLD if node.display_financial_status in _UNPAID else status


def _of_parcels(parcels: Sequence[OrderStatus], moved: Sequence[OrderStatus]) -> OrderStatus:
    """All lines are in parcels: the parcel with the most pressing news speaks for the order."""
    if not moved:
        return OrderStatus.PROCESSING if OrderStatus.PROCESSING in parcels else OrderStatus.UNKNOWN
    if OrderStatus.PROCESSING in parcels:
        return OrderStatus.PARTIALLY_SHIPPED
    return next(status for status in _NEWS_FIRST if status in moved)
