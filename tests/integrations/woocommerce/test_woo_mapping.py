"""Products and orders as recorded, in our vocabulary."""

from datetime import date
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.platform import (
    Money,
    Order,
    OrderStatus,
    PlatformUnavailable,
    Product,
    RefusedProduct,
    RemovedProduct,
)
from integrations.woocommerce.client import EXACT_JSON
from integrations.woocommerce.mapping import to_item
from integrations.woocommerce.order_mapping import Details, to_order
from server.embedded.standins.woocommerce import samples

URL = "https://shop.example"
DATES = {"date_created": "2026-11-02T11:30:00", "date_created_gmt": "2026-11-02T09:30:00"}
_KEYS = st.sampled_from(["id", "name", "key", "value", "src"])
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=6,
)


def mapped(**changes: Any) -> Product:
    item = to_item(samples.product(7, URL, **changes), (), "USD")
    assert isinstance(item, Product)
    return item


def ordered(details: Details | None = None, **changes: Any) -> Order:
    sent = msgspec.json.encode(samples.order(1001, **(DATES | changes)))
    return to_order(EXACT_JSON.decode(sent), details or Details())


def kept(**values: Any) -> list[dict[str, Any]]:
    return [{"id": index, "key": key, "value": value} for index, (key, value) in enumerate(values.items())]


def test_simple_product() -> None:
    product = mapped(global_unique_id="4006381333931", date_modified_gmt="2026-11-01T10:00:00")
    assert (product.external_id, product.title) == ("7", "Linen & Paper 7")
    assert product.description == "A notebook “for life”.\n\nWoven in Porto.\nSoft & strong\n1,2 kg…"
    assert (product.brand, product.category) == ("Northwind Paper & Ink", ("Bags & Cases",))
    assert product.price == Money(875, "USD")
    assert product.compare_at_price is None
    assert product.identifiers == ("LP-7", "4006381333931")
    (variant,) = product.variants
    assert (variant.id, variant.sku, variant.stock, variant.barcode) == ("7", "LP-7", 7, "4006381333931")
    assert product.updated_at is not None
    assert product.updated_at.hour == 10


LIST = (
    '<div class="woocommerce columns-3"><ul class="products columns-3"><li class="product"><h2>Cotton Mug A</h2>'
    '<span class="price">107.11</span><a class="button add_to_cart_button">Add to cart</a></li></ul></div>'
)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ('[vc_row][vc_column width="1/2"]Inner text[/vc_column][/vc_row]', "Inner text"),
        (
            '[et_pb_section fb_built="1"][et_pb_text admin_label="x"]<p>Inner text</p>[/et_pb_text][/et_pb_section]',
            "Inner text",
        ),
        ("[fusion_builder_container]Inner text[/fusion_builder_container]", "Inner text"),
        ("[av_textblock size='']Inner text[/av_textblock]", "Inner text"),
        ('Inner text [products limit="3"]', "Inner text"),
        ('Inner text [elementor-template id="5"]', "Inner text"),
        (f"<p>Inner text</p>{LIST}", "Inner text"),
        ("Fits [M] and [L], see [size guide]", "Fits [M] and [L], see [size guide]"),
        ('<ul class="features"><li>Soft</li></ul>', "Soft"),
    ],
)
def test_what_page_builders_leave_behind_is_no_description(written: str, told: str) -> None:
    assert mapped(description=written, short_description="").description == told


def test_sale_price_is_compared_with_the_regular_one() -> None:
    reduced = mapped(price="6.00", regular_price="8.75", sale_price="6.00", on_sale=True)
    assert (reduced.price, reduced.compare_at_price) == (Money(600, "USD"), Money(875, "USD"))
    over = mapped(price="8.75", regular_price="8.75", sale_price="6.00", on_sale=False)
    assert (over.price, over.compare_at_price) == (Money(875, "USD"), None)
    for on_sale in (False, None, "yes"):  # an extension lowers the price; the shop itself shows no former one
        lowered = mapped(price="6.00", regular_price="8.75", on_sale=on_sale)
        assert (lowered.price, lowered.compare_at_price) == (Money(600, "USD"), None)


