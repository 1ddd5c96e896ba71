"""Policy questions: the one to three sentences of the fitting passage that answer, as the shop wrote them."""

from collections.abc import AsyncIterator
from functools import lru_cache

from msgspec import Struct

from server.chat.engine.quotes import Asked, Concept, answers_kind, asked, clip, coverage, fit, rarity, sentences_of
from server.chat.engine.reply import Reply
from server.chat.intents import Intent, Topic
from server.chat.intents.language import detect_language
from server.chat.intents.words import stem, stems, word_set
from server.chat.models import AnswerEvent, Source, StatusLine

MAX_SENTENCES = 3
ENOUGH = 0.34
"""The share of the question's words a passage must have."""
RANK_WEIGHT = 1.2
TITLE_WEIGHT = 0.6
TOPIC_WEIGHT = 4.0
BESIDE = 0.65
SHORT_SENTENCE = 40
GENERAL_SENTENCES = 2
_GENERAL_WORDS = frozenset(
    stem(word)
    for word in word_set("policy policies rule condition long time take work does option method accept kind type")
)
"""Words that ask for a subject as a whole."""

_TOPIC_WORDS = {
    Topic.RETURNS: "return refund exchange",
    Topic.SHIPPING: "shipping delivery ship deliver",
    Topic.PAYMENT: "payment pay card",
    Topic.ACCOUNT: "account password login",
    Topic.WARRANTY: "warranty guarantee",
    Topic.ORDERING: "order checkout buy",
    Topic.STORE: "",
}


class Found(Struct, frozen=True):
    """The chosen sentences of one passage. `confidence` is 0..1."""

    source: Source
    sentences: tuple[str, ...]
    confidence: float


def choose_sentences(question: Asked, sources: tuple[Source, ...], topic: Topic | None = None) -> Found | None:
    """The passage that answers best and its sentences, or None when none has enough of the question.

    `sources` come best first; their order counts, but the words decide.
    """
    subject = question.without(_GENERAL_WORDS)
    question = subject if subject.concepts else question
    passages = [_read(rank, source) for rank, source in enumerate(sources)]
    rare = rarity([words for passage in passages for words in passage.words])
    rated = [_rate(passage, question, rare, topic) for passage in passages if passage.sentences]
    best = max(rated, key=lambda entry: entry.value, default=None)
    if best is None or (best.enough < ENOUGH and not best.on_topic):
        return None
    confidence = min(0.95, 0.35 + 0.5 * min(1.0, best.enough) + (0.15 if best.on_topic else 0.0))
    return Found(best.passage.source, _around(best), round(confidence, 3))


class _Passage(Struct, frozen=True):
    """A source cut into sentences; `words` are the stems of each, `heading` those of title and headings."""

    rank: int
    source: Source
    sentences: list[str]
    words: list[list[str]]
    heading: list[str]


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
    return sentences, [stems(sentence) for sentence in sentences]


def _rate(passage: _Passage, question: Asked, rare: dict[str, float], topic: Topic | None) -> _Rated:
    heading, source = set(passage.heading), passage.source
    particular = Asked(tuple(c for c in question.concepts if not _is_general(c, heading)))
    kinds = [answers_kind(sentence, question) for sentence in passage.sentences]
    scores = [
        fit(words, question, rare) + 0.5 * fit(words, particular, rare) + kind
        for words, kind in zip(passage.words, kinds, strict=True)
    ]
    on_topic = topic is not None and bool(set(stems(_TOPIC_WORDS[topic])) & heading)
    title = TITLE_WEIGHT * fit(passage.heading, question, rare)
    return _Rated(
        passage=passage,
        scores=scores,
        value=max(scores) + title + RANK_WEIGHT / (passage.rank + 1) + TOPIC_WEIGHT * on_topic,
        enough=coverage(question, " ".join((source.title, *source.heading_path, source.text))),
        on_topic=on_topic,
        is_general=on_topic and not particular.concepts,
        opening=_opening(passage, question, kinds),
    )


