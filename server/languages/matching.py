"""Phrases of a language as patterns over normalised text.

A data file writes a phrase in lower case and without accents. `*` stands for the rest of a word, ` ... ` for up to 30
characters between, `^` and `$` for the beginning and the end of the message. An apostrophe or a hyphen parts words,
in phrases and texts alike: "ordine" stands in "l'ordine", and "e-mail" is also written "e mail".
"""

import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from msgspec import Struct

from server.languages.writing import writing_of

_EXPANDED = str.maketrans({
    "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ı": "i",
    "’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'",
    "أ": "ا", "إ": "ا", "آ": "ا", "ى": "ي", "ة": "ه", "ـ": "",
})  # fmt: skip
_MARKS = re.compile("[\u0300-\u036f\u064b-\u0652]+")
_SPACES = re.compile(r"\s+")
_WORD = re.compile(r"[^\W_]+")
MAX_CHARACTERS = 2_000


@lru_cache(maxsize=4_096)
def normalise(text: str) -> str:
    """Lower case without accents, one form of apostrophe, digit and letter; single spaces. At most 2,000 characters."""
    # NFKC would join the sign to the number behind it, as "no1001"
    text = unicodedata.normalize("NFKC", text[:MAX_CHARACTERS].replace("№", "#")).lower().translate(_EXPANDED)
    text = unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFD", text)))
    if not text.isascii():
        text = "".join(str(unicodedata.decimal(each)) if each.isdecimal() else each for each in text)
    return _SPACES.sub(" ", text).strip()


def words_of(text: str) -> list[str]:
    """The words of a text, normalised, in order."""
    return _WORD.findall(normalise(text))


class Place(Struct, frozen=True):
    """Where a phrase stands in a text: characters `start` to `end`, and the words there. `gaps` are the beginnings and
    ends of what stands between its pieces."""

    start: int
    end: int
    text: str
    gaps: tuple[tuple[int, int], ...] = ()


class Phrases:
    """Some phrases of one language, found in normalised texts.

    A phrase is looked up by its first word, so that thousands of them cost a text no more than its own words do.
    """

    def __init__(self, phrases: Iterable[str], *, is_spaced: bool = True, prefixes: tuple[str, ...] = ()) -> None:
        self.phrases = tuple(phrases)
        self._is_spaced, self._prefixes = is_spaced, prefixes
        self._exact: dict[str, list[_Phrase]] = {}
        self._stems: dict[str, list[_Phrase]] = {}
        for written in self.phrases:
            if (phrase := _read(written)) is None:
                continue
            first = phrase.pieces[0][0]
            table, key = (self._stems, first[:-1][:STEM]) if first.endswith("*") else (self._exact, first)
            table.setdefault(key, []).append(phrase)

    def __bool__(self) -> bool:
        return bool(self.phrases)

    def match(self, normalised: str) -> Place | None:
        """The first place where one of them stands."""
        return next(self.places(normalised), None)

    def found_in(self, normalised: str) -> bool:
        """Whether one of them stands in the text."""
        return next(self.places(normalised), None) is not None

    def begins(self, normalised: str) -> Place | None:
        """The longest of them that the text begins with."""
        here = [place for place in self._all(normalised[:BEGINNING]) if place.start == 0]
        return max(here, key=lambda place: place.end, default=None)

    def places(self, normalised: str) -> Iterator[Place]:
        """Every place where one stands, from left to right; of several that begin together the longest."""
        end = 0
        found = sorted(self._all(normalised), key=lambda place: (place.start, -place.end))
        for place in found:
            if place.start >= end:
                yield place
                end = place.end

    def removed_from(self, normalised: str) -> str:
        """The text without them; what stands between the pieces of a phrase stays."""
        for place in reversed(list(self.places(normalised))):
            between = " ".join(normalised[start:end] for start, end in place.gaps)
            normalised = f"{normalised[: place.start]} {between} {normalised[place.end :]}"
        return _SPACES.sub(" ", normalised).strip()

    def _all(self, text: str) -> Iterator[Place]:
        if not self._is_spaced:
            yield from self._anywhere(text)
            return
        words = _words(text)
        for index, word in enumerate(words):
            for bare in self._bare(word.text):
                for phrase in (*self._exact.get(bare, ()), *self._by_stem(bare)):
                    if phrase.is_letter and _is_elided(text, word):
                        continue
                    if spans := self._spans(phrase, words, index, bare):
                        end = words[spans[-1][1]].end
                        gaps = tuple(
                            (words[before[1]].end, words[after[0]].start) for before, after in itertools.pairwise(spans)
                        )
                        yield Place(word.start, end, text[word.start : end], gaps)

    def _by_stem(self, word: str) -> Iterator["_Phrase"]:
        for length in range(1, min(STEM, len(word)) + 1):
            yield from self._stems.get(word[:length], ())

    def _bare(self, word: str) -> Iterator[str]:
        """The word, and the word without what a language writes in front of it."""
        yield word
        for prefix in self._prefixes:
            if word.startswith(prefix) and len(word) - len(prefix) > 1:
                yield word[len(prefix) :]

    def _spans(self, phrase: "_Phrase", words: Sequence[Place], index: int, first: str) -> list[tuple[int, int]]:
        """The indices of the first and last word of each piece of a phrase that begins at a word; empty where it does
        not stand there."""
        last = self._follows(phrase.pieces[0], words, index, first)
        if (phrase.at_start and index) or last is None:
            return []
        spans = [(index, last)]
        for piece in phrase.pieces[1:]:
            end, following = words[spans[-1][1]].end, None
            for start in range(spans[-1][1] + 1, len(words)):
                if words[start].start - end > MAX_GAP + 2:
                    break
                if (following := self._follows(piece, words, start)) is not None:
                    spans.append((start, following))
                    break
            if following is None:
                return []
        return [] if phrase.at_end and spans[-1][1] != len(words) - 1 else spans

    def _follows(
        self, piece: tuple[str, ...], words: Sequence[Place], index: int, first: str | None = None
    ) -> int | None:
        if index + len(piece) > len(words):
            return None
        for offset, wanted in enumerate(piece):
            forms = (first,) if first is not None and not offset else self._bare(words[index + offset].text)
            if not any(_is(wanted, form) for form in forms):
                return None
        return index + len(piece) - 1

    def _anywhere(self, text: str) -> Iterator[Place]:
        for phrases in (*self._exact.values(), *self._stems.values()):
            for phrase in phrases:
                pieces = ["".join(piece).replace("*", "") for piece in phrase.pieces]
                start = text.find(pieces[0])
                while start >= 0:
                    end, gaps = start + len(pieces[0]), list[tuple[int, int]]()
                    for piece in pieces[1:]:
                        there = text.find(piece, end, end + MAX_GAP + len(piece))
                        gaps.append((end, there))
                        end = there + len(piece) if there >= 0 else -1
                        if end < 0:
                            break
                    opens = not phrase.at_start or not text[:start].strip(_SIGNS)
                    closes = not phrase.at_end or not text[end:].strip(_SIGNS)
                    if end > 0 and opens and closes:
                        yield Place(start, end, text[start:end], tuple(gaps))
                    start = text.find(pieces[0], start + 1)


