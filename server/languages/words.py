"""The words and phrases of a language that the engine reads, from `<code>/words.toml` and `<code>/intents.toml`."""

import tomllib
from collections.abc import Callable
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import TypeVar

import msgspec
import snowballstemmer  # type: ignore[import-untyped]
from msgspec import Struct

from server.languages.matching import Phrases, normalise, phrases_in, words_of
from server.languages.writing import writing_of

FOLDER = Path(__file__).parent
Record = TypeVar("Record")


class Small(Struct, frozen=True):
    """`stop` carries no subject; `wrapping` stands around a wish; `general` asks for a subject as a whole."""

    stop: Phrases
    wrapping: Phrases
    general: Phrases


class QuestionWords(Struct, frozen=True):
    """What begins a question, and which sort of answer is asked for."""

    words: Phrases
    yes_no: Phrases
    time: Phrases
    money: Phrases
    place: Phrases
    count: Phrases
    size: Phrases
    weight: Phrases
    material: Phrases
    temperature: Phrases
    power: Phrases
    duration: Phrases


class Negation(Struct, frozen=True):
    """`before` and `after` what is not wanted, `ends` joined to it ("zuckerfrei"), `links` within its name ("aceite
    de palma"), `others` are words that hold its name and mean another thing ("Baumwolle" is no "Wolle"); `sentence`
    turns the meaning of a whole sentence; `without` has words that say by themselves what something is without."""

    before: Phrases
    after: Phrases
    ends: tuple[str, ...]
    links: frozenset[str]
    others: Phrases
    sentence: Phrases
    without: dict[str, Phrases]


class References(Struct, frozen=True):
    """What points back at what was shown. `whole_shop` are words for all that the shop sells; `positions`: 1 for the
    first, -1 for the last."""

    pronouns: Phrases
    which_of_these: Phrases
    whole_shop: Phrases
    follow_up: Phrases
    others: Phrases
    positions: dict[str, Phrases]


class Splitting(Struct, frozen=True):
    """Words between two questions of one message, and between two things to choose from. `anywhere`: a question has its
    question word in its middle or at its end, not at its beginning."""

    anywhere: bool
    and_: Phrases = msgspec.field(name="and")
    or_: Phrases = msgspec.field(name="or")


class Prices(Struct, frozen=True):
    """Limits and wishes of price: words before the figure, and words behind it (`_after`). `between` has `{low}` and
    `{high}`; `currencies` by ISO code."""

    under: Phrases
    over: Phrases
    around: Phrases
    under_after: Phrases
    over_after: Phrases
    around_after: Phrases
    between: list[str]
    cheapest: Phrases
    dearest: Phrases
    cheaper: Phrases
    dearer: Phrases
    reduced: Phrases
    currencies: dict[str, Phrases]


class Degrees(Struct, frozen=True):
    """Of a language whose comparatives and superlatives are alike: what makes one a superlative, an article up to two
    words before it or a word that asks which, and what makes it a comparative, a word behind it. Empty elsewhere."""

    articles: Phrases
    which: Phrases
    than: Phrases


class StockWords(Struct, frozen=True):
    """Asking whether something can be had."""

    in_stock: Phrases
    count: Phrases
    back: Phrases


class OrderWords(Struct, frozen=True):
    """Speaking of an order."""

    order: Phrases
    number: Phrases
    postcode: Phrases
    name_before: Phrases
    code: Phrases
    change: Phrases
    invoice: Phrases
    trouble: Phrases


class ShippingWords(Struct, frozen=True):
    """Speaking of where a shop sends."""

    elsewhere: Phrases


class Words(Struct, frozen=True):
    """`words.toml` of one language."""

    name: str
    small: Small
    questions: QuestionWords
    negation: Negation
    references: References
    splitting: Splitting
    prices: Prices
    stock: StockWords
    degrees: Degrees
    superlatives: dict[str, Phrases]
    colours: dict[str, Phrases]
    sizes: dict[str, Phrases]
    audience: dict[str, Phrases]
    orders: OrderWords
    shipping: ShippingWords
    units: dict[str, Phrases]
    numbers: dict[str, float]
    contractions: dict[str, str] = {}


class IntentPhrases(Struct, frozen=True):
    """What shoppers say for one intent: whole messages, and phrases that give it away by themselves."""

    examples: tuple[str, ...]
    cues: Phrases


class Language:
    """Everything the engine reads in one language."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.words = _read(code, "words.toml", Words)
        self.intents = _read(code, "intents.toml", dict[str, IntentPhrases])
        writing = writing_of(code)
        self.is_spaced = writing.spaced
        self.joins_words = bool(writing.prefixes)
        """Whether it writes small words such as "and" together with the next."""
        self._contractions = phrases_in(code, self.words.contractions)
        stemmer = snowballstemmer.stemmer(writing.stemmer).stemWord if writing.stemmer else str
        self._stem: Callable[[str], str] = stemmer
        self.stem = lru_cache(maxsize=20_000)(self._stem)

    def normalise(self, text: str) -> str:
        """Normalised, with contractions written out."""
        text = normalise(text)
        for place in reversed(list(self._contractions.places(text))):
            if (written_out := self.words.contractions.get(place.text)) is not None:
                text = text[: place.start] + written_out + text[place.end :]
        return text

    @cached_property
    def stop_words(self) -> frozenset[str]:
        """Normalised small words."""
        return frozenset(self.words.small.stop.phrases)

    def stems(self, text: str) -> list[str]:
        """The stems of the words that carry a subject, in order; of a language without spaces, pairs of characters."""
        return _stems(self, text)


@lru_cache(maxsize=8_192)
def _stems(language: Language, text: str) -> list[str]:
    found = words_of(text)
    if not language.is_spaced:
        return [piece for word in found for piece in _pairs(word)]
    return [language.stem(word) for word in found if word not in language.stop_words]


def _pairs(word: str) -> list[str]:
    return [word] if word.isascii() or len(word) < 3 else [word[i : i + 2] for i in range(len(word) - 1)]


@cache
def language(code: str) -> Language:
    """A language by its code. Raises FileNotFoundError where there is no such folder."""
    return Language(code)


def _read(code: str, name: str, kind: type[Record]) -> Record:
    with (FOLDER / code / name).open("rb") as file:
        data = tomllib.load(file)

    def decode(target: type, value: object) -> object:
        if target is Phrases:
            return phrases_in(code, value)  # type: ignore[arg-type]
        raise NotImplementedError(target)

    try:
        return msgspec.convert(data, kind, dec_hook=decode)
    except msgspec.ValidationError as reason:
        raise ValueError(f"languages/{code}/{name}: {reason}") from None
