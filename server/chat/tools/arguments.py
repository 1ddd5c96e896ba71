"""The arguments that a model passes to a tool, cleaned: whatever these functions return is safe to use."""

from typing import Any, TypeAlias

import msgspec

from integrations.text import clean_text
from server.core.storable_text import storable_text

MAX_TEXT = 400
MAX_PRICE_MINOR = 10**15
"""The greatest price in minor units: above any real price, and well inside the range of Postgres' bigint."""

Arguments: TypeAlias = dict[str, Any]

_decoder = msgspec.json.Decoder(dict[str, Any])


def parse_arguments(written: str) -> Arguments | None:
    """The arguments that a model wrote, or None where they are no JSON object or are nested too deeply."""
    try:
        return _decoder.decode(written or "{}")
    except (ValueError, RecursionError):
        return None


def text_argument(given: Arguments, name: str) -> str:
    """A text on one line, without invisible characters, at most MAX_TEXT long; empty where it is no text or number."""
    return " ".join(clean_text(_as_text(given.get(name))[:MAX_TEXT]).split())


def id_argument(given: Arguments, name: str) -> str:
    """An id as it was written, at most MAX_TEXT long. Only what cannot be stored is replaced, never removed, so that
    it cannot become another id."""
    return storable_text(_as_text(given.get(name))[:MAX_TEXT])


def price_argument(given: Arguments, name: str) -> int | None:
    """A price in minor units; None where it is left out, negative or no number."""
    value = given.get(name)
    if isinstance(value, str):
        value = _as_number(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        return None
    return int(min(value, MAX_PRICE_MINOR))


def _as_text(value: object) -> str:
    """A value as text: models write numbers for texts. Python refuses to print integers of more than 4,300 digits."""
    match value:
        case str():
            return value
        case bool():
            return ""
        case int() | float() if abs(value) < MAX_PRICE_MINOR:
            return f"{value:.15g}"
        case _:
            return ""


def _as_number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