def test_variations() -> None:
    parent = samples.product(7, URL, type="variable", price="12.00", regular_price="", stock_status="instock")
    variations = [
        samples.variation(71, parent, "Red &amp; Black", "14.00", stock_status="outofstock", stock_quantity=0),
        samples.variation(72, parent, "Green", "9.00", regular_price="12.00", on_sale=True, stock_status="onbackorder"),
        samples.variation(73, parent, "Off", "1.00", status="private"),
        samples.variation(74, parent, "Unpriced", ""),
    ]
    item = to_item(parent, variations, "EUR")
    assert isinstance(item, Product)
    assert [(each.id, each.title, each.available) for each in item.variants] == [
        ("71", "Red & Black", False),
        ("72", "Green", True),
    ]
    assert item.variants[0].options == {"Colour": "Red & Black"}
    assert (item.price, item.compare_at_price) == (Money(900, "EUR"), Money(1200, "EUR"))
    nothing = to_item(parent, variations[2:], "EUR")
    assert isinstance(nothing, Product)
    assert (nothing.variants, nothing.available) == ((), False)


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "draft"},
        {"status": "private"},
        {"status": "pending"},
        {"status": "future"},
        {"status": "trash"},
        {"status": "of-a-plugin"},
        {"catalog_visibility": "hidden"},
        {"post_password": "x"},
    ],
)
def test_what_shoppers_may_not_see_is_removed(changes: dict[str, str]) -> None:
    assert to_item(samples.product(7, URL, **changes), (), "USD") == RemovedProduct("7")


@pytest.mark.parametrize("visibility", ["visible", "catalog", "search"])
def test_the_other_visibilities_are_seen(visibility: str) -> None:
    assert mapped(catalog_visibility=visibility).external_id == "7"


@pytest.mark.parametrize(
    ("changes", "available"),
    [
        ({"stock_status": "outofstock"}, False),
        ({"stock_status": "onbackorder"}, True),
        ({"stock_status": "of-a-plugin"}, True),
        ({"purchasable": False, "price": ""}, False),
        ({"type": "external", "purchasable": False}, True),
        ({"type": "grouped", "purchasable": False, "price": ""}, True),
    ],
)
def test_availability_by_meaning(changes: dict[str, Any], available: bool) -> None:
    assert mapped(**changes).available is available


def test_attributes_and_preorders_are_told() -> None:
    attributes = [
        {"name": "Size &amp; cut", "visible": True, "options": ["S", "M &amp; L"]},
        {"name": "Supplier", "visible": False, "options": ["secret"]},
    ]
    assert mapped(attributes=attributes).attributes == {"Size & cut": "S, M & L"}
    assert "backorder" in mapped(stock_status="onbackorder").attributes["Availability"]
    preorder = kept(_wc_pre_orders_enabled="yes", _wc_pre_orders_availability_datetime="1790000000")
    assert mapped(meta_data=preorder).attributes == {"Pre-order": "expected 2026-09-21"}


@pytest.mark.parametrize(
    ("changes", "stock", "on_backorder"),
    [
        ({"stock_quantity": 7}, 7, False),
        ({"stock_quantity": 0, "stock_status": "outofstock"}, 0, False),
        ({"stock_quantity": -3, "stock_status": "onbackorder"}, None, True),
        ({"stock_quantity": 0, "stock_status": "onbackorder"}, None, True),
        ({"stock_quantity": -1, "stock_status": "instock"}, None, False),
        ({"stock_quantity": None}, None, False),
    ],
)
def test_a_backorder_is_told_as_that_and_no_stock_below_zero(
    changes: dict[str, Any], stock: int | None, on_backorder: bool
) -> None:
    (variant,) = mapped(**changes).variants
    assert (variant.stock, variant.on_backorder) == (stock, on_backorder)
    parent = samples.product(7, URL, type="variable")
    item = to_item(parent, [samples.variation(71, parent, "Red", **changes)], "EUR")
    assert isinstance(item, Product)
    assert (item.variants[0].stock, item.variants[0].on_backorder) == (stock, on_backorder)


@pytest.mark.parametrize(
    ("kind", "can"),
    [("simple", True), ("subscription", True), ("grouped", False), ("external", False), ("bundle", False),
     ("composite", False), ("booking", False)],
)  # fmt: skip
def test_only_what_a_cart_takes_by_its_id_is_offered_for_it(kind: str, can: bool) -> None:
    (variant,) = mapped(type=kind).variants
    assert variant.can_add_to_cart is can


