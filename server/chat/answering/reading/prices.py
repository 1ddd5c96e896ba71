"""Price limits in a message: "under 50 €", "zwischen 20 und 30 Euro", "around $60", "5000円以下"."""

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import cache
from itertools import islice, pairwise

from msgspec import Struct

from server.chat.languages.figures import load_figures, load_units
from server.core.money import to_decimal
from server.languages.matching import Phrases, normalise, phrases_in
from server.languages.words import Language, language

NEAR_SHARE = 0.25
"""How far from "around 60" a price may lie."""
MAX_BETWEEN = 14
"""Characters that may stand between a word of limit and its figure: "under the price of 30"."""
MAX_BEHIND = 3
"""The same where the word stands behind the figure: "50 or less"."""
MAX_AMOUNTS = 20
"""Amounts of one message that are looked at."""
LEAST_IN_WORDS = 5
"""Smaller numbers in words count things more often than money."""
_FIGURE = r"\d{1,3}(?:[.,' ]\d{3})+(?:[.,]\d{1,2})?|\d{1,7}(?:[.,]\d{1,2})?"
_SUFFIX = re.compile(r"'\w{1,4}")
"""What a language joins to a figure by an apostrophe."""
_DASHES = frozenset("-–—~〜")


class PriceLimits(Struct, frozen=True):
    """In minor units of the shop's currency. `rest` is the text without what says so."""

    rest: str
    low: int | None = None
    high: int | None = None
    is_near: bool = False
    """The limits stand for "around"."""


class _Amount(Struct, frozen=True):
    start: int
    end: int
    minor: int
    has_currency: bool
    is_bare: bool
    """No unit of something else follows."""


class _Limit(Struct, frozen=True):
    """A word of limit near an amount: `start` and `end` in the text."""

    kind: str
    distance: int
    start: int
    end: int


def read_prices(text: str, words: Language, currency: str) -> PriceLimits:
    """The limits of a normalised text. A figure without a currency counts only beside a word of limit and where no
    other unit follows: "under 2 kg" is no price."""
    amounts = list(islice(_amounts(text, words, currency), MAX_AMOUNTS))
    for first, second in pairwise(amounts):
        if (end := _end_of_range(text, first, second, words)) is not None:
            if _is_of_money(first, second):
                low, high = sorted((first.minor, second.minor))
                return PriceLimits(_without(text, first.start, end), low, high)
            amounts = [each for each in amounts if each not in (first, second)]
    limits: dict[str, int] = {}
    spans: list[tuple[int, int]] = []
    for index, amount in enumerate(amounts):
        since = amounts[index - 1].end if index else 0
        until = amounts[index + 1].start if index + 1 < len(amounts) else len(text)
        limit = _limit_of(text, amount, since, until, words)
        if limit is None or not (amount.has_currency or (amount.is_bare and limit.kind != "around")):
            continue
        limits.setdefault(limit.kind, amount.minor)
        spans.append((min(limit.start, amount.start), max(limit.end, amount.end)))
    rest = text
    for start, end in reversed(spans):
        rest = _without(rest, start, end)
    if (near := limits.get("around")) is not None and len(limits) == 1:
        return PriceLimits(rest, round(near * (1 - NEAR_SHARE)), round(near * (1 + NEAR_SHARE)), is_near=True)
    return PriceLimits(rest, limits.get("over"), limits.get("under"))


def _limit_of(text: str, amount: _Amount, since: int, until: int, words: Language) -> _Limit | None:
    """The nearest word of limit before the amount or behind it; of two as near the longer."""
    found = [*_before(text, amount.start, since, words), *_behind(text, amount.end, until, words)]
    return min(found, key=lambda limit: (limit.distance, limit.start - limit.end), default=None)


def _before(text: str, end: int, since: int, words: Language) -> Iterator[_Limit]:
    prices, start = words.words.prices, max(since, end - 32)
    for kind, phrases in (("under", prices.under), ("over", prices.over), ("around", prices.around)):
        for place in phrases.places(text[start:end]):
            distance = end - start - place.end
            if distance <= MAX_BETWEEN:
                yield _Limit(kind, distance, start + place.start, start + place.end)


def _behind(text: str, start: int, until: int, words: Language) -> Iterator[_Limit]:
    prices, after = words.words.prices, text[start : min(until, start + 24)]
    behind = (("under", prices.under_after), ("over", prices.over_after), ("around", prices.around_after))
    for kind, phrases in behind:
        place = phrases.match(after)
        if place is not None and place.start <= MAX_BEHIND:
            yield _Limit(kind, place.start, start + place.start, start + place.end)


