"""From a platform's order to what one proof level may see of it. Pure: an allow-list, field by field."""

import ipaddress
from collections.abc import Iterable
from datetime import date
from urllib.parse import urlsplit

from babel.dates import format_date
from msgspec import UNSET

from integrations.platform import Order, OrderItem, OrderStatus, Shipment, Tracking
from server.core.addresses import is_global
from server.languages import language_of_locale
from server.orders.models import (
    ItemView,
    OrderAccess,
    OrderView,
    OtherOrderView,
    ProofLevel,
    RefundView,
    ShipmentView,
    ShippedItemView,
    ShipToView,
    TrackingView,
)
from server.orders.words import Words, words_for

DATED = {OrderStatus.DELIVERED, OrderStatus.CANCELLED}
ENDED = DATED | {
    OrderStatus.COMPLETED,
    OrderStatus.DOWNLOAD_READY,
    OrderStatus.RETURN_IN_PROGRESS,
    OrderStatus.RETURNED,
    OrderStatus.REFUNDED,
}
WAITING = {
    OrderStatus.PENDING,
    OrderStatus.PAYMENT_FAILED,
    OrderStatus.ON_HOLD,
    OrderStatus.PROCESSING,
    OrderStatus.PREORDER,
    OrderStatus.CANCELLED,
    OrderStatus.UNKNOWN,
}
ON_ITS_WAY = {OrderStatus.SHIPPED, OrderStatus.PARTIALLY_SHIPPED, OrderStatus.OUT_FOR_DELIVERY}
LOCAL_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "arpa", "test", "invalid", "onion")


def shown_level(level: ProofLevel, policy: OrderAccess) -> ProofLevel:
    """What a proof is worth under the shop's policy: `open` lets number and e-mail see all that a code would,
    `strict` lets them see nothing."""
    if level is not ProofLevel.KNOWS_ORDER:
        return level
    match policy:
        case OrderAccess.STANDARD:
            return level
        case OrderAccess.OPEN:
            return ProofLevel.READS_MAIL
        case OrderAccess.STRICT:
            return ProofLevel.NOBODY


def order_view(
    order: Order,
    level: ProofLevel,
    policy: OrderAccess,
    locale: str,
    today: date,
    other_orders: Iterable[Order] = (),
) -> OrderView:
    """The order as `level` may see it, in words of `locale`; `other_orders` are the signed-in shopper's own.

    Raises ValueError for a level that may see nothing.
    """
    shown = shown_level(level, policy)
    if shown is ProofLevel.NOBODY:
        raise ValueError("nothing of an order may be shown at this level")
    view = _outline(order, locale, today)
    if shown >= ProofLevel.READS_MAIL:
        view = _with_contents(view, order, locale, today)
    if shown >= ProofLevel.SIGNED_IN:
        view = _with_account(view, order, other_orders, locale, today)
    return view


def other_order_view(order: Order, locale: str, today: date) -> OtherOrderView:
    """One line of the signed-in shopper's list."""
    return OtherOrderView(
        number=order.number,
        status=order.status,
        status_text=status_text(order, locale, today),
        placed_on=_placed_on(order),
    )


def status_text(order: Order, locale: str, today: date) -> str:
    """Where the order stands, as one phrase without a full stop: "Partly on its way: 1 of 2 parcels delivered"."""
    words = words_for(locale)
    if order.status_label:
        expectation = _expectation(expected_on(order), words, locale, today)
        return _phrase(order.status_label, _parcels(order, words), expectation)
    if order.status in DATED:
        return _dated_label(order.status, _ended_on(order), words, locale)
    return _phrase(
        words.labels[order.status],
        _parcels(order, words),
        words.meanings.get(order.status),
        _expectation(expected_on(order), words, locale, today),
    )


def expected_on(order: Order) -> date | None:
    """The day the last part of a running order is expected, where anybody says; None once it has ended."""
    if order.status in ENDED or (order.status is OrderStatus.PARTIALLY_REFUNDED and _all_delivered(order)):
        return None
    parcels = [parcel.estimated_delivery for parcel in order.shipments if not _is_delivered(parcel)]
    later = [day for day in (*parcels, *(item.available_from for item in order.items)) if day]
    return order.estimated_delivery or max(later, default=None)


def _outline(order: Order, locale: str, today: date) -> OrderView:
    return OrderView(
        number=order.number,
        status=order.status,
        status_text=status_text(order, locale, today),
        placed_on=_placed_on(order),
        estimated_delivery=_iso(expected_on(order)),
        status_label=order.status_label or UNSET,
    )


def _placed_on(order: Order) -> str:
    return (order.placed_on or order.placed_at.date()).isoformat()


def _with_contents(view: OrderView, order: Order, locale: str, today: date) -> OrderView:
    numbers = (_tracking(number) for parcel in order.shipments for number in parcel.tracking)
    return _extended(
        view,
        items=tuple(_item(item) for item in order.items),
        tracking=tuple(dict.fromkeys(numbers)),
        shipments=tuple(_shipment(parcel, locale, today) for parcel in order.shipments),
        ship_to=_ship_to(order),
        refunds=tuple(RefundView(refund.refunded_on.isoformat(), refund.amount) for refund in order.refunds),
    )


