"""What tells whether a unit answers a question, as numbers for the scorer."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from server.chat.answering.evidence.subjects import shared_subject, subjects_of
from server.chat.languages.measures import has_measure, has_money, has_time_of_day
from server.chat.models import Candidate
from server.knowledge.evidence import Unit, UnitKind
from server.languages.matching import Phrases, normalise, words_of
from server.languages.places import countries_in, covers, speaks, uses_currency
from server.languages.words import Language, language
from server.models.protocol import Vector

FEATURES = (
    "similar", "similar_multilingual", "below_best", "near", "bare_similar", "topic", "words", "words_here", "letters",
    "has_sort", "lacks_sort", "names_place", "other_place", "same_figure", "row", "answer", "question_back",
    "subject",
)  # fmt: skip
"""The columns of the scorer, in order."""

_DIGIT = re.compile(r"\d")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
_SIDES = re.compile(r"\d\s?[x×]\s?\d")
_FROST = re.compile(r"[-−]\s?\d+\s?[cf](?!\w)")


class EvidenceQuery(Struct, frozen=True, kw_only=True):
    """The question, as far as the features need it. `asks` as in `Slots`; `vector` and `topics` are its multilingual
    vector and the probabilities of its intents (shape (intents,), in the order of the intent model)."""

    text: str
    normalised: str
    language: Language
    asks: frozenset[str] = frozenset()
    vector: Vector | None = None
    topics: NDArray[np.float32] | None = None


class _Read(Struct, frozen=True):
    """What every question needs of a unit: stems of all it says with its headings, and of its text alone; its words
    with `#` between; its figures."""

    words: frozenset[str]
    own_words: frozenset[str]
    letters: str
    figures: frozenset[str]


def features(question: EvidenceQuery, candidates: Sequence[Candidate], shop_language: str) -> NDArray[np.float32]:
    """Of shape (candidates, features). Some compare a candidate with the others of the same question."""
    shop = language(shop_language)
    units = [candidate.unit for candidate in candidates]
    read = [_read(shop.code, unit) for unit in units]
    asked = tuple(dict.fromkeys((*shop.stems(question.text), *question.language.stems(question.text))))
    rarity = _rarity([each.words for each in read])
    total = sum(rarity.get(word, _UNSEEN) for word in asked) or 1.0
    similar = np.array([0.0 if each.similarity is None else each.similarity for each in candidates])
    is_english = shop.code == question.language.code == MAIN_LANGUAGE
    wanted = question.asks - {"yes_no", "material"}
    has_sort = [any(_has_sort(sort, shop.code, unit) for sort in wanted) for unit in units]
    places = countries_in(question.text, question.language.code)
    named = [_countries(shop.code, unit) if places else frozenset() for unit in units]
    met = answers_for(places, units, shop.code) if places else [False] * len(units)
    figures = _figures_in(question.normalised)
    columns = {
        "similar": similar if is_english else np.zeros(len(units)),
        "similar_multilingual": np.zeros(len(units)) if is_english else similar,
        "below_best": similar.max(initial=0.0) - similar,
        "near": _near(units, similar),
        "bare_similar": _cosines(question.vector, [each.text_vector for each in candidates]),
        "topic": _cosines(question.topics, [each.heading_topics for each in candidates]),
        "words": [_share(asked, each.words, rarity) / total for each in read],
        "words_here": [_share(asked, each.own_words, rarity) / total for each in read],
        "letters": _letters_shared(question.text, [each.letters for each in read]),
        "has_sort": has_sort,
        "lacks_sort": [bool(wanted) and not found for found in has_sort],
        "names_place": met,
        "other_place": [bool(there) and not found for there, found in zip(named, met, strict=True)],
        "same_figure": [bool(figures & each.figures) for each in read],
        "row": [unit.kind is UnitKind.ROW for unit in units],
        "answer": [unit.kind is UnitKind.ANSWER for unit in units],
        "subject": _shared_subjects(question.vector, candidates),
        "question_back": [unit.text.rstrip().endswith(("?", "？", "؟")) for unit in units],
    }
    return np.stack([np.asarray(columns[name], np.float32) for name in FEATURES], axis=1)


def answers_for(places: frozenset[str], units: Sequence[Unit], shop_language: str) -> list[bool]:
    """Of each unit whether it speaks of one of these countries: by name, by a region that holds it, or, where no unit
    names it, of all other countries."""
    named = [_countries(shop_language, unit) for unit in units]
    met = [any(covers(each, place) for place in places) for each in named]
    if any(met):
        return met
    elsewhere = language(shop_language).words.shipping.elsewhere
    return [elsewhere.found_in(_heading_and_text(shop_language, unit)) for unit in units]


def speaks_of_countries(unit: Unit, shop_language: str, home_currency: str = "") -> bool:
    """Whether a unit names a country or region, or all others; with a currency, none that may be the shop's own: that
    pays in it and, but for shops that write English, speaks the shop's language."""
    elsewhere = language(shop_language).words.shipping.elsewhere
    named = _countries(shop_language, unit)
    is_english = shop_language == MAIN_LANGUAGE
    if home_currency and any(
        uses_currency(each, home_currency) and (is_english or speaks(each, shop_language)) for each in named
    ):
        return False
    return bool(named) or elsewhere.found_in(_heading_and_text(shop_language, unit))


