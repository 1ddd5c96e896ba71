"""What a model passes to a tool, cleaned where it comes in: behind this, arguments are as sound as a form's fields."""

from typing import Any, TypeAlias

import msgspec

from integrations.text import clean_text
from server.core.storable_text import storable_text

MAX_TEXT = 400
MAX_PRICE_MINOR = 10**15
"""Dearer than anything, and well inside Postgres' bigint: a search above it finds nothing, below it everything."""

Arguments: TypeAlias = dict[str, Any]

_decoder = msgspec.json.Decoder(dict[str, Any])


def parse_arguments(written: str) -> Arguments | None:
    """The arguments a model wrote, or None when they are no JSON object (deep nesting is a RecursionError)."""
    try:
        return _decoder.decode(written or "{}")
    except (ValueError, RecursionError):
        return None


def text_argument(given: Arguments, name: str) -> str:
    """Words on one line, without invisible characters; numbers count as text, anything else as left out."""
    return " ".join(clean_text(_as_text(given.get(name))[:MAX_TEXT]).split())


def id_argument(given: Arguments, name: str) -> str:
    """An id as it was given: only what no id can hold is replaced, so that it does not become another's."""
    return storable_text(_as_text(given.get(name))[:MAX_TEXT])


def price_argument(given: Arguments, name: str) -> int | None:
    """A price in minor units; None where it is left out, negative or no number."""
    value = given.get(name)
    if isinstance(value, str):
        value = _as_number(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:  # so that NaN is none
        return None
    return int(min(value, MAX_PRICE_MINOR))


def _as_text(value: Any) -> str:
    """Models write numbers where texts are asked. Python prints no integer of more than 4,300 digits."""
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