def _opening(passage: _Passage, question: Asked, kinds: list[float]) -> int:
    """The first sentence with the time or price that is wanted and most of the question; the first one otherwise."""
    if not any(kinds):
        return 0
    met = [kind + fit(words, question, {}) for words, kind in zip(passage.words, kinds, strict=True)]
    return met.index(max(met))


def _is_general(concept: Concept, heading: set[str]) -> bool:
    """Whether it only names the passage's subject ("delivery" under "Shipping")."""
    return bool((concept.forms | concept.related) & heading)


def _around(rated: _Rated) -> tuple[str, ...]:
    """The best sentence and those beside it that answer too, in the order of the text; for a general question the
    opening, or where the time or price it wants begins."""
    scores, sentences = rated.scores, rated.passage.sentences
    if rated.is_general:
        opening = sentences[rated.opening : rated.opening + GENERAL_SENTENCES]
        return tuple(clip(sentence, 400) for sentence in opening)
    place = max(range(len(scores)), key=lambda index: (scores[index], -index))
    kept = {place}
    for index in (place + 1, place - 1, place + 2):
        if 0 <= index < len(scores) and len(kept) < MAX_SENTENCES and scores[index] >= BESIDE * scores[place] > 0:
            kept.add(index)
    if len(sentences[place]) < SHORT_SENTENCE and place + 1 < len(sentences):
        kept.add(place + 1)
    return tuple(clip(sentences[index], 400) for index in sorted(kept)[:MAX_SENTENCES])


def asked_of(reply: Reply) -> Asked:
    """The question's words, the shop's name left out."""
    return asked(reply.question.text, reply.intent.language).without(frozenset(stems(reply.question.shop_name)))


async def find_passage(reply: Reply, query: str | None = None) -> Found | None:
    """Search the policies and choose. `query` overrides the routed one."""
    result = await reply.tools.search_policies(query or reply.intent.query)
    return choose_sentences(asked_of(reply), result.sources, reply.intent.topic)


async def answer_policy(reply: Reply) -> AsyncIterator[AnswerEvent]:
    """Quote the shop, cite it, or say that we do not know."""
    yield StatusLine(reply.words.reading)
    found = await find_passage(reply)
    if found is None:
        for event in say_unknown(reply):
            yield event
        return
    for event in quote(reply, found):
        yield event
    for event in reply.suggest(*policy_suggestions(reply.intent, reply)):
        yield event
    for event in reply.conclude("policy", found.confidence):
        yield event


def quote(reply: Reply, found: Found, separator: str = " ") -> list[AnswerEvent]:
    """The sentences and their citation; a note when they are in another language than the reply."""
    events: list[AnswerEvent] = list(reply.cite(found.source))
    text = " ".join(found.sentences)
    if detect_language(text, "en") != reply.intent.language:
        events += reply.say(reply.words.in_the_shops_words, separator=separator)
    for sentence in found.sentences:
        events += reply.say(sentence, separator=separator if sentence is found.sentences[0] else " ")
    return events


def say_unknown(reply: Reply) -> list[AnswerEvent]:
    """Honest, with a way on."""
    words = reply.words
    return [
        *reply.say(words.unknown),
        *reply.say(words.offer_human),
        *reply.suggest(words.ask_human, words.ask_find, words.ask_track),
        *reply.conclude("unknown", 0.2),
    ]


def policy_suggestions(intent: Intent, reply: Reply) -> list[str]:
    """The neighbouring questions."""
    words = reply.words
    match intent.topic:
        case Topic.RETURNS:
            return [words.ask_shipping, words.ask_track, words.ask_human]
        case Topic.SHIPPING:
            return [words.ask_returns, words.ask_track, words.ask_find]
        case _:
            return [words.ask_shipping, words.ask_returns, words.ask_human]
