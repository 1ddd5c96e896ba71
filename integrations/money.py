"""Decimal amounts as exact minor units, for every platform."""

from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from integrations.platform import Money

MAX_MINOR = 10**15
"""A larger amount is a typing mistake, and would not fit a database's integers."""


@lru_cache(maxsize=256)
def minor_digits(currency: str) -> int:
    """Decimal digits of the minor unit: 2 for USD, 0 for JPY, 3 for KWD. Source: CLDR through babel."""
    from babel.numbers import get_currency_precision

    return get_currency_precision(currency)


def exact_money(amount: Decimal, currency: str) -> Money:
    """ "19.99" USD as 1999. Raises ValueError for an amount that is not finite, is too large, or has more digits than
    the currency's minor unit: a price that was rounded is not the shop's price."""
    minor = amount.scaleb(minor_digits(currency))
    if not minor.is_finite() or abs(minor) >= MAX_MINOR or minor != minor.to_integral_value():
        raise ValueError(f"not an amount of {currency}")
    return Money(int(minor), currency)


def rounded_money(amount: Decimal, currency: str) -> Money:
    """An amount in minor units, rounded half up. Raises ValueError for one that is too large."""
    if amount and amount.adjusted() > 15:
        raise ValueError("the amount is too large")
    minor = int(amount.scaleb(minor_digits(currency)).quantize(Decimal(1), ROUND_HALF_UP))
    if abs(minor) > MAX_MINOR:
        raise ValueError("the amount is too large")
    return Money(minor, currency)
