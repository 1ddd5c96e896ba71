"""Every figure of a text, with the keys under which it would have to be known.

A figure is a price, share, duration, measure, stock figure, date, time, number in words or figures, or a code such
as a tracking number. Linear in the text's length.
"""

import re
import unicodedata
from collections.abc import Iterator
from datetime import date

from msgspec import Struct

from server.chat.answering.grounding.dates import take_dates
from server.chat.answering.grounding.numbers import AMBIGUOUS, ONES, scaled
from server.chat.answering.grounding.tokens import Token, read_tokens
from server.chat.answering.grounding.units import (
    DURATIONS,
    FILLERS,
    MEASURES,
    PERCENT,
    STOCK_PREPOSITIONS,
    WITHIN,
    WORKDAY_AFTER,
    WORKDAY_BEFORE,
    currency_of,
)
from server.chat.answering.intents.words import fold

_INVISIBLE = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\U000e0000-\U000e007f]")
_JOINERS = frozenset("-_/.–‑")
_RANGE = frozenset(("-", "–", "—", "to", "bis", "a", "and", "und", "et", "y", "or", "oder", "ou", "o", "x", "×", "/"))
_LIST_MARKER = re.compile(r"^[ \t>]*(?:\d{1,3}[.)]|[-*+])[ \t]+", re.M)
_ORDINALS = frozenset(("st", "nd", "rd", "th", "er", "eme", "e"))


MAX_CODE_PARTS = 24
"""Longer chains are no model number; their figures count one by one."""


class Quantity(Struct, frozen=True):
    """One figure. Any one of `keys` is enough to support it; `bare` when it has no unit."""

    text: str
    keys: tuple[str, ...]
    bare: bool = False


def visible(text: str) -> str:
    """The text in one normal form, without characters nobody sees."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", _INVISIBLE.sub("", text).replace("\u202f", "\u00a0").replace("\u00a0", " "))


def read_quantities(text: str, currency: str, today: date | None = None) -> list[Quantity]:
    """All figures of a text. `currency` is the shop's own, for signs that several currencies share."""
    text = visible(text)
    text = _LIST_MARKER.sub(lambda found: " " * len(found[0]), text)
    blanked, dates = take_dates(fold(text), today)
    found = [Quantity(text[start:end].strip(), keys) for start, end, keys in dates.found]
    tokens = read_tokens(blanked)
    reader = _Reader(tokens, text, currency)
    found += reader.quantities()
    return found


