"""How well each passage answers a policy question, and each of its sentences: by words, subject, country, figures."""

from functools import lru_cache

from msgspec import Struct

from server.chat.answering.engine.places import home_words, is_abroad
from server.chat.answering.engine.question_patterns import has_place, is_exception, is_restriction
from server.chat.answering.engine.text_match import (
    Asked,
    Concept,
    answers_kind,
    coverage,
    fit,
    is_row,
    plain_meaning,
    sentences_of,
)
from server.chat.answering.intents import Topic
from server.chat.answering.intents.words import fold, stem, stems, word_set
from server.chat.models import Source

RANK_WEIGHT = 0.8
SUBJECT_WEIGHT = 0.5
"""Words of the subject itself, which the heading says already, against those that narrow it down."""
TITLE_WEIGHT = 0.6
HEADED_WEIGHT = 1.0
"""For a passage whose own heading is the question: "Cancelled orders"."""
TOPIC_WEIGHT = 4.0
ABROAD_WEIGHT = 1.5
SPECIAL_WEIGHT = 3.0
"""Against a passage headed by a special case ("PO boxes") where delivery as a whole is asked about."""
TABLE_WEIGHT = 4.0
EARLY_WEIGHT = 1.5
"""Shops say the general rule first: counts for a question about a subject as a whole."""
GENERAL_WORDS = frozenset(
    stem(word)
    for word in word_set(
        "policy policies rule condition long time take work does option method accept kind type thing things item "
        "items stuff something anything product article articles artikel ware articulo articulos producto produit "
        "purchase buy bought offer much many until period info information tell explain question zeit etwas "
        "way ways soon fast quickly here come comes window deadline sent cost costs "
        "wear visit fee fees rate rates charge charges frist politique regeln politica"
    )
)
"""Words that ask for a subject as a whole."""
EXCEPTION = 0.6
"""What a sentence on a special case ("If tracking has not moved ...") is worth to a question that names none."""

_REPAIR = frozenset(stem(word) for word in word_set("repair repairs mend fix sharpen workshop"))
_TOPIC_WORDS = {
    Topic.RETURNS: "return refund exchange",
    Topic.SHIPPING: "shipping delivery ship deliver arrive",
    Topic.PAYMENT: "payment pay charged",
    Topic.ACCOUNT: "account password login",
    Topic.WARRANTY: "warranty guarantee",
    Topic.ORDERING: "order checkout buy",
    Topic.STORE: "",
}


class Sought(Struct, frozen=True, kw_only=True):
    """What a passage must answer. `places` are country codes, `is_delivery` where it asks about sending
    there; `currency` is the shop's; for the rest see `kinds.py`."""

    asked: Asked
    topic: Topic | None = None
    places: frozenset[str] = frozenset()
    currency: str = "USD"
    wants_clock: bool = False
    wants_table: bool = False
    wants_place: bool = False
    wants_rule: bool = False
    wants_exception: bool = False
    is_delivery: bool = False


class Passage(Struct, frozen=True):
    """A source cut into sentences; `words` are the stems of each, `heading` those of title and headings."""

    rank: int
    source: Source
    sentences: list[str]
    words: list[list[str]]
    heading: list[str]

    @property
    def text(self) -> str:
        """Headings and words as one text."""
        return " ".join((*self.source.heading_path, self.source.text))


class Rated(Struct, frozen=True, kw_only=True):
    """A passage with the worth of each of its sentences. `is_general`: the question asks for the whole subject."""

    passage: Passage
    scores: list[float]
    value: float
    enough: float
    on_topic: bool
    is_general: bool
    opening: int
    """Where an answer to a general question begins: the first sentence with the time or price it wants."""


def read_passage(rank: int, source: Source) -> Passage:
    sentences, words = _cut(source.text)
    heading = stems(" ".join((source.title, *source.heading_path)))
    return Passage(rank, source, sentences, words, heading)


@lru_cache(maxsize=2048)
def _cut(text: str) -> tuple[list[str], list[list[str]]]:
    """Sentences and their stems, remembered: the same passages answer many questions."""
    sentences = sentences_of(text)
    return sentences, [stems(plain_meaning(fold(sentence))) for sentence in sentences]