@pytest.mark.parametrize(
    ("chosen", "can"),
    [
        ([{"name": "Colour", "option": "Red"}, {"name": "Size", "option": "M"}], True),
        ([{"name": "Colour", "option": "Red"}], False),
        ([{"name": "Colour", "option": "Red"}, {"name": "Size", "option": ""}], False),
        ([{"name": "colour", "option": "Red"}, {"name": "SIZE", "option": "M"}], True),
        ([], False),
    ],
)
def test_a_variation_that_leaves_a_choice_open_is_chosen_on_its_page(chosen: list[dict[str, str]], can: bool) -> None:
    attributes = [
        {"name": "Colour", "variation": True, "options": ["Red", "Blue"]},
        {"name": "Size", "variation": True, "options": ["S", "M"]},
        {"name": "Material", "variation": False, "options": ["Wool"]},
    ]
    parent = samples.product(7, URL, type="variable", attributes=attributes)
    item = to_item(parent, [samples.variation(71, parent, "Red", attributes=chosen)], "EUR")
    assert isinstance(item, Product)
    assert item.variants[0].can_add_to_cart is can


@pytest.mark.parametrize(
    ("changes", "reason"), [({"price": "8,75"}, "8,75"), ({"name": " <br> "}, "name"), ({"price": "-1"}, "price")]
)
def test_what_cannot_be_taken_says_why(changes: dict[str, Any], reason: str) -> None:
    item = to_item(samples.product(7, URL, **changes), (), "USD")
    assert isinstance(item, RefusedProduct)
    assert reason in item.reason


@given(st.dictionaries(st.sampled_from(sorted(samples.product(1, URL))), _JSON, max_size=6))
def test_no_product_body_breaks_the_reading(changes: dict[str, Any]) -> None:
    to_item(samples.product(7, URL, **changes), (samples.variation(8, samples.product(7, URL), "Red"),), "USD")


def test_order() -> None:
    order = ordered(number="WEB-1001", currency="EUR", customer_id=5, billing={"email": "A@B.example", "postcode": "1"})
    assert (order.number, order.status, order.email, order.customer_id) == (
        "WEB-1001",
        OrderStatus.PROCESSING,
        "A@B.example",
        "5",
    )
    assert order.placed_at.isoformat() == "2026-11-02T09:30:00+00:00"
    assert order.total == Money(4040, "EUR")
    first, second = order.items
    assert (first.title, first.quantity, first.unit_price, first.variant_title) == (
        "Linen & Paper",
        2,
        Money(1170, "EUR"),
        None,
    )
    assert (second.title, second.variant_title, second.sku) == ("Case", "Red", "CA-RE")
    assert order.ship_to is not None
    assert (order.ship_to.name, order.ship_to.city) == ("Ann O’Hara", "Springfield")


@pytest.mark.parametrize(
    ("local", "gmt", "day"),
    [
        ("2026-11-29T23:30:00", "2026-11-30T04:30:00", date(2026, 11, 29)),
        ("2026-12-01T08:00:00", "2026-11-30T23:00:00", date(2026, 12, 1)),
        (None, "2026-11-30T04:30:00", date(2026, 11, 30)),
        ("", "2026-11-30T04:30:00", date(2026, 11, 30)),
        ("soon", "2026-11-30T04:30:00", date(2026, 11, 30)),
    ],
)
def test_days_are_those_of_the_shops_mails(local: str | None, gmt: str, day: date) -> None:
    dates = {"date_created": local, "date_created_gmt": gmt}
    order = ordered(Details(refunds=[{"id": 9, "amount": "1.00", **dates}]), **dates)
    assert order.placed_on == day
    assert order.placed_at.isoformat() == f"{gmt}+00:00"
    assert [refund.refunded_on for refund in order.refunds] == [day]


def test_guests_have_no_customer_id() -> None:
    assert ordered().customer_id is None


def test_unit_price_with_tax_where_prices_include_it() -> None:
    items = [{"id": 1, "name": "X", "quantity": 1, "total": "16.81", "total_tax": "3.19", "price": 17}]
    assert ordered(prices_include_tax=True, line_items=items).items[0].unit_price == Money(2000, "USD")