class _Reader:
    """Reads one token list once, from left to right."""

    def __init__(self, tokens: list[Token], text: str, currency: str) -> None:
        self._tokens = tokens
        self._text = text
        self._currency = currency
        self._units: dict[int, list[tuple[str, str, str]]] = {}
        self._chunks = list(self._chunk_bounds())
        self._codes: dict[tuple[int, int], Quantity] = {}

    def quantities(self) -> list[Quantity]:
        """In reading order, each number once."""
        numbers = [index for index, token in enumerate(self._tokens) if token.values]
        for index in reversed(numbers):  # a range takes the unit of its right end
            self._units[index] = self._own_units(index) or self._unit_of_partner(index, 2)
        for index in numbers:
            if not self._units[index]:
                self._units[index] = self._currency_of_left_partner(index)
        found = [quantity for index in numbers if (quantity := self._quantity(index))]
        return list(dict.fromkeys(found)) + list(self._articles())

    def _quantity(self, index: int) -> Quantity | None:
        token, units = self._tokens[index], self._units[index]
        text = self._text[token.start : token.end]
        if not units:
            if code := self._code(index):
                return code
            if token.in_words and (token.text in AMBIGUOUS):
                return None
            return Quantity(text, _number_keys(token), bare=True)
        keys = [
            f"{kind}:{scaled(value, factor)}:{unit}" if unit else f"{kind}:{scaled(value, factor)}"
            for kind, unit, factor in units
            for value in token.values
        ]
        if self._after(index)[:1] == ['"']:
            keys += _number_keys(token)  # inches, or the end of a quotation
        return Quantity(self._span(index), tuple(keys))

    def _own_units(self, index: int) -> list[tuple[str, str, str]]:
        """(kind, unit, factor) of every meaning: "pounds" may be money or weight."""
        if before := self._currency_before(index):
            return [("money", before, "1")]
        after = self._after(index)
        word = after[0] if after else ""
        if word in PERCENT or after[:2] in (["pour", "cent"], ["por", "ciento"]):
            return [("percent", "", "1")]
        units = [("money", code, "1")] if (code := self._currency_after(index, after)) else []
        if word in ("cents", "centimes", "centimos"):
            units.append(("money", self._currency, "0.01"))
        return units + _unit(after, adjacent=self._touches_next(index))

    def _currency_before(self, index: int) -> str | None:
        if index == 0:
            return None
        sign = self._tokens[index - 1]
        if self._tokens[index].start - sign.end > 1:
            return None
        if index > 1 and self._tokens[index - 2].end == sign.start:
            both = self._tokens[index - 2].text + sign.text
            if code := currency_of(both, self._currency):
                return code
        if sign.text in ("h", "m", "g", "l", "kr", "rs") and sign.text not in ("kr", "rs"):
            return None
        is_name = sign.text.isalpha() and len(sign.text) > 3  # "euros 5" is no price: "euros. 5 days"
        return None if is_name else currency_of(sign.text, self._currency)

    def _currency_after(self, index: int, after: list[str]) -> str | None:
        if not after:
            return None
        both = "".join(after[:2])
        if len(both) <= 4 and (code := currency_of(both, self._currency)):
            return code
        if after[0] in ("$", "£") and self._followed_by_number(index + 1):
            return None  # "$20 $30": the sign belongs to the next number
        return currency_of(after[0], self._currency)

    def _followed_by_number(self, index: int) -> bool:
        following = index + 1
        return (
            following < len(self._tokens)
            and bool(self._tokens[following].values)
            and self._tokens[following].start == self._tokens[index].end
            and self._tokens[index].start > self._tokens[index - 1].end
        )

    def _after(self, index: int) -> list[str]:
        """Up to three words or signs that follow on the same stretch of text; a hyphen before a unit is skipped."""
        words: list[str] = []
        end = self._tokens[index].end
        for token in self._tokens[index + 1 : index + 6]:
            if token.start - end > 1 or token.values:
                break
            end = token.end
            if token.text in _JOINERS - {"."} and not words:
                continue
            if token.text == "*" and not words:
                continue
            words.append(token.text)
        return words[:3]

    def _touches_next(self, index: int) -> bool:
        following = index + 1
        return following < len(self._tokens) and self._tokens[following].start == self._tokens[index].end

    def _partner(self, index: int, distance: int) -> int | None:
        """The other number of a range, `distance` tokens away, when only a connector stands between."""
        other = index + distance
        if not 0 <= other < len(self._tokens) or not self._tokens[other].values:
            return None
        between = self._tokens[min(index, other) + 1]
        return other if between.text in _RANGE else None

    def _unit_of_partner(self, index: int, distance: int) -> list[tuple[str, str, str]]:
        other = self._partner(index, distance)
        return list(self._units.get(other, [])) if other is not None else []

    def _currency_of_left_partner(self, index: int) -> list[tuple[str, str, str]]:
        other = self._partner(index, -2)
        units = self._units.get(other, []) if other is not None else []
        return [unit for unit in units if unit[0] == "money"]

    def _code(self, index: int) -> Quantity | None:
        """A number that is part of a model or tracking number: it counts as a whole."""
        first, last = self._chunks[index]
        if last - first >= MAX_CODE_PARTS:
            return None
        parts = self._tokens[first : last + 1]
        if len(parts) < 2:
            return None
        text = self._text[parts[0].start : parts[-1].end]
        if len(parts) <= 3 and parts[0].values and parts[-1].text in _ORDINALS:
            return None
        if (first, last) not in self._codes:
            self._codes[first, last] = Quantity(text, (f"code:{squash(text)}",))
        code = self._codes[first, last]
        if _is_plain_compound(parts):
            return Quantity(text, code.keys + _number_keys(self._tokens[index]))
        return code

    def _chunk_bounds(self) -> Iterator[tuple[int, int]]:
        """For each token the first and last of those it stands together with, signs at the ends left out."""
        start, tokens = 0, self._tokens
        for index in range(len(tokens)):
            if index + 1 < len(tokens) and self._joined(index):
                continue
            first, last = start, index
            while first < last and not tokens[first].text[0].isalnum():
                first += 1
            while last > first and not tokens[last].text[-1].isalnum():
                last -= 1
            yield from ((first, last) for _ in range(start, index + 1))
            start = index + 1

    def _joined(self, index: int) -> bool:
        """Whether this token and the next stand together without a space, as parts of one name."""
        here, there = self._tokens[index], self._tokens[index + 1]
        return here.end == there.start and all(
            token.values or token.text.isalpha() or token.text in _JOINERS for token in (here, there)
        )

    def _span(self, index: int) -> str:
        start = self._tokens[max(0, index - 1)] if self._currency_before(index) else self._tokens[index]
        last = min(len(self._tokens) - 1, index + 1)
        end = self._tokens[last] if not self._currency_before(index) else self._tokens[index]
        return self._text[start.start : max(end.end, self._tokens[index].end)].strip()

    def _articles(self) -> Iterator[Quantity]:
        """ "within a week", "one year": a 1 that is not written as a figure."""
        for index, token in enumerate(self._tokens):
            if token.text not in ONES or token.values:
                continue
            before = self._tokens[index - 1].text if index else ""
            is_counted = token.text not in ("a", "an") or before in WITHIN
            for kind, unit, factor in _unit(self._after(index), adjacent=False):
                if is_counted and kind == "duration":
                    text = self._text[token.start : self._tokens[index + 1].end]
                    yield Quantity(text, (f"{kind}:{scaled('1', factor)}:{unit}",))


