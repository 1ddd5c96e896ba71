"""Every figure of a text, with the keys under which it would have to be known.

A figure is a price, share, duration, measure, stock figure, date, time, number in words or figures, or a code such
as a tracking number. Linear in the text's length.
"""

import re
import unicodedata
from collections.abc import Iterator

from msgspec import Struct

from server.chat.answering.grounding.codes import (
    JOINERS,
    chunk_bounds,
    is_code,
    is_plain_compound,
    number_keys,
    squash,
)
from server.chat.answering.grounding.dates import take_dates
from server.chat.answering.grounding.numbers import scaled
from server.chat.answering.grounding.tokens import Token, read_tokens
from server.chat.answering.grounding.units import currency_of, units_of
from server.chat.answering.grounding.vocabulary import MAX_PHRASE_WORDS, Unit, bit_of, is_wide, vocabulary
from server.chat.languages.folding import fold

_INVISIBLE = re.compile(
    "[\u00ad\u0640\u064b-\u0655\u0670\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\U000e0000-\U000e007f]"
)
"""Signs that nobody sees, and vowel signs, which are written or left out."""
_WORD = re.compile(r"[^\W\d_]+")
_DIGIT = re.compile(r"\d")
_SKIPPED = JOINERS - {"."}
_LIST_MARKER = re.compile(r"^[ \t>]*(?:\d{1,3}[.)]|[-*+])[ \t]+", re.M)


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


def read_quantities(text: str, currency: str, language: str | None = None) -> list[Quantity]:
    """All figures of a text. `currency` is the shop's own, for signs that several currencies share; `language` the
    text's where it is known, which settles what a word means that is a number in one language only."""
    text = visible(text)
    text = _LIST_MARKER.sub(lambda found: " " * len(found[0]), text)
    return list(_read(text, fold(text), currency, bit_of(language)))


def _read(text: str, folded: str, currency: str, language: int) -> Iterator[Quantity]:
    known = vocabulary()
    words = set(_WORD.findall(folded))
    if not known.idiom_starts.isdisjoint(words):
        folded = known.idioms.sub(lambda found: " " * len(found[0]), folded)
    blanked, dates = take_dates(folded, words, language)
    yield from (Quantity(text[start:end].strip(), keys) for start, end, keys in dates)
    has_ones = not (known.ones.isdisjoint(words) or known.duration_starts.isdisjoint(words))
    has_ones = has_ones or not known.dual_starts.isdisjoint(words)
    if has_ones or _DIGIT.search(folded) or not known.triggers.isdisjoint(words) or is_wide(folded):
        reader = _Reader(read_tokens(blanked, language), text, currency)
        yield from reader.quantities()
        if has_ones:
            yield from reader.ones()