def rate(passage: Passage, sought: Sought, subject: Asked, rare: dict[str, float]) -> Rated:
    """`subject` is what is asked without the words that no passage has: they cannot tell one from another."""
    heading, source, question = set(passage.heading), passage.source, sought.asked
    particular = Asked(tuple(c for c in subject.concepts if not _is_general(c, heading)))
    kinds = [_kind(sentence, sought) for sentence in passage.sentences]
    scores = [
        (
            SUBJECT_WEIGHT * fit(words, question, rare)
            + fit(words, particular, rare)
            + kind * (1 + (fit(words, question, {}) > 0))
        )
        * _rule_share(sentence, sought)
        for words, kind, sentence in zip(passage.words, kinds, passage.sentences, strict=True)
    ]
    topic_stems = set(stems(_TOPIC_WORDS[sought.topic])) if sought.topic else set()
    names_repair = sought.topic is Topic.WARRANTY and any(c.forms & _REPAIR & heading for c in question.concepts)
    on_topic = bool(topic_stems & heading) or names_repair
    own_heading = stems(" ".join(source.heading_path))
    title = fit(stems(source.title), question, {})
    title += HEADED_WEIGHT * (
        all(concept.forms & set(own_heading) for concept in question.concepts)
        and not _narrows(source, question, topic_stems)
    )
    title += TITLE_WEIGHT * fit(passage.heading, question, rare) + TITLE_WEIGHT * fit(own_heading, question, rare)
    is_general = on_topic and all(c.forms & topic_stems or _is_general(c, topic_stems) for c in subject.concepts)
    first = EARLY_WEIGHT * (3 if sought.wants_rule else 1) / (1 + place_of(source))
    is_special = _narrows(source, question, topic_stems | home_words(sought.currency))
    early = first + 1.5 * max(kinds) if is_general else 0.0
    return Rated(
        passage=passage,
        scores=scores,
        value=max(scores)
        + title
        + early
        + RANK_WEIGHT / (passage.rank + 1)
        + TOPIC_WEIGHT * on_topic
        + TABLE_WEIGHT * (sought.wants_table and any(is_row(sentence) for sentence in passage.sentences))
        - ABROAD_WEIGHT * _is_elsewhere(passage, sought)
        - SPECIAL_WEIGHT * (sought.topic is Topic.SHIPPING and is_general and is_special),
        enough=coverage(question, " ".join((source.title, *source.heading_path, source.text))),
        on_topic=on_topic,
        is_general=sought.wants_table or (on_topic and (is_general or not particular.concepts)),
        opening=_opening(passage, question, kinds, wants_table=sought.wants_table),
    )


def _rule_share(sentence: str, sought: Sought) -> float:
    is_beside = is_restriction(sentence) or (is_exception(sentence) and not sought.wants_exception)
    return EXCEPTION if is_beside else 1.0


def _kind(sentence: str, sought: Sought) -> float:
    """A bonus for the kind of answer that is wanted: a time, a price, a place."""
    is_place = sought.wants_place and has_place(sentence)
    return answers_kind(sentence, sought.asked) + (2.0 if is_place else 0.0)


def _narrows(source: Source, question: Asked, topic_stems: set[str]) -> bool:
    """Whether its heading speaks of a special case that was not asked about: "Partial refunds"."""
    own = set(stems(source.heading_path[-1])) - topic_stems - GENERAL_WORDS if source.heading_path else set()
    return any(not any(word in (c.forms | c.related) for c in question.concepts) for word in own)


def _is_elsewhere(passage: Passage, sought: Sought) -> bool:
    """Whether it is headed by foreign countries where none was asked about."""
    return not sought.places and is_abroad(" ".join(passage.source.heading_path), sought.currency)


def is_about_returns(source: Source) -> bool:
    """Whether its title or headings say so."""
    heading = stems(" ".join((source.title, *source.heading_path)))
    return bool(set(heading) & set(stems(_TOPIC_WORDS[Topic.RETURNS])))


def place_of(source: Source) -> int:
    """Where the passage stands in its document, from 0."""
    place = source.id.rpartition("#")[2]
    return int(place) if place.isdecimal() else 0


def _opening(passage: Passage, question: Asked, kinds: list[float], *, wants_table: bool) -> int:
    """The first sentence with the time or price that is wanted and most of the question; the first one otherwise."""
    if wants_table:
        return next((index for index, sentence in enumerate(passage.sentences) if is_row(sentence)), 0)
    if not any(kinds):
        return 0
    met = [
        kind + fit(words, question, {}) + (kind > 0) * is_row(sentence)
        for words, kind, sentence in zip(passage.words, kinds, passage.sentences, strict=True)
    ]
    return met.index(max(met))


def _is_general(concept: Concept, heading: set[str]) -> bool:
    """Whether it only names the passage's subject ("delivery" under "Shipping")."""
    return bool((concept.forms | concept.related) & heading)
