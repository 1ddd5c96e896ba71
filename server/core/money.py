"""Money as text, by the currency's own number of decimals (CLDR, through babel)."""

import re
from decimal import Decimal
from functools import lru_cache

from babel.numbers import format_currency, get_currency_precision

MAX_AMOUNT = 10**15
"""In minor units. More is a mistake, and far more does not fit into a bigint of the database."""
_CURRENCY = re.compile(r"[A-Z]{3}")


def is_currency(code: str) -> bool:
    """Whether the text has the form of an ISO 4217 code."""
    return bool(_CURRENCY.fullmatch(code))


def currency_decimals(currency: str) -> int:
    """The number of decimals of a currency: 2 for USD, 0 for JPY, 3 for KWD."""
    return int(get_currency_precision(currency))


def to_decimal(amount: int, currency: str) -> Decimal:
    """Convert minor units to a decimal: 1999 USD is 19.99, 1999 JPY is 1999."""
    return Decimal(amount).scaleb(-currency_decimals(currency))


@lru_cache(maxsize=4096)
def format_money(amount: int, currency: str, locale: str = "en") -> str:
    """Format an amount of minor units for a locale: $19.99, 19,99 €."""
    return str(format_currency(to_decimal(amount, currency), currency, locale=locale.replace("-", "_")))
