"""Which passage answers a policy question, and which of its sentences: by words, subject, country and figures."""

from functools import lru_cache

import msgspec
from msgspec import Struct

from server.chat.engine.kinds import has_clock, has_place, is_exception, is_restriction
from server.chat.engine.places import covers, is_abroad, places_in, speaks_of_the_rest
from server.chat.engine.quotes import (
    Asked,
    Concept,
    answers_kind,
    clip,
    coverage,
    fit,
    is_item,
    is_row,
    plain_meaning,
    rarity,
    sentences_of,
)
from server.chat.intents import Topic
from server.chat.intents.words import fold, stem, stems, word_set
from server.chat.models import Source

MAX_SENTENCES = 3
MAX_ROWS = 8
ENOUGH = 0.51
"""The share of the question's words a passage must have where its headings are not of the topic asked about."""
RANK_WEIGHT = 0.8
SUBJECT_WEIGHT = 0.5
"""Words of the subject itself, which the heading says already, against those that narrow it down."""
TITLE_WEIGHT = 0.6
HEADED_WEIGHT = 1.0
"""For a passage whose own heading is the question: "Cancelled orders"."""
TOPIC_WEIGHT = 4.0
PLACE_WEIGHT = 3.0
"""A passage about the country asked about, against one about another."""
TABLE_WEIGHT = 4.0
EARLY_WEIGHT = 1.5
"""Shops say the general rule first: counts for a question about a subject as a whole."""
BESIDE = 0.65
SHORT_SENTENCE = 40
GENERAL_SENTENCES = 3
_GENERAL_WORDS = frozenset(
    stem(word)
    for word in word_set(
        "policy policies rule condition long time take work does option method accept kind type thing things item "
        "items stuff something anything product article articles artikel ware articulo articulos producto produit "
        "purchase buy bought offer much many until period info information tell explain question zeit etwas "
        "window deadline sent cost costs wear visit fee fees rate rates charge charges frist politique regeln politica"
    )
)
"""Words that ask for a subject as a whole."""
EXCEPTION = 0.6
"""What a sentence on a special case ("If tracking has not moved ...") is worth to a question that names none."""

_TOPIC_WORDS = {
    Topic.RETURNS: "return refund exchange",
    Topic.SHIPPING: "shipping delivery ship deliver",
    Topic.PAYMENT: "payment pay charged",
    Topic.ACCOUNT: "account password login",
    Topic.WARRANTY: "warranty guarantee",
    Topic.ORDERING: "order checkout buy",
    Topic.STORE: "",
}


class Found(Struct, frozen=True):
    """The chosen sentences of one passage. `confidence` is 0..1; `heading` stands above sentences that need it."""

    source: Source
    sentences: tuple[str, ...]
    confidence: float
    heading: str = ""


class Sought(Struct, frozen=True, kw_only=True):
    """What a passage must answer. `places` are country codes; `currency` is the shop's; for the rest see `kinds.py`."""

    asked: Asked
    topic: Topic | None = None
    places: frozenset[str] = frozenset()
    currency: str = "USD"
    wants_clock: bool = False
    wants_table: bool = False
    wants_place: bool = False
    wants_rule: bool = False
    wants_exception: bool = False


def choose_sentences(
    question: Asked, sources: tuple[Source, ...], topic: Topic | None = None, sought: Sought | None = None
) -> Found | None:
    """The passage that answers best and its sentences, or None when none has enough of the question.

    `sources` come best first; their order counts, but the words decide.
    """
    telling = question.without(_GENERAL_WORDS)
    question = telling if telling.concepts else question
    sought = msgspec.structs.replace(sought or Sought(asked=question, topic=topic), asked=question)
    passages = [_read(rank, source) for rank, source in enumerate(sources)]
    rare = rarity([words for passage in passages for words in passage.words])
    known = {word for passage in passages for word in (*passage.heading, *rare)}
    subject = Asked(tuple(c for c in question.concepts if (c.forms | c.related) & known))
    covered = any(covers(passage.text, sought.places) for passage in passages)
    rated = [_rate(passage, sought, subject, rare, covered) for passage in passages if passage.sentences]
    best = max(rated, key=lambda entry: entry.value, default=None)
    if best is None or (best.enough < ENOUGH and not best.on_topic and not sought.wants_place):
        return None
    sentences = _around(best)
    if sought.wants_clock and not any(has_clock(sentence) for sentence in sentences):
        return None
    if sought.wants_place and not any(has_place(sentence) for sentence in sentences):
        return None
    confidence = min(0.95, 0.35 + 0.5 * min(1.0, best.enough) + (0.15 if best.on_topic else 0.0))
    return Found(best.passage.source, sentences, round(confidence, 3), _heading(best, sentences, question))


class _Passage(Struct, frozen=True):
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


class _Rated(Struct, frozen=True, kw_only=True):
    """A passage with the worth of each of its sentences. `is_general`: the question asks for the whole subject."""

    passage: _Passage
    scores: list[float]
    value: float
    enough: float
    on_topic: bool
    is_general: bool
    opening: int
    """Where an answer to a general question begins: the first sentence with the time or price it wants."""


