"""What a source supports: the keys of all figures in its text."""

import re
from collections.abc import Iterator
from datetime import date
from functools import lru_cache

from server.chat.answering.grounding.dates import keys_of_date, parse_day, short_weekdays
from server.chat.answering.grounding.free import says_free
from server.chat.answering.grounding.quantities import Quantity, read_quantities, visible
from server.chat.answering.grounding.units import currency_of
from server.chat.answering.grounding.vocabulary import vocabulary
from server.chat.languages.folding import fold

LABEL_LINE_CHARACTERS = 100
"""In a line this short and with a colon ("Weight (g): 350") the label's unit belongs to the figure."""
CACHED_TEXTS = 8192

_UNIT_WORD = re.compile(r"[^\W\d_]+|[%€$£\"]")


@lru_cache(maxsize=CACHED_TEXTS)
def keys_of_shop_text(text: str, currency: str, today: date | None, language: str | None = None) -> tuple[str, ...]:
    """As `keys_of_text`, remembered: passages and product pages come again. Never for anything about a person."""
    return keys_of_text(text, currency, today, language)


def keys_of_text(text: str, currency: str, today: date | None, language: str | None = None) -> tuple[str, ...]:
    """Every key the text supports, each once. `language` is the answer's where it is known: words that are a number
    in it count as numbers, whatever they mean elsewhere."""
    return tuple(dict.fromkeys(_keys(visible(text), currency, today, language)))


def _keys(text: str, currency: str, today: date | None, language: str | None) -> Iterator[str]:
    for line in text.splitlines():
        units = _label_units(line, currency)
        for quantity in read_quantities(line, currency, language):
            yield from _keys_of_quantity(quantity, units, today)
    folded = fold(text)
    if says_free(folded):
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
    found = re.search(r"\d+(?:[.,]\d+)*", fold(quantity.text))
    return [found[0].replace(",", ".")] if found and quantity.keys[0].startswith(("measure", "duration")) else []


def _label_units(line: str, currency: str) -> list[str]:
    """Key patterns ("measure:*:g") of the units a short labelled line names."""
    if len(line) > LABEL_LINE_CHARACTERS or ":" not in line:
        return []
    patterns = []
    known = vocabulary()
    for found in _UNIT_WORD.finditer(fold(line)):
        word = found[0]
        if code := currency_of(word, currency):
            patterns.append(f"money:*:{code}")
        units = () if word in known.only_touching else known.units.get(word, ())
        patterns += [f"{unit.kind}:*:{unit.unit}".removesuffix(":") for unit in units if unit.factor == "1"]
    return patterns
