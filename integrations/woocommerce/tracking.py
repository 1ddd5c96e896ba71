"""Parcels of an order: from WooCommerce's own fulfillments, and from where the common tracking plugins keep theirs."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import msgspec

from integrations.carriers import find_carrier
from integrations.platform import OrderStatus, Shipment, Tracking
from integrations.woocommerce.statuses import meaning
from integrations.woocommerce.values import day_of, is_yes, line, meta, record, rows, web_address, whole

Record = dict[str, Any]
_MAX_NUMBER_CHARS = 100
_MOVING = frozenset(
    {
        OrderStatus.SHIPPED,
        OrderStatus.OUT_FOR_DELIVERY,
        OrderStatus.DELIVERED,
        OrderStatus.DELIVERY_FAILED,
        OrderStatus.READY_FOR_PICKUP,
    }
)
_SHIPTASTIC = {
    "processing": OrderStatus.PROCESSING,
    "ready-for-shipping": OrderStatus.PROCESSING,
    "shipped": OrderStatus.SHIPPED,
    "delivered": OrderStatus.DELIVERED,
}
"""States of a parcel of Shiptastic. A draft is the staff's, "requested" and "returned" are states of returns."""

_LISTS = (
    "_wc_shipment_tracking_items",
    "_aftership_tracking_items",
    "wcshipping_labels",
    "wc_connect_labels",
    "_parcelpanel_shipping_numbers",
)
"""Meta that holds a list of parcels: WooCommerce Shipment Tracking and Advanced Shipment Tracking (one key), AfterShip,
WooCommerce Shipping (two keys), ParcelPanel."""

_DHL_LABEL = "_pr_shipment_dhl_label_tracking"
"""DHL for WooCommerce keeps a record with one number or a list of them."""

_SINGLES = (
    ("_aftership_tracking_number", "_aftership_tracking_provider_name", ""),
    ("ywot_tracking_code", "ywot_carrier_name", "ywot_carrier_url"),
    ("sendcloud_tracking_number", "sendcloud_carrier", "sendcloud_tracking_url"),
    ("_tracking_number", "_tracking_provider", "_tracking_url"),
    ("tracking_number", "tracking_provider", "tracking_url"),
)
"""Meta that holds one parcel: number, carrier, link. AfterShip of old, YITH, Sendcloud, and home-made ones."""

_CARRIERS = (
    "formatted_tracking_provider",
    "custom_tracking_provider",
    "carrier_name",
    "tracking_provider",
    "courier",
    "service_name",
    "carrier_id",
    "slug",
    "carrier_slug",
)
_LINKS = (
    "formatted_tracking_link",
    "ast_tracking_link",
    "custom_tracking_link",
    "tracking_link",
    "tracking_url",
    "carrier_url",
)
_PLACEHOLDER = re.compile(r"[{}\[\]]|%(?:\d\$)?s\b|%[a-z_]{3,}%", re.IGNORECASE)
"""In a link, it stands for the parcel's number: the link as it is leads nowhere."""

_LINE_ITEM_LIST = "_vi_wot_order_item_tracking_data"
"""Orders Tracking (VillaTheme) keeps JSON text at the order's lines."""

_NOTED = re.compile(
    r"(?:tracking|sendungs|suivi|seguimiento|track\s*&\s*trace)[\w-]*(?:\s*(?:number|code|id|no\.?|nummer|numéro))?"
    r"\s*(?:is|ist|est|es)?\s*[:#]?\s*([A-Z0-9][A-Z0-9-]{7,39})\b",
    re.IGNORECASE,
)


def fulfillment_shipments(fulfillments: object, order: Record) -> tuple[Shipment, ...]:
    """Of core fulfillments those that are fulfilled: the others are drafts of the shop's staff."""
    given = record(fulfillments).get("fulfillments", fulfillments)
    titles = _titles(order)
    return tuple(_fulfilled(each, titles) for each in rows(given) if is_yes(each.get("is_fulfilled")))


def _titles(order: Record) -> dict[int | None, str]:
    return {whole(item.get("id")): line(item.get("name")) for item in rows(order.get("line_items"))}


def _fulfilled(fulfillment: Record, titles: dict[int | None, str]) -> Shipment:
    values = meta(fulfillment)
    providers = (values.get("_provider_name"), values.get("_shipment_provider"))
    parcel = _tracking(values.get("_tracking_number"), providers, (values.get("_tracking_url"),))
    items = (
        (titles.get(whole(each.get("item_id")), ""), whole(each.get("qty"))) for each in rows(values.get("_items"))
    )
    return Shipment(
        status=OrderStatus.SHIPPED,
        shipped_on=day_of(values.get("_date_fulfilled")),
        tracking=(parcel,) if parcel else (),
        items=tuple((title, quantity) for title, quantity in items if title and quantity),
    )


def shiptastic_shipments(order: Record) -> tuple[Shipment, ...]:
    """The parcels that Germanized and Shiptastic add to an order's body as `shipments`; drafts and returns are none."""
    titles = _titles(order)
    return tuple(
        _shiptastic(each, titles)
        for each in rows(order.get("shipments"))
        if each.get("type") != "return" and line(each.get("status")) in _SHIPTASTIC
    )


