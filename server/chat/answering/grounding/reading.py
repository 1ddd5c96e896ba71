"""What a source supports: the keys of all figures in its text."""

import re
from collections.abc import Iterator
from datetime import date
from functools import lru_cache

from server.chat.answering.grounding.dates import keys_of_date, parse_day, short_weekdays
from server.chat.answering.grounding.quantities import Quantity, read_quantities, visible
from server.chat.answering.grounding.units import DURATIONS, MEASURES, PERCENT, currency_of
from server.chat.answering.intents.words import fold

LABEL_LINE_CHARACTERS = 100
"""In a line this short and with a colon ("Weight (g): 350") the label's unit belongs to the figure."""
CACHED_TEXTS = 8192

FREE = re.compile(r"\b(?:free|gratis|gratuit\w{0,3}|kostenlos\w{0,2}|kostenfrei\w{0,2}|gratuit[oa]s?)\b")
_FREE_IN_SOURCE = re.compile(
    FREE.pattern + r"|\b(?:no|any) (?:extra |additional )?(?:charge|cost|fee)|at our expense|sans frais"
)
_UNIT_WORD = re.compile(r"[^\W\d_]+|[%€$£\"]")


@lru_cache(maxsize=CACHED_TEXTS)
def keys_of_shop_text(text: str, currency: str, today: date | None) -> tuple[str, ...]:
    """As `keys_of_text`, remembered: passages and product pages come again. Never for anything about a person."""
    return keys_of_text(text, currency, today)


def keys_of_text(text: str, currency: str, today: date | None) -> tuple[str, ...]:
    """Every key the text supports, each once."""
    return tuple(dict.fromkeys(_keys(visible(text), currency, today)))


def _keys(text: str, currency: str, today: date | None) -> Iterator[str]:
    for line in text.splitlines():
        units = _label_units(line, currency)
        for quantity in read_quantities(line, currency, today):
            yield from _keys_of_quantity(quantity, units, today)
    folded = fold(text)
    if _FREE_IN_SOURCE.search(folded):
        yield "free"
    yield from short_weekdays(folded)


def _keys_of_quantity(quantity: Quantity, units: list[str], today: date | None) -> Iterator[str]:
    for key in quantity.keys:
        yield key
        kind, _, rest = key.partition(":")
        if kind == "date" and (day := parse_day(rest)):
            yield from keys_of_date(day, today)
        if quantity.bare and kind == "number":
            yield from (unit.replace("*", rest) for unit in units)
    yield from (f"number:{value}" for value in _plain_values(quantity))


def _plain_values(quantity: Quantity) -> list[str]:
    """The number itself, for a sentence that names it without the unit. Units that were scaled are left out."""
    found = re.search(r"\d+(?:[.,]\d+)*", quantity.text)
    return [found[0].replace(",", ".")] if found and quantity.keys[0].startswith(("measure", "duration")) else []


def _label_units(line: str, currency: str) -> list[str]:
    """Key patterns ("measure:*:g") of the units a short labelled line names."""
    if len(line) > LABEL_LINE_CHARACTERS or ":" not in line:
        return []
    patterns = []
    for found in _UNIT_WORD.finditer(fold(line)):
        word = found[0]
        if code := currency_of(word, currency):
            patterns.append(f"money:*:{code}")
        if word in MEASURES and MEASURES[word][1] == "1" and word != "in":
            patterns.append(f"measure:*:{MEASURES[word][0]}")
        if word in DURATIONS and DURATIONS[word][1] == "1":
            patterns.append(f"duration:*:{DURATIONS[word][0]}")
        if word in PERCENT:
            patterns.append("percent:*")
    return patterns
