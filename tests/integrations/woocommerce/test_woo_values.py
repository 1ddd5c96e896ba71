"""Single values: money exactly, statuses by meaning, text without HTML."""

from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.money import minor_digits
from integrations.platform import Money, OrderStatus
from integrations.woocommerce.client import EXACT_JSON
from integrations.woocommerce.statuses import meaning
from integrations.woocommerce.values import (
    amount_of,
    day_of,
    line,
    moment_of,
    paragraphs,
    price_of,
    web_address,
)

CURRENCIES = st.sampled_from(["USD", "EUR", "JPY", "KWD", "HUF", "CLP", "TND"])


@given(st.integers(0, 10**14), CURRENCIES)
def test_every_price_the_shop_can_write_is_read_exactly(minor: int, currency: str) -> None:
    written = f"{Decimal(minor).scaleb(-minor_digits(currency)):f}"
    assert price_of(written, currency) == Money(minor, currency)
    assert amount_of(f"-{written}", currency) == Money(minor, currency)
    as_number = EXACT_JSON.decode(f'{{"price":{written}}}'.encode())
    assert price_of(as_number["price"], currency) == Money(minor, currency)


@given(
    st.one_of(st.text(max_size=20), st.integers(), st.booleans(), st.none(), st.lists(st.integers(), max_size=2)),
    CURRENCIES,
)
def test_a_price_is_never_invented(value: object, currency: str) -> None:
    try:
        price = price_of(value, currency)
    except ValueError:
        return
    if price is None:
        assert value is None or value is False or (isinstance(value, str) and not value.strip())
    else:
        stated = Decimal(str(value).strip()).scaleb(minor_digits(currency))
        assert abs(price.amount - stated) <= Decimal("0.5")
        assert price.amount >= 0


@pytest.mark.parametrize(
    ("value", "currency", "minor"),
    [("8.75", "USD", 875), ("1000", "JPY", 1000), ("1.234", "KWD", 1234), ("8.755", "USD", 876), ("0", "USD", 0)],
)
def test_prices(value: str, currency: str, minor: int) -> None:
    assert price_of(value, currency) == Money(minor, currency)


@pytest.mark.parametrize("value", ["8,75", "-1", "NaN", "Infinity", "1e999999", "free", True, 8.75, [], {}])
def test_what_is_no_price_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"not a price|not an amount|too large"):
        price_of(value, "USD")


@pytest.mark.parametrize(
    ("status", "means"),
    [
        ("pending", OrderStatus.PENDING),
        ("on-hold", OrderStatus.ON_HOLD),
        ("processing", OrderStatus.PROCESSING),
        ("completed", OrderStatus.COMPLETED),
        ("cancelled", OrderStatus.CANCELLED),
        ("refunded", OrderStatus.REFUNDED),
        ("failed", OrderStatus.PAYMENT_FAILED),
        ("wc-shipped", OrderStatus.SHIPPED),
        ("shipped", OrderStatus.SHIPPED),
        ("not-shipped", OrderStatus.PROCESSING),
        ("awaiting-shipment", OrderStatus.PROCESSING),
        ("partial-shipped", OrderStatus.PARTIALLY_SHIPPED),
        ("partially-shipped", OrderStatus.PARTIALLY_SHIPPED),
        ("delivered", OrderStatus.DELIVERED),
        ("undelivered", OrderStatus.DELIVERY_FAILED),
        ("delivery-failed", OrderStatus.DELIVERY_FAILED),
        ("out-for-delivery", OrderStatus.OUT_FOR_DELIVERY),
        ("ready-for-pickup", OrderStatus.READY_FOR_PICKUP),
        ("awaiting-pickup", OrderStatus.READY_FOR_PICKUP),
        ("picked-up", OrderStatus.COMPLETED),
        ("in-transit", OrderStatus.SHIPPED),
        ("updated-tracking", OrderStatus.SHIPPED),
        ("pre-ordered", OrderStatus.PREORDER),
        ("pre-order", OrderStatus.PREORDER),
        ("return-requested", OrderStatus.RETURN_IN_PROGRESS),
        ("returned", OrderStatus.RETURNED),
        ("partially-refunded", OrderStatus.PARTIALLY_REFUNDED),
        ("awaiting-payment", OrderStatus.PENDING),
        ("packing", OrderStatus.PROCESSING),
        ("ready-to-ship", OrderStatus.PROCESSING),
        ("awaiting-return", OrderStatus.RETURN_IN_PROGRESS),
        ("versendet", OrderStatus.SHIPPED),
        ("storniert", OrderStatus.CANCELLED),
        ("awaiting-confirmation", OrderStatus.PROCESSING),
        ("confirmation", OrderStatus.UNKNOWN),
        ("consent-needed", OrderStatus.UNKNOWN),
        ("In Production", OrderStatus.PROCESSING),
        ("invoice-sent", OrderStatus.UNKNOWN),
        ("wc-email-sent", OrderStatus.UNKNOWN),
        ("quote-sent", OrderStatus.UNKNOWN),
        ("payment-reminder-sent", OrderStatus.UNKNOWN),
        ("review-request-sent", OrderStatus.UNKNOWN),
        ("refund-form-delivered", OrderStatus.UNKNOWN),
        ("order-shipped", OrderStatus.SHIPPED),
        ("item-has-been-sent", OrderStatus.SHIPPED),
        ("abgeholt", OrderStatus.COMPLETED),
        ("teilversandt", OrderStatus.PARTIALLY_SHIPPED),
        ("versandbereit", OrderStatus.PROCESSING),
        ("retoure", OrderStatus.RETURN_IN_PROGRESS),
        ("lpc_transit", OrderStatus.SHIPPED),
        ("payment-pending", OrderStatus.PENDING),
        ("payment-declined", OrderStatus.PAYMENT_FAILED),
        ("en-camino", OrderStatus.SHIPPED),
        ("bezahlt", OrderStatus.UNKNOWN),
        ("shipping", OrderStatus.UNKNOWN),
        ("blorp", OrderStatus.UNKNOWN),
        ("", OrderStatus.UNKNOWN),
        (None, OrderStatus.UNKNOWN),
        (7, OrderStatus.UNKNOWN),
    ],
)
def test_statuses_by_meaning(status: object, means: OrderStatus) -> None:
    assert meaning(status) is means