def _shiptastic(parcel: Record, titles: dict[int | None, str]) -> Shipment:
    tracking = _tracking(parcel.get("tracking_id"), (parcel.get("shipping_provider"),), (parcel.get("tracking_url"),))
    items = (
        (titles.get(whole(each.get("order_item_id"))) or line(each.get("name")), whole(each.get("quantity")))
        for each in rows(parcel.get("items"))
    )
    sent = day_of(parcel.get("date_sent")) or day_of(parcel.get("date_sent_gmt"))
    expected = day_of(parcel.get("est_delivery_date")) or day_of(parcel.get("est_delivery_date_gmt"))
    return Shipment(
        status=_SHIPTASTIC[line(parcel.get("status"))],
        shipped_on=sent,
        estimated_delivery=expected,
        tracking=(tracking,) if tracking else (),
        items=tuple((title, quantity) for title, quantity in items if title and quantity),
    )


def is_covered(shipments: tuple[Shipment, ...], order: Record) -> bool:
    """Whether the shipments hold every piece of the order; those that do not name their items are taken to."""
    sent: dict[str, int] = {}
    for title, quantity in (item for each in shipments for item in each.items):
        sent[title] = sent.get(title, 0) + quantity
    for item in rows(order.get("line_items")) if all(each.items for each in shipments) else ():
        sent[line(item.get("name"))] = sent.get(line(item.get("name")), 0) - (whole(item.get("quantity")) or 0)
    return all(quantity >= 0 for quantity in sent.values())


def plugin_shipments(order: Record, status: OrderStatus) -> tuple[Shipment, ...]:
    """The parcels that plugins keep with the order, each once. `status` is the order's, for those that tell none."""
    default = status if status in _MOVING else OrderStatus.SHIPPED
    statuses = rows(meta(order).get("shipment_status"))  # TrackShip's, in step with the parcels
    found: dict[str, Shipment] = {}
    for index, (parcel, shipped_on) in enumerate(_plugin_parcels(order)):
        parcel_status = meaning(statuses[index].get("status")) if index < len(statuses) else default
        found.setdefault(
            parcel.number,
            Shipment(
                status=parcel_status if parcel_status in _MOVING else default,
                shipped_on=shipped_on,
                tracking=(parcel,),
            ),
        )
    return tuple(found.values())


def noted_shipments(notes: object, status: OrderStatus) -> tuple[Shipment, ...]:
    """Parcel numbers that the shop wrote to its customer. Internal notes are never read, whatever the shop sent."""
    numbers = [
        match
        for note in rows(notes)
        if note.get("customer_note") is True
        for match in _NOTED.findall(line(note.get("note")))
        if any(character.isdigit() for character in match)
    ]
    default = status if status in _MOVING else OrderStatus.SHIPPED
    return tuple(
        Shipment(status=default, tracking=(Tracking(carrier=None, number=number),)) for number in dict.fromkeys(numbers)
    )


def _plugin_parcels(order: Record) -> Iterator[tuple[Tracking, date | None]]:
    values = meta(order)
    for key in _LISTS:
        for each in rows(_unpacked(values.get(key))):
            yield from _listed(each)
    for item in rows(order.get("line_items")):
        for each in rows(_unpacked(meta(item).get(_LINE_ITEM_LIST))):
            yield from _listed(each)
    numbers = record(values.get(_DHL_LABEL)).get("tracking_number")
    for number in numbers if isinstance(numbers, list) else [numbers]:
        yield from _parcel(number, ("DHL",), (), None)
    for number_key, carrier_key, url_key in _SINGLES:
        yield from _parcel(values.get(number_key), (values.get(carrier_key),), (values.get(url_key),), None)


def _listed(parcel: Record) -> Iterator[tuple[Tracking, date | None]]:
    if parcel.get("refund"):
        return  # a label that was bought and given back: no parcel bears it
    yield from _parcel(
        parcel.get("tracking_number") or parcel.get("tracking"),
        tuple(parcel.get(each) for each in _CARRIERS),
        tuple(parcel.get(each) for each in _LINKS),
        day_of(parcel.get("date_shipped")),
    )


def _parcel(
    number: object, carriers: tuple[Any, ...], links: tuple[Any, ...], shipped_on: date | None
) -> Iterator[tuple[Tracking, date | None]]:
    if tracking := _tracking(number, carriers, links):
        yield tracking, shipped_on


def _tracking(number: object, carriers: tuple[Any, ...], links: tuple[Any, ...]) -> Tracking | None:
    """A parcel number with its carrier and link, as far as the shop names them: of a known carrier the page that it
    has for the parcel. None for what is no number."""
    text = line(number)
    if not 0 < len(text) <= _MAX_NUMBER_CHARS:
        return None
    name = next(filter(None, map(line, carriers)), "")
    carrier = find_carrier(name)
    url = next((link for link in map(web_address, links) if link and not _PLACEHOLDER.search(link)), None)
    if carrier is None:
        return Tracking(carrier=name or None, number=text, url=url)
    shown = carrier.name if name == name.lower() else name  # a slug is no name to be read
    return Tracking(carrier=shown, number=text, url=url or carrier.tracking_url(text))


def _unpacked(value: object) -> Any:
    """Lists that a plugin keeps as JSON text."""
    if not isinstance(value, str) or value[:1] not in ("[", "{"):
        return value
    try:
        return msgspec.json.decode(value)
    except msgspec.DecodeError:
        return None
