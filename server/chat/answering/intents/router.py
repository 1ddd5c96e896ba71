"""From a message to an intent: what it states outright, what its words give away, and the nearest known phrasing."""

import asyncio

import msgspec

from server.chat.answering.intents.dictionary import gloss
from server.chat.answering.intents.examples import example_phrases
from server.chat.answering.intents.models import Intent, IntentKind, Part
from server.chat.answering.intents.nearest import Examples, IntentClass, class_similarities, learn_examples
from server.chat.answering.intents.parts import split_nouns, split_questions
from server.chat.answering.intents.query import policy_words, product_words, with_gloss
from server.chat.answering.intents.reading import (
    MAX_ROUTED_CHARACTERS,
    Reading,
    last_wish,
    looks_like_product,
    read_message,
    stated,
)
from server.chat.answering.intents.references import compared_names, refers_back, wants_stock
from server.chat.answering.intents.refinements import is_refinement, wants_cheaper
from server.chat.models import Question
from server.models.protocol import Embedder, ModelUnavailable, Vector

SURE = 0.95
"""From this score of the words alone on, the nearest phrasing is not asked for."""
LEXICON_SHARE = 0.5
LEXICON_SHARE_FOREIGN = 0.9
"""The built-in embedder is English: elsewhere the words count for more."""
OFF_TOPIC_SHARE = 0.6
CLEARLY_OFF_TOPIC = 0.5
MIN_KEPT_WORDS = 0.5
"""From this share of a message's words on its vector finds what the query's own would: of 315 messages of the answer
benchmark 53 are so, and no verdict changed. Where the query holds glosses of another language, three became wrong."""
NEAR = 0.35
"""Cosine below which the nearest phrasing says nothing."""


class Router:
    """Routes questions. Works without `warm_up` or while the embedder is away, by words alone."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._examples: Examples | None = None
        self._warming = asyncio.Lock()

    async def warm_up(self) -> None:
        """Embed the known phrasings, once. Raises ModelUnavailable."""
        async with self._warming:
            if self._examples is None:
                rows = example_phrases()
                vectors = await self._embedder.embed_passages([phrase for _, _, phrase in rows])
                self._examples = learn_examples(vectors, [(kind, topic) for kind, topic, _ in rows])

    async def recognise(self, question: Question) -> Intent:
        """Route by words; only when they do not decide, embed the message. `embedded` spares the search doing so."""
        reading = read_message(question)
        intent = self._decide(reading, None)
        if parts := _several(reading):
            return msgspec.structs.replace(intent, parts=parts)
        if intent.is_sure:
            return intent
        try:
            await self.warm_up()
            text = self.text_to_embed(question, intent.language)
            vector = await self._embedder.embed_query(text)
        except ModelUnavailable:
            return intent
        decided = self._decide(reading, vector)
        return msgspec.structs.replace(decided, embedded=text) if _stands_for_query(text, decided) else decided

    @staticmethod
    def text_to_embed(question: Question, language: str) -> str:
        """The message itself, or its English gloss where the dictionary knows enough of it."""
        text = question.text[:MAX_ROUTED_CHARACTERS]
        meaning = gloss(text, language)
        return meaning if len(meaning.split()) > 1 else text

    def route(self, question: Question, vector: Vector | None = None) -> Intent:
        """Without a vector by the words alone, in well under a millisecond. `vector` is the message's own."""
        reading = read_message(question)
        return msgspec.structs.replace(self._decide(reading, vector), parts=_several(reading))

    def _decide(self, reading: Reading, vector: Vector | None) -> Intent:
        if (outright := stated(reading)) is not None:
            return _intent(reading, *outright, is_sure=True)
        scores = reading.scores
        best, score = _best(scores)
        if vector is None or self._examples is None:
            return _decided_by_words(reading, best, score)
        return self._nearest(reading, vector)

    def _nearest(self, reading: Reading, vector: Vector) -> Intent:
        assert self._examples is not None
        near = class_similarities(self._examples, vector)
        share = LEXICON_SHARE if reading.language == "en" else LEXICON_SHARE_FOREIGN
        total = {
            found: near.get(found, 0.0) + share * reading.scores.get(found, 0.0)
            for found in near.keys() | reading.scores.keys()
        }
        best, score = _best(total)
        rival = near.get((IntentKind.OFF_TOPIC, None), 0.0) if best[0] != IntentKind.OFF_TOPIC else 0.0
        confidence = max(0.05, min(1.0, score - rival * OFF_TOPIC_SHARE))
        if best[0] == IntentKind.OFF_TOPIC or score < NEAR or rival > score:
            return _outside(reading, score)
        return _intent(reading, best, confidence)


def _stands_for_query(text: str, intent: Intent) -> bool:
    """Whether the query is still the message: no earlier wish, no gloss of another language, most of its words."""
    if intent.refines or intent.language != "en":
        return False
    return len(intent.query.split()) >= MIN_KEPT_WORDS * len(text.split())


def _several(reading: Reading) -> tuple[Part, ...]:
    """The questions of a message that asks about several matters; nothing where it is one, or needs no guessing.

    The words alone decide here: a piece that gives nothing away stays with the one before it.
    """
    if stated(reading) is not None:
        return ()
    text = reading.question.text
    for pieces, kinds in ((split_questions(text), _MATTERS), (split_nouns(text), {IntentKind.POLICY: "policy"})):
        parts = _joined([_part(reading, piece) for piece in pieces], kinds) if len(pieces) > 1 else []
        if len({_matter(part, kinds) for part in parts}) > 1:
            return tuple(_whole_part(reading, part) for part in parts)
    return ()