NO_PARCELS = ("invoice", "quote", "reminder", "survey", "rechnung", "angebot", "email", "sms", "voucher", "contract")
SENT = ("sent", "shipped", "dispatched", "delivered", "versendet", "verschickt", "envoyee", "enviado")


@given(
    st.sampled_from(NO_PARCELS), st.sampled_from(SENT), st.sampled_from(["wc-{a}-{b}", "{a}-{b}", "{b}-{a}", "{a}_{b}"])
)
def test_what_is_sent_beside_the_goods_is_no_shipment(thing: str, verb: str, form: str) -> None:
    assert meaning(form.format(a=thing, b=verb)) is OrderStatus.UNKNOWN


@given(st.text(max_size=30))
def test_any_status_means_something(status: str) -> None:
    assert meaning(status) is meaning(f"wc-{status}") or status.strip().lower().startswith("wc-")


def test_text_without_html() -> None:
    assert line("Northwind Paper &amp; Ink") == "Northwind Paper & Ink"
    assert line("A <b>B</b> &#8220;C&#8221;") == "A B “C”"
    html = "<p>One &amp; two</p><script>alert(1)</script><ul><li>a</li><li>b&nbsp;c</li></ul>x<br/>y"
    assert paragraphs(html) == "One & two\na\nb c\nx\ny"
    assert paragraphs("a\x00b") == "ab"
    odd: list[object] = [None, True, [], {}, 12]
    assert [line(value) for value in odd] == ["", "", "", "", "12"]


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=50))
def test_text_never_fails(text: str) -> None:
    assert "\x00" not in paragraphs(f"<p>{text}</p>")
    assert "\n" not in line(text)


def test_times_are_utc() -> None:
    assert moment_of("2026-11-02T09:30:00") == datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
    assert moment_of("2026-11-02T09:30:00+02:00") == datetime(2026, 11, 2, 7, 30, tzinfo=UTC)
    assert [moment_of(value) for value in (None, "", "soon", 5)] == [None] * 4
    assert day_of("1790000000") == day_of(1790000000) == date(2026, 9, 21)
    assert day_of("2026-11-02 10:00:00") == date(2026, 11, 2)
    assert [day_of(value) for value in (None, "", "soon", True, "2026")] == [None] * 5


@pytest.mark.parametrize(
    "value", ["javascript:alert(1)", "//x.example", "", None, "http://", "https://a b", "http://[x"]
)
def test_only_web_addresses_are_links(value: object) -> None:
    assert web_address(value) is None
    assert web_address("https://x.example/t?a=1&amp;b=2") == "https://x.example/t?a=1&b=2"


def test_decoder_keeps_decimals_exact() -> None:
    assert EXACT_JSON.decode(b"16.806722689075631") == Decimal("16.806722689075631")
    with pytest.raises(msgspec.DecodeError):
        EXACT_JSON.decode(b"<html>")