def test_partial_refund() -> None:
    given_back = {"id": 91, "name": "Linen &amp; Paper", "quantity": -1, "meta_data": kept(_refunded_item_id="11")}
    refunds = [{"id": 9, "amount": "11.90", "date_created_gmt": "2026-11-05T10:00:00", "line_items": [given_back]}]
    order = ordered(Details(refunds=refunds), status="completed", refunds=[{"id": 9, "total": "-11.90"}])
    assert order.status is OrderStatus.PARTIALLY_REFUNDED
    assert [item.refunded_quantity for item in order.items] == [1, 0]
    (refund,) = order.refunds
    assert (refund.amount, refund.refunded_on, refund.items) == (
        Money(1190, "USD"),
        date(2026, 11, 5),
        (("Linen & Paper", 1),),
    )
    assert ordered(status="refunded", refunds=[{"id": 9, "total": "-40.40"}]).status is OrderStatus.REFUNDED


def _fulfilled(quantities: dict[int, int], is_fulfilled: Any = "1") -> dict[str, Any]:
    meta = kept(_tracking_number="1Z9", _shipment_provider="ups", _tracking_url="https://ups.example/1Z9",
                _items=[{"item_id": item, "qty": quantity} for item, quantity in quantities.items()])  # fmt: skip
    return {"id": 1, "is_fulfilled": is_fulfilled, "meta_data": meta}


@pytest.mark.parametrize(
    ("quantities", "status"),
    [
        ({11: 2, 12: 1}, OrderStatus.SHIPPED),
        ({11: 1, 12: 1}, OrderStatus.PARTIALLY_SHIPPED),
        ({12: 1}, OrderStatus.PARTIALLY_SHIPPED),
    ],
)
def test_core_fulfillments(quantities: dict[int, int], status: OrderStatus) -> None:
    order = ordered(Details(fulfillments=[_fulfilled(quantities), _fulfilled({11: 9}, is_fulfilled=False)]))
    assert order.status is status
    (shipment,) = order.shipments
    (parcel,) = shipment.tracking
    assert (parcel.carrier, parcel.number, parcel.url) == ("UPS", "1Z9", "https://ups.example/1Z9")
    assert sum(quantity for _, quantity in shipment.items) == sum(quantities.values())


SHIPMENT_TRACKING = {
    "tracking_provider": "dhl",
    "custom_tracking_provider": "",
    "custom_tracking_link": "",
    "tracking_number": "N1",
    "date_shipped": "1790000000",
}
ADVANCED = {
    "formatted_tracking_provider": "USPS",
    "tracking_provider": "usps",
    "ast_tracking_link": "https://usps.example/N1",
    "tracking_number": "N1",
    "date_shipped": 1790000000,
}
CUSTOM = {
    "custom_tracking_provider": "Dropp",
    "custom_tracking_link": "javascript:alert(1)",
    "tracking_number": "N1",
}
UNKNOWN_CARRIER = {"tracking_number": "N1", "tracking_provider": "local-bike"}
UNFILLED = {
    "tracking_provider": "gls",
    "custom_tracking_link": "https://g.example/%1$s?z=%2$s",
    "tracking_number": "N1",
}
DHL = "https://www.dhl.de/de/privatkunden/pakete-empfangen/verfolgen.html?piececode="
DPD, GLS = "https://tracking.dpd.de/status/en_US/parcel/", "https://gls-group.eu/track/"
LA_POSTE = "https://www.laposte.fr/outils/suivre-vos-envois?code="
UPS, USPS = "https://www.ups.com/track?tracknum=", "https://tools.usps.com/go/TrackConfirmAction?tLabels="
LABELS = [{"tracking": "N1", "carrier_id": "usps"}, {"tracking": "N2", "refund": {"a": 1}}]