def _part(whole: Reading, text: str) -> Part:
    reading = read_message(msgspec.structs.replace(whole.question, text=text, locale=whole.language))
    return Part(text, _decided_by_words(reading, *_best(reading.scores)))


def _whole_part(whole: Reading, part: Part) -> Part:
    """With what the joined text states as a whole; its first question decided what it is."""
    intent = part.intent
    reading = read_message(msgspec.structs.replace(whole.question, text=part.text, locale=whole.language))
    return Part(part.text, _intent(reading, (intent.kind, intent.topic), intent.confidence))


def _joined(parts: list[Part], kinds: dict[IntentKind, str]) -> list[Part]:
    """Small talk left out; what has no matter of its own, or the same one, joined to its neighbour."""
    joined: list[Part] = []
    loose = ""
    for part in parts:
        matter = _matter(part, kinds)
        if part.intent.kind in (IntentKind.GREETING, IntentKind.THANKS, IntentKind.GOODBYE):
            continue
        if not matter and not joined:
            loose = f"{loose}{part.text} "
        elif joined and matter in ("", _matter(joined[-1], kinds)):
            joined[-1] = Part(f"{joined[-1].text} {part.text}", joined[-1].intent)
        else:
            joined.append(Part(f"{loose}{part.text}", part.intent))
            loose = ""
    return joined


_MATTERS = {
    IntentKind.POLICY: "policy", IntentKind.ORDER_STATUS: "order", IntentKind.ORDER_CHANGE: "order",
    IntentKind.PRODUCT_SEARCH: "product", IntentKind.COMPARISON: "product", IntentKind.STOCK: "product",
    IntentKind.PRODUCT_DETAIL: "product",
}  # fmt: skip
OWN_MATTER = 0.6
"""What the words of a piece must reach to be a question of its own."""


def _matter(part: Part, kinds: dict[IntentKind, str]) -> str:
    """What a piece is about ("policy:shipping", "product"); empty where it only continues the one before it."""
    intent = part.intent
    if intent.confidence < OWN_MATTER or (intent.kind == IntentKind.PRODUCT_DETAIL and intent.refers_back):
        return ""
    return f"{kinds[intent.kind]}:{intent.topic or ''}" if intent.kind in kinds else ""


def _outside(reading: Reading, score: float) -> Intent:
    """Nothing of ours is near. A few words that ask nothing may still name a product."""
    if looks_like_product(reading) and score < CLEARLY_OFF_TOPIC:
        return _intent(reading, (IntentKind.PRODUCT_SEARCH, None), 0.3)
    question = reading.question
    if (
        score < CLEARLY_OFF_TOPIC
        and refers_back(reading.folded)
        and (question.shown_products or question.page_product_id)
    ):
        return _intent(reading, (IntentKind.PRODUCT_DETAIL, None), 0.4)
    if score < NEAR:
        return _intent(reading, (IntentKind.UNKNOWN, None), 0.25)
    return _intent(reading, (IntentKind.OFF_TOPIC, None), min(1.0, 0.2 + score))


def _decided_by_words(reading: Reading, best: IntentClass, score: float) -> Intent:
    if score == 0.0:
        if looks_like_product(reading):
            return _intent(reading, (IntentKind.PRODUCT_SEARCH, None), 0.4)
        if reading.question.shown_products and refers_back(reading.folded):
            return _intent(reading, (IntentKind.PRODUCT_DETAIL, None), 0.5)
        return _intent(reading, (IntentKind.UNKNOWN, None), 0.2)
    rival = max((value for found, value in reading.scores.items() if found != best), default=0.0)
    return _intent(reading, best, min(score, 0.95), is_sure=score >= SURE and rival < score)


_PRIORITY = {
    kind: rank
    for rank, kind in enumerate(
        (
            IntentKind.HUMAN, IntentKind.IDENTITY, IntentKind.ORDER_CHANGE, IntentKind.ORDER_STATUS,
            IntentKind.COMPARISON,
            IntentKind.STOCK, IntentKind.POLICY, IntentKind.PRODUCT_DETAIL, IntentKind.PRODUCT_SEARCH,
        )
    )
}  # fmt: skip


def _best(scores: dict[IntentClass, float]) -> tuple[IntentClass, float]:
    if not scores:
        return (IntentKind.UNKNOWN, None), 0.0
    best = max(scores, key=lambda found: (scores[found], -_PRIORITY.get(found[0], 99)))
    return best, scores[best]


def _intent(reading: Reading, found: IntentClass, confidence: float, *, is_sure: bool = False) -> Intent:
    kind, topic = found
    question, slots, limits = reading.question, reading.slots, reading.limits
    searches_products = kind in (IntentKind.PRODUCT_SEARCH, IntentKind.STOCK, IntentKind.COMPARISON, IntentKind.UNKNOWN)
    wanted = product_words(limits.rest, question.text) if searches_products else policy_words(question.text)
    refines = kind == IntentKind.PRODUCT_SEARCH and bool(question.shown_products) and is_refinement(limits)
    if refines:
        wanted = last_wish(question)
    return Intent(
        kind=kind,
        topic=topic,
        confidence=round(confidence, 3),
        language=reading.language,
        query=with_gloss(wanted, reading.language),
        wanted=wanted,
        order_number=slots.order_number,
        email=slots.email,
        postcode=slots.postcode,
        name=slots.name,
        price_min=limits.low,
        price_max=limits.high,
        in_stock=wants_stock(reading.folded),
        compared=compared_names(reading.folded) if kind == IntentKind.COMPARISON else (),
        positions=slots.positions,
        refers_back=refers_back(reading.folded),
        cheapest=limits.cheapest,
        dearest=limits.dearest,
        refines=refines,
        cheaper=refines and limits.high is None and wants_cheaper(reading.folded),
        is_sure=is_sure,
    )