class _Reader:
    """Reads one token list once, from left to right."""

    def __init__(self, tokens: list[Token], text: str, currency: str) -> None:
        self._tokens = tokens
        self._text = text
        self._currency_of_shop = currency
        self._known = vocabulary()
        self._units: dict[int, tuple[Unit, ...]] = {}
        self._in_units: set[int] = set()
        """Numbers in words that belong to a unit: "ciento" of "por ciento"."""
        self._chunks: list[tuple[int, int]] = []
        self._codes: dict[tuple[int, int], Quantity] = {}

    def quantities(self) -> list[Quantity]:
        """In reading order, each number once."""
        numbers = [index for index, token in enumerate(self._tokens) if token.values]
        for index in reversed(numbers):  # a range takes the unit of its right end
            self._units[index] = self._own_units(index) or self._units_of_partner(index, 2)
        for index in numbers:
            if not self._units[index]:
                self._units[index] = self._currency_of_left_partner(index)
        counted = (index for index in numbers if index not in self._in_units)
        found = [quantity for index in counted if (quantity := self._quantity(index))]
        return list(dict.fromkeys(found))

    def _quantity(self, index: int) -> Quantity | None:
        token, units = self._tokens[index], self._units[index]
        if not token.is_sure and token.languages:
            units = tuple(unit for unit in units if unit.languages & token.languages)
        text = self._text[token.start : token.end]
        if not units:
            if token.is_sure and (code := self._code(index)):
                return code
            return Quantity(text, number_keys(token), bare=True) if token.is_sure else None
        keys = tuple(self._key(unit, value) for unit in units for value in token.values)
        after = self._after(index)[:1]
        if after == ['"'] or (after and after[0] in self._known.ordinals and self._touches_unit(index)):
            keys += number_keys(token)  # inches or the end of a quotation, "21st" or 21 pieces
        return Quantity(self._span(index), keys)

    def _key(self, unit: Unit, value: str) -> str:
        name = unit.unit or (self._currency_of_shop if unit.kind == "money" else "")
        return f"{unit.kind}:{scaled(value, unit.factor)}{':' if name else ''}{name}"

    def _own_units(self, index: int) -> tuple[Unit, ...]:
        """Every meaning: "pounds" may be money or weight."""
        if before := self._currency_before(index):
            return (Unit("money", before, "1", -1),)
        if self._is_percent_before(index):
            return (Unit("percent", "", "1", -1),)
        after = self._after(index)
        units, length = units_of(after, touches=self._touches_unit(index))
        self._in_units.update(self._places_after(index)[:length])
        if any(unit.kind == "percent" for unit in units):
            return units
        if code := self._currency_after(index, after):
            return (Unit("money", code, "1", -1), *units)
        return units

    def _currency_before(self, index: int) -> str | None:
        if index == 0:
            return None
        sign, before = self._tokens[index - 1], self._tokens[index - 2] if index > 1 else None
        if self._tokens[index].start - sign.end > 1:
            return None
        if before and before.end == sign.start and (code := self._currency(before.text + sign.text, before.start)):
            return code
        if sign.text.isalpha():
            if len(sign.text) > 3:  # "euros 5" is no price: "euros. 5 days"
                return None
            if before and before.values and sign.start - before.end <= 1:
                return None  # "5 TL 3": it belongs to the number before it
        return self._currency(sign.text, sign.start)

    def _currency_after(self, index: int, after: list[str]) -> str | None:
        if not after:
            return None
        start = self._tokens[index + 1].start
        both = "".join(after[:2])
        if len(both) <= 4 and (code := self._currency(both, start)):
            return code
        if not after[0].isalpha() and self._followed_by_number(index + 1):
            return None  # "$20 $30": the sign belongs to the next number
        words = [word for word in after if word not in _SKIPPED]  # "US-Dollar"
        names = (" ".join(words[:length]) for length in (3, 2, 1) if length <= len(words))
        return next((code for name in names if (code := self._currency(name, start))), None)

    def _currency(self, word: str, start: int) -> str | None:
        code = currency_of(word, self._currency_of_shop)
        if code in self._known.codes_in_capitals and word == code.lower():
            return code if self._text[start : start + 3].isupper() else None
        return code

    def _is_percent_before(self, index: int) -> bool:
        """ "%20" and "yüzde 20"."""
        if index == 0:
            return False
        sign, before = self._tokens[index - 1], self._tokens[index - 2] if index > 1 else None
        if sign.text not in self._known.percent_before or self._tokens[index].start - sign.end > 1:
            return False
        if sign.text.isalpha():
            return True
        return sign.end == self._tokens[index].start and not (before and before.values and before.end == sign.start)

    def _followed_by_number(self, index: int) -> bool:
        following = index + 1
        return (
            following < len(self._tokens)
            and bool(self._tokens[following].values)
            and self._tokens[following].start == self._tokens[index].end
            and self._tokens[index].start > self._tokens[index - 1].end
        )

    def _after(self, index: int) -> list[str]:
        """Up to three words or signs that follow on the same stretch of text."""
        return [self._tokens[place].text for place in self._places_after(index)]

    def _places_after(self, index: int) -> list[int]:
        """Where they stand in the list of tokens; a hyphen before a unit is skipped, and a sign of emphasis."""
        places: list[int] = []
        end = self._tokens[index].end
        for place, token in enumerate(self._tokens[index + 1 : index + 6], start=index + 1):
            is_figure = token.values and token.is_sure and token.text not in self._known.units
            if token.start - end > 1 or (is_figure and not places) or len(places) == MAX_PHRASE_WORDS:
                break
            end = token.end
            if not places and (token.text == "*" or token.text in _SKIPPED):
                continue
            places.append(place)
        return places

    def _touches_unit(self, index: int) -> bool:
        """Whether a word stands at the number without a space and without a sign of emphasis."""
        following = index + 1
        if following < len(self._tokens) and self._tokens[following].text in _SKIPPED:
            following += 1
        return (
            following < len(self._tokens)
            and self._tokens[following].text != "*"
            and self._tokens[following].start - self._tokens[index].end == following - index - 1
        )

    def _partner(self, index: int, distance: int) -> int | None:
        """The other number of a range, `distance` tokens away, when only a connector stands between."""
        other = index + distance
        if not 0 <= other < len(self._tokens) or not self._tokens[other].values:
            return None
        return other if self._tokens[min(index, other) + 1].text in self._known.ranges else None

    def _units_of_partner(self, index: int, distance: int) -> tuple[Unit, ...]:
        other = self._partner(index, distance)
        if other is None:
            return ()
        languages = self._known.ranges[self._tokens[index + 1].text]
        return tuple(unit for unit in self._units.get(other, ()) if unit.languages & languages)

    def _currency_of_left_partner(self, index: int) -> tuple[Unit, ...]:
        other = self._partner(index, -2)
        units = self._units.get(other, ()) if other is not None else ()
        return tuple(unit for unit in units if unit.kind == "money")

    def _code(self, index: int) -> Quantity | None:
        """A number that is part of a model or tracking number: it counts as a whole."""
        self._chunks = self._chunks or list(chunk_bounds(self._tokens))
        first, last = self._chunks[index]
        parts = self._tokens[first : last + 1]
        if not is_code(parts):
            return None
        if (first, last) not in self._codes:
            text = self._text[parts[0].start : parts[-1].end]
            self._codes[first, last] = Quantity(text, (f"code:{squash(text)}",))
        code = self._codes[first, last]
        if is_plain_compound(parts):
            return Quantity(code.text, code.keys + number_keys(self._tokens[index]))
        return code

    def _span(self, index: int) -> str:
        """The figure with the sign or the word that belongs to it."""
        start = end = self._tokens[index]
        if self._currency_before(index) or self._is_percent_before(index):
            start = self._tokens[index - 1]
        else:
            end = self._tokens[min(len(self._tokens) - 1, index + 1)]
        return self._text[start.start : max(end.end, self._tokens[index].end)].strip()

    def ones(self) -> Iterator[Quantity]:
        """ "within a week", "one year", "خلال أسبوع", "يومين": a number that is not written as one."""
        known = self._known
        for index, token in enumerate(self._tokens):
            if token.values:
                continue
            before = self._tokens[index - 1].text if index else ""
            languages = known.one.get(token.text, 0)
            if article := known.articles.get(token.text):
                languages |= article & known.within.get(before, 0)
            if languages:
                yield from self._one_of(index, self._after(index), languages)
            if bare := known.alone.get(token.text):
                yield from self._one_of(index, self._after(index), bare)
            following = self._tokens[index + 1].text if index + 1 < len(self._tokens) else ""
            if token.text in known.dual_starts:
                yield from self._duals(index)
            elif after := known.one_after.get(following):
                yield from self._one_of(index, [token.text], after)

    def _one_of(self, index: int, words: list[str], languages: int) -> Iterator[Quantity]:
        """One of the unit that the words name, in a language that is also that of the word for one."""
        units, length = units_of(words, touches=False)
        last = self._tokens[min(index + max(length, 1), len(self._tokens) - 1)]
        for unit in units:
            if unit.kind == "duration" and unit.languages & languages:
                text = self._text[self._tokens[index].start : last.end]
                yield Quantity(text, (self._key(unit, "1"),))

    def _duals(self, index: int) -> Iterator[Quantity]:
        token = self._tokens[index]
        for length in (2, 1):
            words = self._tokens[index : index + length]
            for unit in self._known.duals.get(" ".join(word.text for word in words), ()):
                yield Quantity(self._text[token.start : words[-1].end], (self._key(unit, "2"),))
                return
