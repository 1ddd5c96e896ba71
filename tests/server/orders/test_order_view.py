"""The allow-list: whatever an order holds, a level sees its own fields and nothing else."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.platform import Address, Money, Order, OrderItem, OrderStatus, Refund, Shipment, Tracking
from server.languages import LANGUAGES
from server.orders.models import OrderAccess, OrderView, ProofLevel
from server.orders.view import is_public_https, order_view, postcode_end, shown_level, status_text
from server.orders.words import WORDS
from tests.server.orders.memory_platform import an_order

TODAY = date(2026, 11, 21)
SECRET = "zq"  # the beginning of everything that must never be shown; no other generated text holds a letter q
L1 = {"number", "status", "status_text", "status_label", "placed_on", "estimated_delivery"}
L2 = L1 | {"items", "tracking", "shipments", "ship_to", "refunds"}
FIELDS = {
    "item": {"title", "quantity", "variant", "refunded_quantity", "available_from"},
    "parcel": {"status", "status_text", "items", "tracking", "shipped_on", "delivered_on", "estimated_delivery"},
    "tracking": {"carrier", "number", "url"},
}

days = st.dates(date(2026, 1, 1), date(2027, 12, 31))
maybe_days = st.none() | days
words = st.text("abcdefgh ABC123-", min_size=1, max_size=12)
secrets = st.text("0123456789abc", min_size=3, max_size=9).map(lambda tail: SECRET + tail)
money = st.builds(Money, st.integers(0, 10**7), st.sampled_from(["EUR", "JPY"]))
contents = st.lists(st.tuples(words, st.integers(1, 9)), max_size=2).map(tuple)
trackings = st.builds(
    Tracking,
    carrier=st.none() | words,
    number=words,
    url=st.none()
    | st.sampled_from(["https://track.example.com/1", "http://zq.example.com", "https://zq@example.com/"]),
)
parcels = st.builds(
    Shipment,
    status=st.sampled_from(OrderStatus),
    shipped_on=maybe_days,
    delivered_on=maybe_days,
    estimated_delivery=maybe_days,
    tracking=st.lists(trackings, max_size=2).map(tuple),
    items=contents,
)
items = st.builds(
    OrderItem,
    title=words,
    quantity=st.integers(1, 9),
    variant_title=st.none() | words,
    sku=st.none() | secrets,
    unit_price=st.none() | money.map(lambda price: Money(price.amount + 777_000_000_000, "ZQX")),
    refunded_quantity=st.integers(0, 3),
    available_from=maybe_days,
)
addresses = st.builds(
    Address,
    name=st.none() | secrets,
    line1=st.none() | secrets,
    city=st.none() | words,
    postcode=st.none() | st.just("zq8000"),
    country=st.none() | secrets,
)
orders = st.builds(
    Order,
    number=words,
    status=st.sampled_from(OrderStatus),
    placed_at=days.map(lambda day: datetime(day.year, day.month, day.day, 12, tzinfo=UTC)),
    email=st.none() | secrets,
    customer_id=st.none() | secrets,
    customer_name=st.none() | secrets,
    billing_postcode=st.none() | secrets,
    items=st.lists(items, max_size=3).map(tuple),
    shipments=st.lists(parcels, max_size=3).map(tuple),
    refunds=st.lists(st.builds(Refund, refunded_on=days, amount=money, items=contents), max_size=2).map(tuple),
    ship_to=st.none() | addresses,
    total=st.none() | money,
    estimated_delivery=maybe_days,
    cancelled_at=st.none() | st.just(datetime(2026, 3, 1, tzinfo=UTC)),
)
levels = st.sampled_from([ProofLevel.KNOWS_ORDER, ProofLevel.READS_MAIL, ProofLevel.SIGNED_IN])
policies = st.sampled_from(OrderAccess)


def as_json(view: OrderView) -> dict[str, Any]:
    return dict(msgspec.json.decode(msgspec.json.encode(view)))


@given(orders, levels, policies, st.sampled_from([*LANGUAGES, "pt-BR", "ko"]), st.lists(orders, max_size=2))
def test_nothing_but_the_allow_list_is_ever_in_the_json(
    order: Order, level: ProofLevel, policy: OrderAccess, locale: str, others: list[Order]
) -> None:
    shown = shown_level(level, policy)
    if shown is ProofLevel.NOBODY:
        with pytest.raises(ValueError, match="nothing"):
            order_view(order, level, policy, locale, TODAY, others)
        return
    view = as_json(order_view(order, level, policy, locale, TODAY, others))
    allowed = {ProofLevel.KNOWS_ORDER: L1, ProofLevel.READS_MAIL: L2}.get(shown, L2 | {"total", "other_orders"})
    assert set(view) <= allowed
    text = msgspec.json.encode(view).decode().lower()
    assert SECRET not in text
    assert "777000" not in text
    assert all(set(item) <= FIELDS["item"] for item in view.get("items", []))
    assert all(set(parcel) <= FIELDS["parcel"] for parcel in view.get("shipments", []))
    assert all(set(number) == FIELDS["tracking"] for number in view.get("tracking", []))
    assert set(view.get("ship_to", {})) <= {"city", "postcode_end"}
    assert all(set(refund) == {"refunded_on", "amount"} for refund in view.get("refunds", []))
    lines = view.get("other_orders", [])
    assert all(set(line) == {"number", "status", "status_text", "placed_on"} for line in lines)


@given(orders, st.sampled_from(ProofLevel))
def test_nobody_sees_nothing(order: Order, level: ProofLevel) -> None:
    if shown_level(level, OrderAccess.STANDARD) is ProofLevel.NOBODY:
        with pytest.raises(ValueError, match="nothing"):
            order_view(order, level, OrderAccess.STANDARD, "en", TODAY)


@given(st.none() | st.text(max_size=12))
def test_less_than_the_whole_postcode_is_told(postcode: str | None) -> None:
    end = postcode_end(postcode)
    letters = "".join(character for character in postcode or "" if character.isalnum())
    assert end is None or (letters.endswith(end) and 2 * len(end) <= len(letters))


@pytest.mark.parametrize(
    ("url", "is_public"),
    [
        ("https://track.example.com/a?b=1", True),
        ("https://xn--bcher-kva.example:443/x", True),
        ("http://track.example.com/", False),
        ("https://localhost/", False),
        ("https://shop.local/", False),
        ("https://10.0.0.1/", False),
        ("https://[::1]/", False),
        ("https://127.1/", False),
        ("https://0x7f.0.0.0x1/", False),
        ("https://8.8.8.8/", True),
        ("https://192.88.99.1/", False),  # as core/addresses.py has it; Python's is_global says otherwise
        ("https://[64:ff9b::808:808]/", False),
        ("https://[2606:4700:4700::1111]/", True),
        ("https://user@track.example.com/", False),
        ("https://track.example.com:8443/", False),
        ("https://track.example.com:99999/", False),
        ("https://track.example.com\\@evil.example/", False),
        ('https://track.example.com/"onclick', False),
        ("https://track.example.com/\n", False),
        ("javascript:alert(1)", False),
        ("https://", False),
        ("https://[", False),
    ],
)
def test_only_https_to_the_open_internet_is_linked(url: str, is_public: bool) -> None:
    assert is_public_https(url) is is_public


def test_every_status_has_a_label() -> None:
    assert set(WORDS["en"].labels) == set(OrderStatus)  # and so has every language: the loader compares them


@pytest.mark.parametrize("locale", LANGUAGES)
def test_every_status_has_words_in_every_language(locale: str) -> None:
    for status in OrderStatus:
        text = status_text(an_order(status=status), locale, TODAY)
        assert text, status
        assert "{" not in text, status
        assert not text.endswith("."), status


DELIVERED = Shipment(status=OrderStatus.DELIVERED, delivered_on=date(2026, 11, 6))
SHIPPED = Shipment(status=OrderStatus.SHIPPED, estimated_delivery=date(2026, 11, 24))


@pytest.mark.parametrize(
    ("changes", "locale", "text"),
    [
        ({}, "en", "Partly on its way: 1 of 2 parcels delivered, the rest follows, expected November 24, 2026"),
        (
            {"status": OrderStatus.SHIPPED},
            "de",
            "Gepackt und unterwegs: 1 von 2 Paketen zugestellt, erwartet am 24. November 2026",
        ),
        ({"shipments": (DELIVERED,)}, "en", "Partly on its way: 1 delivered so far, the rest follows"),
        ({"status": OrderStatus.DELIVERED, "shipments": (DELIVERED,)}, "fr", "Livraison effectuée le 6 novembre 2026"),
        ({"status": OrderStatus.DELIVERED, "shipments": ()}, "en", "Delivered"),
        ({"status": OrderStatus.PENDING, "shipments": ()}, "en", "Pending: received, not yet being packed"),
        ({"status": OrderStatus.PROCESSING, "shipments": ()}, "es", "En preparación: se está embalando"),
        (
            {"status": OrderStatus.CANCELLED, "shipments": (), "cancelled_at": datetime(2026, 11, 3, tzinfo=UTC)},
            "en",
            "Cancelled on November 3, 2026",
        ),
        (
            {"status": OrderStatus.SHIPPED, "shipments": (SHIPPED,), "estimated_delivery": TODAY},
            "en",
            "Packed and on its way: expected today",
        ),
        (
            {"status": OrderStatus.SHIPPED, "shipments": (SHIPPED,), "estimated_delivery": date(2026, 11, 19)},
            "en",
            "Packed and on its way: was expected November 19, 2026",
        ),
        (
            {"status": OrderStatus.SHIPPED, "shipments": (SHIPPED, SHIPPED)},
            "en",
            "Packed and on its way: in 2 parcels, expected November 24, 2026",
        ),
        (
            {"status": OrderStatus.PARTIALLY_REFUNDED, "shipments": (DELIVERED,)},
            "en",
            "Partly refunded: everything delivered",
        ),
        (
            {
                "status": OrderStatus.PREORDER,
                "shipments": (),
                "items": (OrderItem(title="Lamp", quantity=1, available_from=date(2026, 12, 5)),),
            },
            "en",
            "Pre-ordered: expected December 5, 2026",
        ),
    ],
)
def test_the_status_in_words(changes: dict[str, Any], locale: str, text: str) -> None:
    assert status_text(an_order(**changes), locale, TODAY) == text


@pytest.mark.parametrize("locale", LANGUAGES)
@pytest.mark.parametrize("label", ["Rechnung verschickt", "تم الشحن", "7-dni", "Wysłane mailem"])
def test_a_status_of_the_shops_own_is_told_by_its_name(locale: str, label: str) -> None:
    order = an_order(status=OrderStatus.UNKNOWN, status_label=label, shipments=())
    view = as_json(order_view(order, ProofLevel.KNOWS_ORDER, OrderAccess.STANDARD, locale, TODAY))
    assert (view["status_text"], view["status_label"]) == (label, label)


@pytest.mark.parametrize(
    ("placed_at", "zone_hours"), [("2026-11-30T04:30", -5), ("2026-11-29T23:30", 9), ("2026-11-30T23:59", 1)]
)
def test_days_are_those_of_the_shop(placed_at: str, zone_hours: int) -> None:
    moment = datetime.fromisoformat(placed_at).replace(tzinfo=UTC)
    day = (moment + timedelta(hours=zone_hours)).date()
    order = an_order(
        placed_at=moment, placed_on=day, status=OrderStatus.CANCELLED, cancelled_at=moment, cancelled_on=day
    )
    view = as_json(order_view(order, ProofLevel.KNOWS_ORDER, OrderAccess.STANDARD, "en", TODAY))
    assert view["placed_on"] == day.isoformat()
    assert str(day.day) in view["status_text"]


def test_level_two_has_the_whole_story_and_half_the_address() -> None:
    view = as_json(order_view(an_order(), ProofLevel.READS_MAIL, OrderAccess.STANDARD, "en", TODAY))
    assert view["ship_to"] == {"city": "Aarhus", "postcode_end": "000"}
    assert view["tracking"] == [{"carrier": "PostNord", "number": "PN42", "url": "https://track.postnord.dk/PN42"}]
    assert view["items"][0] == {"title": "Wool blanket", "quantity": 1, "variant": "Moss"}
    assert view["shipments"][0]["status_text"] == "Delivered on November 6, 2026"
    assert "total" not in view
