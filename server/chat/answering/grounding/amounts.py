"""Figures of a claim and of a text, compared by what they mean: rounded, spelled, as parts and in other units."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from itertools import zip_longest

from msgspec import Struct

from server.chat.answering.grounding.dates import parse_day
from server.chat.answering.grounding.numbers import canonical
from server.chat.answering.grounding.quantities import Quantity, read_quantities, visible
from server.chat.answering.grounding.units import units_of
from server.chat.answering.grounding.vocabulary import bit_of, vocabulary
from server.languages.claims import Concept, Mark, PhrasePlace
from server.languages.matching import normalise

PARTS = {Mark.HALF: Decimal("0.5"), Mark.THIRD: Decimal(1) / 3, Mark.QUARTER: Decimal("0.25")}
ROUNDED, ROUNDED_MONEY, UNSAID = Decimal("0.12"), Decimal("0.05"), Decimal("0.015")
"""How far a figure may be from the text's after a word such as "about"; money; a measure without such a word."""
NEAR_BOUND = Decimal("0.25")
"""How far a bound ("under 300") may be from the figure below it."""
MINUTES = "minute"
FROM_ONE_UNIT = {
    ("duration", "hour"): (MINUTES, Decimal(60)),
    ("duration", "minute"): (MINUTES, Decimal(1)),
    ("duration", "day"): (MINUTES, Decimal(1440)),
    ("duration", "month"): (MINUTES, Decimal("43830")),
}
"""Units that may stand for one another, and what one of each is worth."""
MONTH_TOLERANCE = Decimal("0.035")
"""Months are counted as 30 or 31 days."""
NO_AMOUNTS = frozenset({"piece"})
MAX_AND = 8
"""Characters between a unit and the part that is added to it."""
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


class Value(Struct, frozen=True):
    """One reading of a figure."""

    kind: str
    unit: str
    amount: Decimal