def _unit(after: list[str], *, adjacent: bool) -> list[tuple[str, str, str]]:
    """The duration or measure that the following words name."""
    rest = after[1:] if after and after[0] in FILLERS else after
    if not rest:
        return []
    word, following = rest[0], rest[1] if len(rest) > 1 else ""
    if word in WORKDAY_BEFORE and following in DURATIONS:
        return [("duration", "workday", "1")]
    if word in DURATIONS:
        unit, factor = DURATIONS[word]
        if unit == "day" and following in WORKDAY_AFTER:
            unit = "workday"
        return [("duration", unit, factor)]
    if word in STOCK_PREPOSITIONS and following in ("stock", "lager"):
        return [("measure", "piece", "1")]
    if word in ("in", "a") and not (word == "in" and adjacent):
        return []
    if word == "in":
        return [("measure", "inch", "1")]
    if word in MEASURES:
        unit, factor = MEASURES[word]
        return [("measure", unit, factor)]
    return []


def _is_plain_compound(parts: list[Token]) -> bool:
    """ "10-pack", "6-speed": a number and an ordinary word, not a model number."""
    return (
        len(parts) == 3
        and bool(parts[0].values)
        and parts[1].text in ("-", "‑")
        and len(parts[2].text) > 2
        and not parts[2].values
    )


def _number_keys(token: Token) -> tuple[str, ...]:
    keys = tuple(f"number:{value}" for value in token.values)
    return (f"code:{token.text}",) if token.text.isdecimal() and len(token.text) > 6 else keys


def squash(text: str) -> str:
    """A code as letters and figures only, so that ways of writing it compare equal."""
    return "".join(character for character in text if character.isalnum()).upper()
