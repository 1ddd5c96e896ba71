"""How sentences of a language claim something, from `<code>/claims.toml`, and meanings that all languages share.

All phrases of a language stand in one index, so that a sentence is looked through once.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path

import msgspec
from msgspec import Struct

from server.languages.matching import normalise
from server.languages.writing import writing_of

FOLDER = Path(__file__).parent
MASTER = "en"
STEM = 3
"""By so many characters of its first word a phrase is looked up that leaves the word's end open."""
CONCEPT, ORDER_STATE = "concepts", "order_states"
"""Tables whose names are open: meanings, and the states of `OrderStatus` with one more that no order view has."""
CAPITALISES_NOUNS = frozenset({"de"})
"""Languages in which a capital letter makes no name."""
_WORD = re.compile(r"[^\W_]+")


class Mark(StrEnum):
    """What a phrase does to a sentence: the tables [sentence], [amounts] and [instructions]."""

    NO = "no"
    """Turns the meaning."""
    WITHOUT = "without"
    """Denies what follows, not what stands before it: "returns need no label"."""
    BUT = "but"
    """Parts clauses."""
    CONDITION = "conditions"
    """Says that something holds in some cases only."""
    IF = "ifs"
    """Begins a clause of what is so only in a case."""
    MODAL = "modals"
    """Says that something may be, not that it is."""
    SPEAKER = "speaker"
    """The assistant itself."""
    HARMLESS = "harmless"
    """What the assistant may say of itself."""
    OFFER = "offers"
    UNKNOWN = "unknown"
    """Admits that something is not known."""
    TALK = "talk"
    LIGHT = "light"
    """Words that claim nothing by themselves."""
    YES = "yes"
    YOURS = "yours"
    """What belongs to the shopper: an order, a parcel, a refund."""
    PRONOUN = "pronouns"
    DONE = "done"
    """Participles of what an assistant might claim to have done."""
    PERFECT = "perfect"
    """Verbs that say that something is over."""
    ABOUT = "about"
    UNDER = "under"
    OVER = "over"
    HALF = "half"
    THIRD = "third"
    QUARTER = "quarter"
    RATE = "rate"
    """Makes an amount one of each month or day."""
    PRICE = "prices"
    """Words beside which a part is a part of the price."""
    INSTRUCTION = "phrases"
    """Speaks to a language model and not to a shopper."""


class Concept(StrEnum):
    """The meanings that the checks know by name."""

    ALWAYS = "always"
    BEFORE_PRICE = "before_price"
    CANCEL = "cancel"
    CHEAPER = "cheaper"
    CONTACT = "contact"
    DEARER = "dearer"
    DISCOUNT = "discount"
    EMAIL = "email"
    EVERY = "every"
    FREE = "free"
    FULL = "full"
    GUARANTEE = "guarantee"
    IN_STOCK = "in_stock"
    LIGHTER = "lighter"
    MESSENGER = "messenger"
    MUST = "must"
    ONLY = "only"
    ORDER = "order"
    PASSWORD = "password"  # noqa: S105 - the word
    PAY = "pay"
    PHONE = "phone"
    PIECES_LEFT = "pieces_left"
    PREORDER = "preorder"
    REFUND = "refund"
    RETURN = "return"
    SALE = "sale"
    SAVING = "saving"
    SHIPPING = "shipping"
    SOLD_OUT = "sold_out"
    WEBSITE = "website"


class ConceptClasses(Struct, frozen=True, forbid_unknown_fields=True):
    """`concepts.toml`: sets of meanings by what a claim of them needs."""

    topics: frozenset[str]
    restrictors: frozenset[str]
    soft: frozenset[str]
    contact: frozenset[str]
    shop_only: frozenset[str]
    comparisons: frozenset[str]
    conditional: frozenset[str]
    kin: frozenset[str]

    def kin_of(self, concept: str) -> frozenset[str]:
        """The keys of the meanings that may stand for one: they are written in pairs, "covered=warranty"."""
        pairs = (pair.partition("=") for pair in self.kin)
        return frozenset(f"concept:{other}" for one, _, other in pairs if one == concept)


class PhrasePlace(Struct, frozen=True):
    """Where a phrase of a table ("concepts", "sentence", ...) stands in a normalised text, and its name there."""

    start: int
    end: int
    table: str
    name: str


