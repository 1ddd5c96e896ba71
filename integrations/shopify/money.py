"""Shopify's decimal strings as exact minor units."""

from decimal import Decimal, InvalidOperation

from babel.numbers import get_currency_precision

from integrations.platform import Money

MAX_DIGITS = 30


def to_money(amount: str, currency: str) -> Money:
    """ "19.99" USD as 1999, "1200.0" JPY as 1200, "1.250" KWD as 1250.

    Raises ValueError for what is no amount and for one that the currency's minor unit cannot hold: a price that was
    rounded is not the shop's price.
    """
    try:
        decimal = Decimal(amount) if len(amount) <= MAX_DIGITS else Decimal("NaN")
    except InvalidOperation:
        decimal = Decimal("NaN")
    minor = decimal.scaleb(get_currency_precision(currency))
    if not minor.is_finite() or abs(minor) >= 10**15 or minor != minor.to_integral_value():
        raise ValueError(f"not an amount of {currency}")
    return Money(int(minor), currency)


def find_money(amount: str | None, currency: str | None) -> Money | None:
    """As `to_money`; None for nothing, for a negative amount and for what is no exact amount."""
    if amount is None or not currency:
        return None
    try:
        money = to_money(amount, currency)
    except ValueError:
        return None
    return money if money.amount >= 0 else None
