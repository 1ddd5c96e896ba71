"""Shopify's decimal strings as exact minor units."""

from decimal import Decimal, InvalidOperation

from integrations.money import exact_money
from integrations.platform import Money

MAX_DIGITS = 30


def to_money(amount: str, currency: str) -> Money:
    """ "19.99" USD as 1999, "1200.0" JPY as 1200, "1.250" KWD as 1250.

    Raises ValueError for what is no exact amount.
    """
    try:
        decimal = Decimal(amount) if len(amount) <= MAX_DIGITS else Decimal("NaN")
    except InvalidOperation:
        decimal = Decimal("NaN")
    return exact_money(decimal, currency)


def find_money(amount: str | None, currency: str | None) -> Money | None:
    """As `to_money`; None for nothing, for a negative amount and for what is no exact amount."""
    if amount is None or not currency:
        return None
    try:
        money = to_money(amount, currency)
    except ValueError:
        return None
    return money if money.amount >= 0 else None