@pytest.mark.parametrize(
    ("meta", "carrier", "url"),
    [
        ({"_wc_shipment_tracking_items": [SHIPMENT_TRACKING]}, "DHL", f"{DHL}N1"),
        ({"_wc_shipment_tracking_items": [ADVANCED]}, "USPS", "https://usps.example/N1"),
        ({"_wc_shipment_tracking_items": {"3": CUSTOM}}, "Dropp", None),
        ({"_aftership_tracking_items": [{"slug": "colissimo", "tracking_number": "N1"}]}, "Colissimo", f"{LA_POSTE}N1"),
        ({"_aftership_tracking_number": "N1", "_aftership_tracking_provider_name": "UPS"}, "UPS", f"{UPS}N1"),
        ({"ywot_tracking_code": "N1", "ywot_carrier_name": "GLS"}, "GLS", f"{GLS}N1"),
        (
            {"sendcloud_tracking_number": "N1", "sendcloud_tracking_url": "https://t.example/"},
            None,
            "https://t.example/",
        ),
        ({"wc_connect_labels": LABELS}, "USPS", f"{USPS}N1"),
        ({"_pr_shipment_dhl_label_tracking": {"tracking_number": ["N1"], "label_path": "x"}}, "DHL", f"{DHL}N1"),
        (
            {"_wc_shipment_tracking_items": [UNKNOWN_CARRIER]},
            "local-bike",
            None,
        ),
        ({"_wc_shipment_tracking_items": [UNFILLED]}, "GLS", f"{GLS}N1"),
        ({"tracking_number": "N1", "tracking_url": "https://t.example/{tracking_number}"}, None, None),
    ],
)
def test_tracking_plugins(meta: dict[str, Any], carrier: str | None, url: str | None) -> None:
    order = ordered(status="completed", meta_data=kept(**meta))
    assert [(each.carrier, each.number, each.url) for s in order.shipments for each in s.tracking] == [
        (carrier, "N1", url)
    ]
    assert order.status is OrderStatus.SHIPPED


def test_tracking_at_the_lines_and_delivery() -> None:
    text = '[{"tracking_number":"N1","carrier_name":"DPD","carrier_url":"https://t.example/%tracking_number%"}]'
    items = samples.order(1)["line_items"]
    for item in items:
        item["meta_data"] = kept(_vi_wot_order_item_tracking_data=text)
    order = ordered(status="completed", line_items=items, meta_data=kept(shipment_status=[{"status": "delivered"}]))
    (shipment,) = order.shipments
    assert (shipment.tracking[0].carrier, shipment.tracking[0].url) == ("DPD", f"{DPD}N1")
    assert (shipment.status, order.status) == (OrderStatus.DELIVERED, OrderStatus.DELIVERED)


PICKUP = [{"id": 3, "method_id": "local_pickup", "method_title": "Abholung", "total": "0.00"}]
BLOCK_PICKUP = [{"id": 3, "method_id": "pickup_location", "method_title": "Store", "total": "0.00"}]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"status": "completed"}, OrderStatus.SHIPPED),
        ({"status": "completed", "shipping_lines": PICKUP}, OrderStatus.COMPLETED),
        ({"status": "completed", "shipping_lines": BLOCK_PICKUP}, OrderStatus.COMPLETED),
        ({"status": "completed", "shipping_lines": []}, OrderStatus.COMPLETED),
        ({"status": "completed", "shipping_lines": [], "needs_processing": True}, OrderStatus.COMPLETED),
        ({"status": "completed", "shipping_lines": [], "needs_processing": False}, OrderStatus.DOWNLOAD_READY),
        ({"status": "completed", "shipping_lines": [], "line_items": []}, OrderStatus.COMPLETED),
        ({"status": "completed", "shipping_lines": [], "meta_data": kept(tracking_number="N1")}, OrderStatus.SHIPPED),
        ({"status": "failed"}, OrderStatus.PAYMENT_FAILED),
        ({"status": "on-hold"}, OrderStatus.ON_HOLD),
        ({"status": "abgeholt"}, OrderStatus.COMPLETED),
        ({"status": "invoice-sent"}, OrderStatus.UNKNOWN),
        (
            {"status": "completed", "shipping_lines": [], "refunds": [{"id": 9, "total": "-1.00"}]},
            OrderStatus.PARTIALLY_REFUNDED,
        ),
    ],
)
def test_an_order_has_shipped_only_where_something_was_sent(changes: dict[str, Any], status: OrderStatus) -> None:
    assert ordered(**changes).status is status