def _with_account(view: OrderView, order: Order, others: Iterable[Order], locale: str, today: date) -> OrderView:
    own = tuple(other_order_view(other, locale, today) for other in others if other.number != order.number)
    view = _extended(view, other_orders=own) if own else view
    return _extended(view, total=order.total) if order.total else view


def _extended(view: OrderView, **fields: object) -> OrderView:
    return OrderView(**{name: getattr(view, name) for name in view.__struct_fields__} | fields)


def _item(item: OrderItem) -> ItemView:
    return ItemView(
        title=item.title,
        quantity=item.quantity,
        variant=item.variant_title,
        refunded_quantity=item.refunded_quantity,
        available_from=_iso(item.available_from),
    )


def _shipment(parcel: Shipment, locale: str, today: date) -> ShipmentView:
    return ShipmentView(
        status=parcel.status,
        status_text=_shipment_text(parcel, locale, today),
        items=tuple(ShippedItemView(title, quantity) for title, quantity in parcel.items),
        tracking=tuple(_tracking(number) for number in parcel.tracking),
        shipped_on=_iso(parcel.shipped_on),
        delivered_on=_iso(parcel.delivered_on),
        estimated_delivery=None if _is_delivered(parcel) else _iso(parcel.estimated_delivery),
    )


def _shipment_text(parcel: Shipment, locale: str, today: date) -> str:
    words = words_for(locale)
    if parcel.status in DATED:
        return _dated_label(parcel.status, parcel.delivered_on, words, locale)
    return _phrase(words.labels[parcel.status], _expectation(parcel.estimated_delivery, words, locale, today))


def _tracking(tracking: Tracking) -> TrackingView:
    url = tracking.url if tracking.url and is_public_https(tracking.url) else None
    return TrackingView(carrier=tracking.carrier, number=tracking.number, url=url)


def is_public_https(url: str) -> bool:
    """Whether a link leads by https to a host that looks like one of the open internet."""
    if not url.isprintable() or any(character in url for character in ' \\"<>'):
        return False
    try:
        parts = urlsplit(url)
        standard_port = parts.port in (None, 443)
    except ValueError:
        return False
    return parts.scheme == "https" and standard_port and "@" not in parts.netloc and _is_public(parts.hostname or "")


def _is_public(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
        return is_global(host)
    except ValueError:
        labels = host.lower().rstrip(".").split(".")
        top = labels[-1]  # browsers read a name that ends in a number, also 0x1, as an IPv4 address
        is_name = top.isalpha() or top.startswith("xn--")
        return len(labels) > 1 and all(labels) and is_name and top not in LOCAL_NAMES


def _ship_to(order: Order) -> ShipToView:
    if order.ship_to is None:
        return ShipToView(None, None)
    return ShipToView(order.ship_to.city, postcode_end(order.ship_to.postcode))


def postcode_end(postcode: str | None) -> str | None:
    """The last 3 characters of a postcode of 6 or more, the last 2 of one of 4 or 5, nothing of a shorter one."""
    letters = "".join(character for character in postcode or "" if character.isalnum())
    if len(letters) < 4:
        return None
    return letters[-3:] if len(letters) >= 6 else letters[-2:]


def _parcels(order: Order, words: Words) -> str | None:
    every = len(order.shipments)
    delivered = sum(_is_delivered(parcel) for parcel in order.shipments)
    sent = sum(parcel.status not in WAITING for parcel in order.shipments)
    if order.status in ENDED or not sent:
        return None
    if delivered == every:
        is_part = order.status is OrderStatus.PARTIALLY_SHIPPED
        return words.delivered_so_far.format(done=delivered) if is_part else words.all_delivered
    if every == 1:
        return None if order.status in ON_ITS_WAY else words.on_the_way
    if delivered:
        return words.delivered_of.format(done=delivered, all=every)
    return words.in_parcels.format(all=every) if sent == every else words.sent_of.format(done=sent, all=every)


def _expectation(day: date | None, words: Words, locale: str, today: date) -> str | None:
    if day is None:
        return None
    if day == today:
        return words.expected_today
    return (words.expected if day > today else words.overdue).format(date=_long_date(day, locale))


def _dated_label(status: OrderStatus, day: date | None, words: Words, locale: str) -> str:
    label = words.labels[status]
    return f"{label} {words.on_date.format(date=_long_date(day, locale))}" if day else label


def _ended_on(order: Order) -> date | None:
    if order.status is OrderStatus.CANCELLED:
        return order.cancelled_on or (order.cancelled_at.date() if order.cancelled_at else None)
    days = [parcel.delivered_on for parcel in order.shipments]
    return max((day for day in days if day), default=None)


def _phrase(label: str, *clauses: str | None) -> str:
    said = ", ".join(clause for clause in clauses if clause)
    return f"{label}: {said}" if said else label


def _all_delivered(order: Order) -> bool:
    return bool(order.shipments) and all(_is_delivered(parcel) for parcel in order.shipments)


def _is_delivered(parcel: Shipment) -> bool:
    return parcel.status is OrderStatus.DELIVERED


def _long_date(day: date, locale: str) -> str:
    return format_date(day, format="long", locale=language_of_locale(locale))


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
