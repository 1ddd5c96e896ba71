"""Prices: read exactly, or refused."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.platform import Money
from server.catalog.formats.money import UnreadablePrice, minor_digits, parse_minor, parse_money

CURRENCIES = st.sampled_from(["USD", "EUR", "JPY", "KWD", "GBP", "SEK", "INR", "CHF"])


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("19.99", 1999, "USD"),
        ("19,99 €", 1999, "EUR"),
        ("€19.99", 1999, "EUR"),
        ("$19.99", 1999, "USD"),
        ("US$ 5", 500, "USD"),
        ("CA$5", 500, "CAD"),
        ("19.99 USD", 1999, "USD"),
        ("EUR 19.99", 1999, "EUR"),
        ("1.299,00", 129900, "USD"),
        ("1,299.00", 129900, "USD"),
        ("$1,299", 129900, "USD"),
        ("1.299 €", 129900, "EUR"),
        ("1.299.000", 129900000, "USD"),
        ("12,99,000.00", 129900000, "USD"),
        ("1'299.00 CHF", 129900, "CHF"),
        ("1\u202f299,00 EUR", 129900, "EUR"),
        ("19,-", 1900, "USD"),
        (".99", 99, "USD"),
        ("19.9900", 1999, "USD"),
        ("¥1,299", 1299, "JPY"),
        ("1.299 KWD", 1299, "KWD"),
        ("0", 0, "USD"),
        (" 7 ", 700, "USD"),
        (20, 2000, "USD"),
        (32.9, 3290, "USD"),
        (12.989999999999998, 1299, "USD"),
    ],
)
def test_reads(text: object, amount: int, currency: str) -> None:
    assert parse_money(text, "USD") == Money(amount, currency)


@pytest.mark.parametrize("text", ["", "  ", "-", "n/a", "null", None])
def test_an_empty_price_is_none(text: object) -> None:
    assert parse_money(text, "USD") is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("call us", "not a price"),
        ("-5", "negative"),
        ("($5.00)", "negative"),
        (-5, "negative"),
        ("1.299", "could mean 1299 or 1.299"),
        ("1,299 KWD", "could mean"),
        ("19.995", "could mean"),
        (19.995, "more decimals"),
        ("1299.50 JPY", "more decimals"),
        ("19.99 - 29.99", "not a price"),
        ("from 19.99", "not a price"),
        ("5 per kg", "not a price"),
        ("12 kr", "name its currency"),
        ("1.2.3", "not a price"),
        ("1 2", "not a price"),
        ("12.34.567,00.1", "not a price"),
        (True, "true or false"),
        ({"a": 1}, "not a price"),
        (float("inf"), "not a price"),
        (float("nan"), "not a price"),
        ("1" * 30, "too large"),
        ("€$5", "not a price"),
        ("$5 EUR", "name its currency"),
    ],
)
def test_refuses(text: object, reason: str) -> None:
    with pytest.raises(UnreadablePrice, match=reason):
        parse_money(text, "USD")


def test_a_shared_sign_means_the_shops_own_currency() -> None:
    assert parse_money("$5", "AUD") == Money(500, "AUD")
    assert parse_money("12 kr", "NOK") == Money(1200, "NOK")
    assert parse_money("$5", "EUR") == Money(500, "USD")


def test_minor_units_are_whole() -> None:
    assert parse_minor("1999", "USD") == Money(1999, "USD")
    assert parse_minor(1999.0, "USD") == Money(1999, "USD")
    assert parse_minor("", "USD") is None
    for value in ("19.99", "x", -1, True):
        with pytest.raises(UnreadablePrice):
            parse_minor(value, "USD")


@given(
    amount=st.integers(0, 10**12), currency=CURRENCIES, grouped=st.booleans(), comma=st.booleans(), coded=st.booleans()
)
def test_what_is_written_is_what_is_read(amount: int, currency: str, grouped: bool, comma: bool, coded: bool) -> None:
    digits = minor_digits(currency)
    text = f"{Decimal(amount).scaleb(-digits):{',' if grouped else ''}.{digits}f}"
    if comma:
        text = text.translate(str.maketrans(",.", ".,"))
    text = f"{text} {currency}" if coded else text
    assert _read_or_refused(text, currency) in (Money(amount, currency), "could mean two")


def _read_or_refused(text: str, currency: str) -> object:
    """ "1.299" may be refused; it must never be misread."""
    try:
        return parse_money(text, currency)
    except UnreadablePrice as refused:
        return "could mean two" if "could mean" in str(refused) else str(refused)


@given(st.text(max_size=30), CURRENCIES)
def test_any_text_is_read_or_refused_and_never_grows_digits(text: str, currency: str) -> None:
    try:
        money = parse_money(text, currency)
    except UnreadablePrice:
        return
    if money is not None:
        written = "".join(character for character in text if character in "0123456789")
        assert str(money.amount).rstrip("0") in f"{written.lstrip('0')}0"


@given(st.floats(), CURRENCIES)
def test_any_number_is_exact_or_refused(number: float, currency: str) -> None:
    try:
        money = parse_money(number, currency)
    except UnreadablePrice:
        return
    assert money
    assert abs(Decimal(money.amount).scaleb(-minor_digits(currency)) - Decimal(str(number))) < Decimal("1e-5")