class Figure(Struct, frozen=True):
    """A figure with its readings. `bound` says how exactly it is meant; `segment` is the part of the sentence it stands
    in."""

    text: str
    keys: tuple[str, ...]
    bare: bool = False
    bound: Mark | None = None
    segment: int = 0

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of its readings, with the unit of measures: two prices, or two weights, are alike."""
        return frozenset(key.split(":")[0] + _unit_class(key) for key in self.keys)


def _unit_class(key: str) -> str:
    value = value_of(key)
    return "" if value is None or value.kind != "measure" else f":{_base(value)[0]}"


@lru_cache(maxsize=8_192)
def value_of(key: str) -> Value | None:
    """The amount of a key; None for dates and codes."""
    kind, _, rest = key.partition(":")
    number, _, unit = rest.partition(":")
    if kind not in ("money", "duration", "measure", "percent", "number") or not _NUMBER.fullmatch(number):
        return None
    try:
        return Value(kind, unit, Decimal(number))
    except InvalidOperation:
        return None


def _base(value: Value) -> tuple[str, Decimal]:
    """The amount in the unit that its kind is compared in."""
    name, factor = FROM_ONE_UNIT.get((value.kind, value.unit), (None, Decimal(1)))
    return name or value.unit, value.amount * factor


def is_same(claim: Figure, text: Figure) -> bool:
    """Whether a text's figure carries a claim's: equal, or as exactly as the claim means it."""
    if set(claim.keys) & set(text.keys):
        return claim.bound in (None, Mark.ABOUT) or text.bound == claim.bound or _is_inclusive(claim)
    return any(
        _carries(stated, known, claim.bound)
        for stated in map(value_of, claim.keys)
        for known in map(value_of, text.keys)
        if stated and known
    ) or any(_is_same_day(first, second) for first in claim.keys for second in text.keys)


def _is_inclusive(claim: Figure) -> bool:
    """Bounds such as "at most" and "up to" may be met; the words do not tell these from "under"."""
    return not any(key.startswith("money") for key in claim.keys)


def _carries(stated: Value, known: Value, bound: Mark | None) -> bool:
    if stated.kind != known.kind:
        return False
    (unit, amount), (other_unit, other) = _base(stated), _base(known)
    if unit != other_unit or (stated.kind == "number" and bound is None):
        return False
    if not other:
        return amount == other
    apart = (amount - other) / other
    match bound:
        case Mark.UNDER:
            return Decimal(0) < apart <= NEAR_BOUND
        case Mark.OVER:
            return -NEAR_BOUND <= apart < Decimal(0)
        case Mark.ABOUT:
            return abs(apart) <= (ROUNDED_MONEY if stated.kind == "money" else ROUNDED)
        case _ if stated.kind == "duration" and stated.unit != known.unit:
            is_month = "month" in (stated.unit, known.unit)
            return "day" in (stated.unit, known.unit) and abs(apart) <= (MONTH_TOLERANCE if is_month else Decimal(0))
        case _:
            return stated.kind == "measure" and stated.unit != "piece" and abs(apart) <= UNSAID


def _is_same_day(claim: str, text: str) -> bool:
    """A day without its year, its month or its weekday, against the whole day."""
    if not text.startswith("date:") or not claim.startswith(("date:", "month:", "weekday:")):
        return False
    day = parse_day(text.removeprefix("date:"))
    if day is None:
        return claim.startswith("month:--") and text[5:10] == claim[6:]
    return claim in (f"date:--{day:%m-%d}", f"month:{day:%Y-%m}", f"weekday:{day.weekday()}")


def read_figures(
    text: str, normalised: str, places: Sequence[PhrasePlace], currency: str, language: str
) -> list[tuple[Figure, int]]:
    """The figures of a text with where each begins in its normalised form, and parts of a whole that its phrases name
    ("half a kilo")."""
    text = visible(text)
    bounds = [each for each in places if each.name in (Mark.ABOUT, Mark.UNDER, Mark.OVER)]
    found: list[tuple[Figure, int]] = []
    quantities = read_quantities(text, currency, language)
    after: dict[str, int] = {}
    for quantity in _merged(quantities, currency):
        wanted = normalise(quantity.text).lstrip(".,:;-* ") or quantity.text
        start = normalised.find(wanted, after.get(wanted, 0))
        after[wanted] = start + 1
        found.append((_figure(quantity, normalised, start, bounds), max(start, 0)))
    read = {figure.keys for figure, _ in found}
    for quantity, start in (
        *_parts(normalised, places, currency, language),
        *_single_units(normalised, places, language),
    ):
        if quantity.keys not in read:
            found.append((_figure(quantity, normalised, start, bounds), start))
    return found


def _figure(quantity: Quantity, normalised: str, start: int, bounds: Sequence[PhrasePlace]) -> Figure:
    before = normalised[:start].rstrip(" $€£¥") if start > 0 else ""
    bound = next((Mark(each.name) for each in bounds if each.end == len(before)), None)
    return Figure(quantity.text, quantity.keys, quantity.bare, bound)


def _merged(quantities: list[Quantity], currency: str) -> Iterator[Quantity]:
    """ "Six dollars and ninety-five cents" is one amount, "two eighty-nine" may be one."""
    skip = False
    for quantity, following in zip_longest(quantities, quantities[1:]):
        if skip or quantity is None:
            skip = False
            continue
        joined = _sum_of(quantity, following, currency) if following else None
        skip = joined is not None
        yield joined or quantity


def _sum_of(first: Quantity, second: Quantity, currency: str) -> Quantity | None:
    one, other = value_of(first.keys[0]), value_of(second.keys[0])
    if one is None or other is None:
        return None
    text = f"{first.text} {second.text}"
    if one.kind == other.kind == "money" and one.unit == other.unit and other.amount < 1 <= one.amount:
        return Quantity(text, (f"money:{canonical(one.amount + other.amount)}:{one.unit}",))
    is_head = first.bare or (one.kind, one.unit) == (other.kind, other.unit)
    if is_head and one.amount >= 100 > other.amount > 0 and one.amount % 100 == 0 and _are_words(first, second):
        return Quantity(text, tuple(_moved(key, one.amount) for key in second.keys), second.bare)
    is_spoken = first.bare and second.bare and _are_words(first, second)
    if is_spoken and one.amount < 10 <= other.amount < 100:
        amounts = (one.amount * 100 + other.amount, one.amount + other.amount / 100)
        return Quantity(text, tuple(f"money:{canonical(each)}:{currency}" for each in amounts))
    return None


def _are_words(*quantities: Quantity) -> bool:
    return all(each.text[:1].isalpha() for each in quantities)


def _moved(key: str, amount: Decimal) -> str:
    """A key with an amount added: "deux cent" and "quatre-vingt-neuf dollars"."""
    kind, _, rest = key.partition(":")
    number, colon, unit = rest.partition(":")
    return f"{kind}:{canonical(Decimal(number) + amount)}{colon}{unit}"


def _parts(
    normalised: str, places: Sequence[PhrasePlace], currency: str, language: str
) -> Iterator[tuple[Quantity, int]]:
    """ "half a kilo", "half a year", "half price", "a third off"."""
    prices = [each for each in places if each.name in (Mark.PRICE, Concept.SAVING, Concept.DISCOUNT)]
    for each in places:
        if each.name not in PARTS or each.table != "amounts":
            continue
        before = normalised[: each.start].split()[-3:]
        if any(unit.kind in ("duration", "measure") for word in before for unit in units_of([word], touches=False)[0]):
            continue  # "a month and a half"
        part, following = PARTS[Mark(each.name)], _words_after(normalised, each.end)
        units = next((units for skip in (0, 1) if (units := units_of(following[skip:], touches=False)[0])), ())
        if units and units[0].kind in ("duration", "measure"):
            unit = units[0]
            amount = canonical((part * Decimal(unit.factor)).quantize(Decimal("0.01")))
            yield Quantity(normalised[each.start : each.end], (f"{unit.kind}:{amount}:{unit.unit}",)), each.start
        elif any(abs(price.start - each.end) < 24 or abs(each.start - price.end) < 24 for price in prices):
            yield (
                Quantity(normalised[each.start : each.end], (f"percent:{(part * 100).quantize(Decimal(1))}",)),
                each.start,
            )
        else:
            yield Quantity(normalised[each.start : each.end], (each.name,)), each.start


def _single_units(normalised: str, places: Sequence[PhrasePlace], language: str) -> Iterator[tuple[Quantity, int]]:
    """ "a year", "ein Monat", "a month and a half": an article before a unit."""
    parts = [each for each in places if each.table == "amounts" and each.name in PARTS]
    known, bit = vocabulary(), bit_of(language)
    words = list(re.finditer(r"[^\W_]+", normalised))
    for index, word in enumerate(words[:-1]):
        if not (known.articles.get(word[0], 0) | known.one.get(word[0], 0)) & bit:
            continue
        units, _ = units_of([each[0] for each in words[index + 1 : index + 4]], touches=False)
        for unit in units[:1]:
            if unit.kind in ("duration", "measure") and unit.unit not in NO_AMOUNTS and unit.languages & bit:
                end = words[index + 1].end()
                more = next((PARTS[Mark(each.name)] for each in parts if 0 < each.start - end <= MAX_AND), Decimal(0))
                key = f"{unit.kind}:{canonical(Decimal(unit.factor) * (1 + more))}:{unit.unit}"
                yield Quantity(normalised[word.start() : end], (key,)), word.start()


def _words_after(normalised: str, end: int) -> list[str]:
    return re.findall(r"[^\W\d_]+", normalised[end : end + 40])[:4]