def _read(rank: int, source: Source) -> _Passage:
    sentences, words = _cut(source.text)
    heading = stems(" ".join((source.title, *source.heading_path)))
    return _Passage(rank, source, sentences, words, heading)


@lru_cache(maxsize=2048)
def _cut(text: str) -> tuple[list[str], list[list[str]]]:
    """Sentences and their stems, remembered: the same passages answer many questions."""
    sentences = sentences_of(text)
    return sentences, [stems(plain_meaning(fold(sentence))) for sentence in sentences]


def _rate(passage: _Passage, sought: Sought, subject: Asked, rare: dict[str, float], covered: bool) -> _Rated:
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
    on_topic = bool(topic_stems & heading)
    own_heading = stems(" ".join(source.heading_path))
    title = fit(stems(source.title), question, {})
    title += HEADED_WEIGHT * (
        all(concept.forms & set(own_heading) for concept in question.concepts)
        and not _narrows(source, question, topic_stems)
    )
    title += TITLE_WEIGHT * fit(passage.heading, question, rare) + TITLE_WEIGHT * fit(own_heading, question, rare)
    is_general = on_topic and all(c.forms & topic_stems or _is_general(c, topic_stems) for c in subject.concepts)
    first = EARLY_WEIGHT * (3 if sought.wants_rule else 1) / (1 + _position(source))
    early = first + 1.5 * max(kinds) if is_general else 0.0
    return _Rated(
        passage=passage,
        scores=scores,
        value=max(scores)
        + title
        + early
        + RANK_WEIGHT / (passage.rank + 1)
        + TOPIC_WEIGHT * on_topic
        + TABLE_WEIGHT * (sought.wants_table and any(is_row(sentence) for sentence in passage.sentences))
        + PLACE_WEIGHT * _place_fit(passage, sought, covered),
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
    own = set(stems(source.heading_path[-1])) - topic_stems - _GENERAL_WORDS if source.heading_path else set()
    return any(not any(word in (c.forms | c.related) for c in question.concepts) for word in own)


def _place_fit(passage: _Passage, sought: Sought, covered: bool) -> float:
    """1 for a passage about the country asked about, or about the rest where none is; below 0 for other countries."""
    headings = " ".join(passage.source.heading_path)
    if not sought.places:
        return -0.5 if is_abroad(headings, sought.currency) else 0.0
    if covers(passage.text, sought.places):
        return 1.0
    if not covered and speaks_of_the_rest(passage.text):
        return 1.0
    return -1.0 if places_in(headings) else -0.3


def _position(source: Source) -> int:
    """Where the passage stands in its document, from 0."""
    place = source.id.rpartition("#")[2]
    return int(place) if place.isdecimal() else 0


def _opening(passage: _Passage, question: Asked, kinds: list[float], *, wants_table: bool) -> int:
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


def _around(rated: _Rated) -> tuple[str, ...]:
    """The best sentence and those beside it that answer too, in the order of the text; for a general question the
    opening, or where the time or price it wants begins. Of a table that is asked for as a whole all rows."""
    scores, sentences = rated.scores, rated.passage.sentences
    place = max(range(len(scores)), key=lambda index: (scores[index], -index))
    start = rated.opening if rated.is_general else place
    if rated.is_general and (listed := _list_at(rated.passage, start)):
        return tuple(sentences[index] for index in listed)
    if rated.is_general:
        opening = sentences[start : start + GENERAL_SENTENCES]
        return tuple(clip(sentence, 400) for sentence in opening if not is_row(sentence))
    kept = {place}
    for index in (place + 1, place - 1, place + 2):
        if 0 <= index < len(scores) and len(kept) < MAX_SENTENCES and scores[index] >= BESIDE * scores[place] > 0:
            kept |= {index} if _is_listed(rated.passage, index) == _is_listed(rated.passage, place) else set()
    if len(sentences[place]) < SHORT_SENTENCE and place + 1 < len(sentences) and not _is_listed(rated.passage, place):
        kept.add(place + 1)
    return tuple(clip(sentences[index], 400) for index in sorted(kept)[:MAX_SENTENCES])


def _list_at(passage: _Passage, start: int) -> list[int]:
    """The whole list or table that a sentence belongs to; nothing where it stands in running text."""
    if not _is_listed(passage, start):
        return []
    places = range(len(passage.sentences))
    return [index for index in places if _is_listed(passage, index)][:MAX_ROWS]


def _is_listed(passage: _Passage, index: int) -> bool:
    sentence = passage.sentences[index]
    return is_row(sentence) or is_item(sentence, passage.source.text)


def _heading(rated: _Rated, sentences: tuple[str, ...], question: Asked) -> str:
    """The passage's own heading where a list or table needs it, or where it says what the sentences leave out."""
    source, own = rated.passage.source, rated.passage.source.heading_path
    if not own or own[-1] == source.title:
        return ""
    said = set(stems(" ".join(sentences)))
    left_out = [c for c in question.concepts if c.forms & set(stems(own[-1])) and not (c.forms | c.related) & said]
    is_list = all(is_row(sentence) or is_item(sentence, source.text) for sentence in sentences)
    return own[-1] if left_out or is_list else ""
