"""Languages and currencies by their names, for lists to choose from (CLDR, through babel)."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.numbers import get_currency_name, get_territory_currencies


def language_names(tags: Iterable[str]) -> list[tuple[str, str]]:
    """(tag, name) in the order of the names: each language's English name and its own."""
    return sorted(((tag, _name(tag)) for tag in tags), key=lambda pair: pair[1])


def currency_names(own: str) -> list[tuple[str, str]]:
    """(code, code and English name) of the currencies that some country uses today, and of the shop's `own`."""
    codes = _currencies() | ({own} if own else set())
    return [(code, f"{code} {get_currency_name(code, locale='en')}") for code in sorted(codes)]


@lru_cache(maxsize=1)
def _currencies() -> frozenset[str]:
    today = datetime.now(UTC).date()
    territories = get_global("territory_currencies")
    return frozenset(code for each in territories for code in get_territory_currencies(each, today, today))


@lru_cache(maxsize=256)
def _name(tag: str) -> str:
    try:
        locale = Locale.parse(tag.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        return tag
    english, own = str(locale.get_display_name("en")), str(locale.get_display_name())
    return english if english == own else f"{english} ({own})"