STEM = 4
"""Letters by which a phrase whose first word has a `*` is looked up."""
MAX_GAP = 30
BEGINNING = 160
"""Characters of a text in which a phrase is looked for that has to begin it."""
_SIGNS = " \t\n.,;:!?\"'¿¡。、！？…()-"


class _Phrase(Struct, frozen=True):
    """`pieces` stand in this order with a gap between; each is some words, a `*` behind the stem of one."""

    pieces: tuple[tuple[str, ...], ...]
    at_start: bool
    at_end: bool

    @property
    def is_letter(self) -> bool:
        """Whether it is one letter, such as the size M."""
        return len(self.pieces) == 1 and len(self.pieces[0]) == 1 and len(self.pieces[0][0]) == 1


def _is_elided(text: str, word: Place) -> bool:
    """Whether a letter is a piece of a word: "l'eau", "kid's"."""
    return text[word.start - 1 : word.start] == "'" or text[word.end : word.end + 1] == "'"


def _read(written: str) -> _Phrase | None:
    """None for one that is made of signs alone."""
    body = written.strip("^$ ")
    pieces = tuple(tuple(word for word in re.findall(r"[^\W_]+\*?", normalise(piece))) for piece in body.split(" ... "))
    if not all(pieces):
        return None
    return _Phrase(pieces, written.startswith("^"), written.endswith("$"))


@lru_cache(maxsize=512)
def _words(text: str) -> tuple[Place, ...]:
    return tuple(Place(found.start(), found.end(), found[0]) for found in _WORD.finditer(text))


def _is(wanted: str, word: str) -> bool:
    return word.startswith(wanted[:-1]) if wanted.endswith("*") else word == wanted


def phrases_in(language: str, phrases: Iterable[str]) -> Phrases:
    """The phrases of a language, with its way of writing words."""
    writing = writing_of(language)
    return Phrases(phrases, is_spaced=writing.spaced, prefixes=writing.prefixes)