@lru_cache(maxsize=8_192)
def _heading_and_text(code: str, unit: Unit) -> str:
    return language(code).normalise(" ".join((*unit.heading[-1:], unit.label, unit.text)))


MAIN_LANGUAGE = "en"
"""Both shop and question in it: the similarity is that of the main embedder, whose scale is another one."""


def heading_text(unit: Unit) -> str:
    """What stands above a unit: the document's title and its headings; empty for what stands on a product's page."""
    return " > ".join((unit.title, *unit.heading))


def _cosines(vector: NDArray[np.float32] | None, others: Sequence[NDArray[np.float32] | None]) -> NDArray[np.float32]:
    """The products of a vector with others, of shape (others,); 0 where either is unknown."""
    found = np.zeros(len(others), np.float32)
    known = [index for index, other in enumerate(others) if other is not None]
    if vector is not None and known:
        found[known] = np.stack([other for other in others if other is not None]) @ vector
    return found


def _shared_subjects(asked: Vector | None, candidates: Sequence[Candidate]) -> list[float]:
    """How far each candidate is about the subject of the question; 0 where it is not known."""
    if asked is None:
        return [0.0] * len(candidates)
    subjects = subjects_of(asked)
    return [0.0 if each.subjects is None else shared_subject(subjects, each.subjects) for each in candidates]


def _near(units: Sequence[Unit], similar: NDArray[np.float64]) -> list[float]:
    """The highest similarity of the units under the same headings: a section that is about the question."""
    best: dict[tuple[str, tuple[str, ...]], float] = {}
    sections = [(unit.title, unit.heading) for unit in units]
    for section, value in zip(sections, similar.tolist(), strict=True):
        best[section] = max(best.get(section, -1.0), value)
    return [best[section] for section in sections]


def _share(asked: Sequence[str], there: frozenset[str], rarity: dict[str, float]) -> float:
    return sum(rarity.get(word, _UNSEEN) for word in asked if word in there)


def _letters_shared(question: str, texts: Sequence[str]) -> NDArray[np.float64]:
    """The share of the question's triples of letters that each text has, rare ones counting more: parts of compounds,
    inflected forms, words that languages share."""
    padded = _padded(question)
    triples = {padded[at : at + 3] for at in range(len(padded) - 2)}
    if not triples or not texts:
        return np.zeros(len(texts))
    has = np.array([[triple in text for text in texts] for triple in triples], np.float64)
    count = has.sum(axis=1)
    weights = np.minimum(_UNSEEN, np.log(1 + (len(texts) - count + 0.5) / (count + 0.5)))
    return np.asarray(weights @ has / weights.sum())


def _padded(*texts: str) -> str:
    return f"#{'#'.join(word for text in texts for word in words_of(text))}#"


_UNSEEN = 4.0
"""The rarity of a word that no candidate has."""


def _rarity(texts: Sequence[frozenset[str]]) -> dict[str, float]:
    counts = Counter(word for text in texts for word in text)
    total = len(texts)
    return {word: min(_UNSEEN, math.log(1 + (total - count + 0.5) / (count + 0.5))) for word, count in counts.items()}


@lru_cache(maxsize=8_192)
def _read(code: str, unit: Unit) -> _Read:
    """About 4 KB each."""
    shop = language(code)
    own = frozenset(shop.stems(unit.text))
    return _Read(
        words=own.union(shop.stems(" ".join((*unit.heading[-2:], unit.label)))),
        own_words=own,
        letters=_padded(*unit.heading[-1:], unit.label, unit.text),
        figures=_figures_in(normalise(unit.text)),
    )


@lru_cache(maxsize=8_192)
def _countries(code: str, unit: Unit) -> frozenset[str]:
    return countries_in(" ".join((*unit.heading[-1:], unit.label, unit.text)), code)


def _figures_in(normalised: str) -> frozenset[str]:
    return frozenset(found.replace(",", ".") for found in _NUMBER.findall(normalised))


@lru_cache(maxsize=16_384)
def _has_sort(sort: str, code: str, unit: Unit) -> bool:
    """Whether a unit of a shop in this language has the sort of answer that is asked for."""
    shop = language(code)
    body = shop.normalise(f"{unit.label} {unit.text}")
    units = shop.words.units
    match sort:
        case "time":
            named = any(units[name].found_in(body) for name in TIMES if name in units)
            return named or has_time_of_day(body, shop.code)
        case "money":
            return has_money(body, shop.code) or shop.words.questions.money.found_in(body)
        case "weight":
            return has_measure(body, "weight", shop.code)
        case "size":
            return has_measure(body, "size", shop.code) or bool(_SIDES.search(body))
        case "temperature":
            return "°" in body or bool(_FROST.search(body))
        case "power" | "duration":
            return has_measure(body, "power", shop.code) or (sort == "duration" and units["hour"].found_in(body))
        case "count":
            return bool(_DIGIT.search(body))
        case _:
            phrases: Phrases = getattr(shop.words.questions, sort)
            return phrases.found_in(body)


TIMES = ("minute", "hour", "day", "week", "month", "year")
"""Tables of `[units]` in the words of a language."""