class PhraseIndex:
    """Phrases found by their first words. One inside a longer one of the same table does not count."""

    def __init__(self, tables: Mapping[str, Mapping[str, Iterable[str]]], code: str) -> None:
        writing = writing_of(code)
        self._is_spaced, self._prefixes = writing.spaced, writing.prefixes
        self._exact: dict[str, list[tuple[tuple[str, ...], str, str]]] = {}
        self._open: dict[str, list[tuple[tuple[str, ...], str, str]]] = {}
        self._inside: dict[str, list[tuple[str, str]]] = {}
        for table, phrases in tables.items():
            for name, written in phrases.items():
                for phrase in written:
                    self._add(phrase, table, name)
        inside = sorted(self._inside, key=len, reverse=True)
        self._anywhere = re.compile("|".join(map(re.escape, inside))) if inside else None

    def _add(self, phrase: str, table: str, name: str) -> None:
        if phrase.startswith("*") or not self._is_spaced:
            self._inside.setdefault(normalise(phrase.strip("*")), []).append((table, name))
            return
        pieces = tuple(re.findall(r"[^\W_]+\*?", normalise(phrase)))
        if pieces:
            key = pieces[0].rstrip("*")
            by_key = self._open if pieces[0].endswith("*") else self._exact
            by_key.setdefault(key[:STEM] if pieces[0].endswith("*") else key, []).append((pieces, table, name))

    def places(self, normalised: str) -> list[PhrasePlace]:
        """Every phrase in a normalised text, from left to right."""
        kept: list[PhrasePlace] = []
        for place in sorted(set(self._all(normalised)), key=lambda place: place.start - place.end):
            length = place.end - place.start
            if not any(
                each.start <= place.start
                and place.end <= each.end
                and each.end - each.start > length
                and each.table == place.table
                for each in kept
            ):
                kept.append(place)
        return sorted(kept, key=lambda place: (place.start, place.end))

    def _all(self, text: str) -> Iterator[PhrasePlace]:
        spans = [(found.start(), found.end(), found[0]) for found in _WORD.finditer(text)] if self._is_spaced else []
        if self._anywhere:
            for found in self._anywhere.finditer(text):
                start, end = found.start(), found.end()
                for first, last, _ in spans:
                    if first <= start < last:
                        start, end = first, max(end, last)
                yield from (PhrasePlace(start, end, *each) for each in self._inside[found[0]])
        for index, (start, _, word) in enumerate(spans):
            for bare in self._bare(word):
                for pieces, table, name in (*self._exact.get(bare, ()), *self._opened(bare)):
                    if last := _last_word(pieces, spans, index, bare):
                        yield PhrasePlace(start, spans[last - 1][1], table, name)

    def _opened(self, word: str) -> Iterator[tuple[tuple[str, ...], str, str]]:
        for length in range(1, min(STEM, len(word)) + 1):
            yield from self._open.get(word[:length], ())

    def _bare(self, word: str) -> Iterator[str]:
        yield word
        for prefix in self._prefixes:
            if word.startswith(prefix) and len(word) - len(prefix) > 1:
                yield word[len(prefix) :]


def _last_word(pieces: tuple[str, ...], spans: list[tuple[int, int, str]], index: int, first: str) -> int:
    """The number of words up to the end of a phrase that begins at a word; 0 where it does not stand there."""
    if index + len(pieces) > len(spans):
        return 0
    for offset, wanted in enumerate(pieces):
        word = spans[index + offset][2] if offset else first
        if not (word.startswith(wanted[:-1]) if wanted.endswith("*") else word == wanted):
            return 0
    return index + len(pieces)


@lru_cache(maxsize=1)
def concept_classes() -> ConceptClasses:
    """The classes of meanings. Raises ValueError for a meaning that no language has."""
    data = tomllib.loads((FOLDER / "concepts.toml").read_text("utf-8"))
    classes = {name: frozenset(text.split()) for name, text in data.items()}
    known = _tables(MASTER)[CONCEPT].keys()
    named = frozenset(each for names in classes.values() for name in names for each in name.split("="))
    if unknown := named - known:
        raise ValueError(f"languages/concepts.toml: unknown meanings {sorted(unknown)}")
    return msgspec.convert(classes, ConceptClasses)


@cache
def claim_phrases(code: str) -> PhraseIndex:
    """All phrases of a language's claims.toml. Raises ValueError, with the file and the table, where it has other names
    than English."""
    tables = _tables(code)
    for table, phrases in _tables(MASTER).items():
        if differing := tables.get(table, {}).keys() ^ phrases.keys():
            raise ValueError(f"languages/{code}/claims.toml: [{table}] differs from English in {sorted(differing)}")
    marks = {name for table, phrases in tables.items() if table not in (CONCEPT, ORDER_STATE) for name in phrases}
    if differing := marks ^ {mark.value for mark in Mark}:
        raise ValueError(f"languages/{code}/claims.toml: unknown or missing {sorted(differing)}")
    return PhraseIndex(tables, code)


def _tables(code: str) -> dict[str, dict[str, list[str]]]:
    path = FOLDER / code / "claims.toml"
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), dict[str, dict[str, list[str]]])
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as reason:
        raise ValueError(f"{path}: {reason}") from reason