def _end_of_range(text: str, first: _Amount, second: _Amount, words: Language) -> int | None:
    """Where a range of two amounts ends; None where they are none. Two bare figures need words around them."""
    before, after = text[: first.start].rstrip(), text[second.end :].lstrip()
    between = text[first.end : second.start].strip()
    has_currency = first.has_currency or second.has_currency
    for opening, middle, closing in _ranges(words.code):
        stands = between == middle and before.endswith(opening) and after.startswith(closing)
        if stands and (has_currency or opening or closing):
            return len(text) - len(after) + len(closing) if closing else second.end
    return second.end if has_currency and between in _DASHES else None


def _is_of_money(first: _Amount, second: _Amount) -> bool:
    return first.has_currency or second.has_currency or (first.is_bare and second.is_bare)


@cache
def _ranges(code: str) -> tuple[tuple[str, str, str], ...]:
    """What stands before, between and behind the two figures of a range, longest first."""
    found = []
    for phrase in language(code).words.prices.between:
        opening, _, rest = phrase.partition("{low}")
        middle, _, closing = rest.partition("{high}")
        found.append((opening.strip(), middle.strip(), closing.strip()))
    return tuple(sorted(found, key=lambda parts: -sum(map(len, parts))))


def _amounts(text: str, words: Language, currency: str) -> Iterator[_Amount]:
    names = words.words.prices.currencies.values()
    for found in _figures(words.code).finditer(text):
        value = _value(found["amount"]) if found["amount"] else _in_words(found["word"], words)
        value *= _multipliers(words.code).get(found["times"] or "", 1)
        end = _end_with_currency(text, found.end(), names)
        has_currency = bool(found["before"]) or end > found.end()
        if found["word"] and (not has_currency or value < LEAST_IN_WORDS):
            continue
        if suffix := _SUFFIX.match(text, end):
            end = suffix.end()
        minor = round(value / to_decimal(1, currency))
        yield _Amount(found.start(), end, minor, has_currency, has_currency or not _measures(text[end:], words))


def _end_with_currency(text: str, end: int, names: Iterable[Phrases]) -> int:
    """Where an amount ends with the currency that follows it; `end` where none does."""
    if sign := _signs().match(text, end):
        return sign.end()
    after = text[end : end + 24]
    rest = after.lstrip()
    named = [place.end for each in names if (place := each.begins(rest))]
    return end + len(after) - len(rest) + max(named) if named else end


def _measures(after: str, words: Language) -> bool:
    """Whether a unit of something else than money follows."""
    following = after.lstrip()[:24]
    units = (*words.words.units.values(), _unit_names(words.code))
    return bool(_units().match(after)) or any(each.begins(following) for each in units)


@cache
def _figures(code: str) -> re.Pattern[str]:
    """A figure, or a number in words, with a sign of currency before it and a word that multiplies it."""
    limits = language(code).words.prices
    taken = {*limits.under_after.phrases, *limits.over_after.phrases}
    numbers = [word for word in language(code).words.numbers if word.isalpha() and word not in taken]
    known = language(code).is_spaced and numbers
    in_words = rf"(?<!\w)(?P<word>{_any_of(numbers)})(?!\w)" if known else "(?P<word>(?!))"
    times = _any_of(_multipliers(code)) or "(?!)"
    border = r"(?!\w)" if language(code).is_spaced else ""
    return re.compile(
        rf"(?:(?<![a-z\d_.,])(?<![a-z]-)(?:(?P<before>{_any_of(load_units().currency_signs)})\s?)?"
        rf"(?P<amount>{_FIGURE})(?!\d)|{in_words})(?:\s?(?P<times>{times}){border})?"
    )


@cache
def _multipliers(code: str) -> dict[str, int]:
    figures = load_figures()[code]
    found = {normalise(word): number for word, number in figures.numbers.larger.items()}
    return found | (figures.numerals.multipliers if figures.numerals else {})


@cache
def _signs() -> re.Pattern[str]:
    """A sign or code of a currency behind a figure."""
    units = load_units()
    signs = {*map(normalise, units.currency_signs), *(code.lower() for code in units.currency_codes.codes)}
    return re.compile(rf"\s?(?:{_any_of(signs)})(?![a-z])")


@cache
def _unit_names(code: str) -> Phrases:
    names = load_figures()[code].units
    return phrases_in(code, [normalise(name) for unit in names if unit != "cent" for name in names[unit]])


@cache
def _units() -> re.Pattern[str]:
    signs = {sign for each in load_units().signs.values() for sign in each}
    return re.compile(rf"\s?(?:{_any_of(signs)}|[x×])(?![a-z])")


def _any_of(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def _value(figure: str) -> Decimal:
    plain = re.sub(r"[.,' ](?=\d{3}(?!\d))", "", figure).replace(",", ".")
    return Decimal(plain)


def _in_words(word: str, words: Language) -> Decimal:
    return Decimal(str(words.words.numbers[word]))


def _without(text: str, start: int, end: int) -> str:
    return f"{text[:start]} {text[end:]}".strip()