@pytest.mark.parametrize("slug", ["invoice-sent", "wc-bezahlt", "en-camino", "7-oczekuje-na-odbiór", "lpc_transit"])
def test_a_status_of_the_shops_own_is_told_by_its_label(slug: str) -> None:
    sent = msgspec.json.encode(samples.order(1001, **DATES, status=slug))
    labels = {slug.removeprefix("wc-").replace("_", "-"): "Wird &amp; bleibt <b>da</b>", "processing": "In Arbeit"}
    order = to_order(EXACT_JSON.decode(sent), Details(), labels)
    assert order.status_label == "Wird & bleibt da"
    processing = msgspec.json.encode(samples.order(1001, **DATES))
    assert to_order(EXACT_JSON.decode(processing), Details(), labels).status_label is None


def shiptastic(status: str, quantities: dict[int, int], **changes: Any) -> dict[str, Any]:
    """A parcel as Germanized and Shiptastic add it to the order's body."""
    items = [{"id": n, "name": "x", "order_item_id": n, "product_id": 21, "quantity": q} for n, q in quantities.items()]
    parcel = {
        "id": 8,
        "status": status,
        "date_sent": "2026-11-03T23:30:00",
        "date_sent_gmt": "2026-11-03T22:30:00",
        "est_delivery_date": "2026-11-06T00:00:00",
        "tracking_id": "00340434161094042557",
        "tracking_url": "https://www.dhl.de/x?piececode=00340434161094042557",
        "shipping_provider": "dhl",
        "items": items,
    }
    return parcel | changes


@pytest.mark.parametrize(
    ("shipments", "status", "told"),
    [
        ([shiptastic("shipped", {11: 2, 12: 1})], OrderStatus.SHIPPED, 1),
        ([shiptastic("shipped", {11: 2})], OrderStatus.PARTIALLY_SHIPPED, 1),
        ([shiptastic("delivered", {11: 2, 12: 1})], OrderStatus.DELIVERED, 1),
        ([shiptastic("processing", {11: 2, 12: 1})], OrderStatus.PROCESSING, 1),
        ([shiptastic("shipped", {11: 2}), shiptastic("ready-for-shipping", {12: 1})], OrderStatus.PARTIALLY_SHIPPED, 2),
        ([shiptastic("draft", {11: 2, 12: 1})], OrderStatus.PROCESSING, 0),
        ([shiptastic("requested", {11: 2})], OrderStatus.PROCESSING, 0),
        ([shiptastic("shipped", {11: 2}, type="return")], OrderStatus.PROCESSING, 0),
    ],
)
def test_parcels_of_shiptastic(shipments: list[dict[str, Any]], status: OrderStatus, told: int) -> None:
    order = ordered(shipments=shipments)
    assert (order.status, len(order.shipments)) == (status, told)
    for shipment in order.shipments:
        (parcel,) = shipment.tracking
        assert (parcel.carrier, parcel.url) == ("DHL", "https://www.dhl.de/x?piececode=00340434161094042557")
        assert (shipment.shipped_on, shipment.estimated_delivery) == (date(2026, 11, 3), date(2026, 11, 6))


def test_only_notes_to_the_customer_are_read() -> None:
    notes = [
        {"customer_note": False, "note": "Tracking number: SECRET12345"},
        {"customer_note": True, "note": "Your parcel left. Tracking number: <b>JD014600</b>99"},
        {"customer_note": True, "note": "Tracking information follows shortly"},
    ]
    order = ordered(Details(notes=notes), status="completed")
    assert [each.number for s in order.shipments for each in s.tracking] == ["JD01460099"]


def test_preorders() -> None:
    order = ordered(
        meta_data=kept(_wc_pre_orders_is_pre_order="yes", _wc_pre_orders_availability_datetime="1790000000")
    )
    assert order.status is OrderStatus.PREORDER
    assert {item.available_from for item in order.items} == {date(2026, 9, 21)}
    assert ordered(status="pre-ordered").status is OrderStatus.PREORDER


def test_unreadable_order_is_unavailable_not_missing() -> None:
    with pytest.raises(PlatformUnavailable):
        to_order({"id": 5, "number": "5"}, Details())


@given(st.dictionaries(st.sampled_from(sorted(set(samples.order(1)) - {"number", "id"})), _JSON, max_size=6), _JSON)
def test_no_order_body_breaks_the_lookup(changes: dict[str, Any], details: Any) -> None:
    order = ordered(Details(fulfillments=details, refunds=details, notes=details), **changes)
    assert order.number == "1001"
