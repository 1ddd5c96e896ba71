"""From a message to an intent: what it states outright, what its words give away, and the nearest known phrasing."""

import asyncio
import re

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from server.chat.intents.dictionary import gloss
from server.chat.intents.examples import example_phrases
from server.chat.intents.language import detect_language
from server.chat.intents.lexicon import rules_of
from server.chat.intents.models import Intent, IntentKind, Topic
from server.chat.intents.nonsense import is_insult, is_nonsense, is_order_to_the_assistant, is_sum
from server.chat.intents.prices import PriceLimits, read_price_limits
from server.chat.intents.query import policy_words, product_words, with_gloss
from server.chat.intents.references import compared_names, is_follow_up, refers_back, wants_stock
from server.chat.intents.slots import Slots, read_slots
from server.chat.intents.spelling import mend_spelling
from server.chat.intents.words import STOP_WORDS, fold, word_set, words
from server.chat.models import Question
from server.models.protocol import Embedder, ModelUnavailable, Vector

SURE = 0.95
"""From this score of the words alone on, the nearest phrasing is not asked for."""
LEXICON_SHARE = 0.5
LEXICON_SHARE_FOREIGN = 0.9
"""The built-in embedder is English: elsewhere the words count for more."""
OFF_TOPIC_SHARE = 0.6
CLEARLY_OFF_TOPIC = 0.5
NEAR = 0.35
"""Cosine below which the nearest phrasing says nothing."""
MAX_ROUTED_CHARACTERS = 2000

_Class = tuple[IntentKind, Topic | None]
_SALUTATION = re.compile(
    r"^\W*(?:hi+|hello|hey|good (?:morning|afternoon|evening)|bonjour|salut|bonsoir|hallo|guten (?:tag|morgen|abend)|"
    r"moin|hola|buenos dias|buenas(?: tardes| noches)?)(?: there| team)?[\s,.!-]+(?=\w)"
)
_QUESTION_WORDS = word_set(
    "who whom whose what what's when where which why how is are am was were do does did can could will "
    "would should has have tell qui que quoi quand ou comment pourquoi combien est wer was wann wo wie "
    "warum ist sind kann quien cuando donde como porque cuanto es son puede"
)
_ABOUT_IT = re.compile(
    r"\W*(?:and )?(?:is|are|does|do|can|will|would|has|have|was) (?:it|this|that|these|those|they)\b(?!.{0,20}\border)|"
    r"\W*(?:et )?(?:est|sont)[- ](?:il|elle|ils|elles|ce)\b|\W*(?:und )?ist (?:es|er|sie|das|dieser?)\b|"
    r"\W*(?:y )?es \w+\?"
)
_ORDER_WORD = re.compile(r"\b(?:orders?|commandes?|bestellung(?:en)?|pedidos?)\b")
_BILL = re.compile(r"\b(?:invoices?|bills?|receipts?|facture|rechnung|factura)\b")
_BACK_TO_SHOP = re.compile(
    r"\b(?:return\w*|exchang\w+|refund\w*|cancel\w*|chang\w+|modif\w+|edit\w*|send back|retourn\w+|"
    r"renvoyer|rembours\w+|echanger|annul\w+|"
    r"zuruck\w+|umtausch\w*|stornier\w*|andern|devolver|cambiar|cancelar|reembols\w+)\b"
)


class _Examples(Struct, frozen=True):
    """The known phrasings: vectors of shape (phrases, 384) and the class of each."""

    vectors: NDArray[np.float32]
    classes: list[_Class]


class _Reading(Struct, frozen=True):
    """A message with all that was read from it before deciding."""

    question: Question
    folded: str
    language: str
    slots: Slots
    limits: PriceLimits
    scores: dict[_Class, float]


class Router:
    """Routes questions. Works without `warm_up` or while the embedder is away, by words alone."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._examples: _Examples | None = None
        self._warming = asyncio.Lock()

    async def warm_up(self) -> None:
        """Embed the known phrasings, once. Raises ModelUnavailable."""
        async with self._warming:
            if self._examples is None:
                rows = example_phrases()
                vectors = await self._embedder.embed_passages([phrase for _, _, phrase in rows])
                self._examples = _Examples(np.stack(vectors), [(kind, topic) for kind, topic, _ in rows])

    async def recognise(self, question: Question) -> Intent:
        """Route by words; only when they do not decide, embed the message (the search then finds it cached)."""
        reading = _read(question)
        intent = self._decide(reading, None)
        if intent.is_sure:
            return intent
        try:
            await self.warm_up()
            vector = await self._embedder.embed_query(self.text_to_embed(question, intent.language))
        except ModelUnavailable:
            return intent
        return self._decide(reading, vector)

    @staticmethod
    def text_to_embed(question: Question, language: str) -> str:
        """The message itself, or its English gloss where the dictionary knows enough of it."""
        text = question.text[:MAX_ROUTED_CHARACTERS]
        meaning = gloss(text, language)
        return meaning if len(meaning.split()) > 1 else text

    def route(self, question: Question, vector: Vector | None = None) -> Intent:
        """Without a vector by the words alone, in well under a millisecond. `vector` is the message's own."""
        return self._decide(_read(question), vector)

    def _decide(self, reading: _Reading, vector: Vector | None) -> Intent:
        if stated := _stated(reading):
            return _intent(reading, *stated, is_sure=True)
        scores = reading.scores
        best, score = _best(scores)
        if vector is None or self._examples is None:
            return _decided_by_words(reading, best, score)
        return self._nearest(reading, vector)

    def _nearest(self, reading: _Reading, vector: Vector) -> Intent:
        assert self._examples is not None
        near = _class_similarities(self._examples, vector)
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


def _outside(reading: _Reading, score: float) -> Intent:
    """Nothing of ours is near. A few words that ask nothing may still name a product."""
    if _looks_like_product(reading) and score < CLEARLY_OFF_TOPIC:
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


def _read(question: Question) -> _Reading:
    question = msgspec.structs.replace(question, text=mend_spelling(question.text))
    text = question.text[:MAX_ROUTED_CHARACTERS]
    language = detect_language(text, question.locale)
    folded = fold(text).replace("’", "'")
    limits = read_price_limits(text, question.currency)
    without_salutation = _SALUTATION.sub("", folded)
    if len(words(without_salutation)) < 2:
        without_salutation = folded
    scores: dict[_Class, float] = {}
    for rule in rules_of(language):
        if rule.pattern.search(without_salutation):
            found = (rule.kind, rule.topic)
            scores[found] = max(scores.get(found, 0.0), rule.weight)
    _drop_policy_beside_product(scores)
    _drop_search_about_shown(question, without_salutation, scores)
    return _Reading(question, folded, language, read_slots(question), limits, scores)


def _drop_policy_beside_product(scores: dict[_Class, float]) -> None:
    """ "What is your return policy" names a topic; a policy word alone must not hide that."""
    topics = [found for found in scores if found[0] == IntentKind.POLICY and found[1] is not None]
    if (IntentKind.POLICY, None) in scores and topics:
        boost = scores.pop((IntentKind.POLICY, None))
        for found in topics:
            scores[found] = min(1.0, scores[found] + boost)


def _drop_search_about_shown(question: Question, folded: str, scores: dict[_Class, float]) -> None:
    """ "Is it good for running?" is about what was shown, whatever else it sounds like."""
    search, detail = (IntentKind.PRODUCT_SEARCH, None), (IntentKind.PRODUCT_DETAIL, None)
    if (question.shown_products or question.page_product_id) and _ABOUT_IT.match(folded):
        scores.pop(search, None)
        if not scores.keys() - {detail}:
            scores[detail] = 1.0


def _stated(reading: _Reading) -> tuple[_Class, float] | None:
    """What needs no guessing: nothing readable, a proof for an order, an order number."""
    slots, folded = reading.slots, reading.folded
    if is_nonsense(reading.question.text):
        return (IntentKind.NONSENSE, None), 0.9
    if is_sum(folded):
        return (IntentKind.OFF_TOPIC, None), 0.95
    if is_insult(folded) and not reading.scores and slots.order_number is None:
        return (IntentKind.UNKNOWN, None), 0.8
    if is_order_to_the_assistant(folded) and slots.order_number is None:
        return (IntentKind.OFF_TOPIC, None), 1.0
    is_order_talk = slots.order_number is not None or slots.proof_expected or _ORDER_WORD.search(folded)
    is_proof = slots.email is not None or slots.postcode is not None
    if slots.order_number is not None and _BILL.search(folded) and not is_proof:
        return (IntentKind.POLICY, Topic.PAYMENT), 0.8
    if slots.order_number is not None or (is_proof and (is_order_talk or reading.question.order_in_question)):
        kind = IntentKind.ORDER_CHANGE if _BACK_TO_SHOP.search(folded) else IntentKind.ORDER_STATUS
        return (kind, Topic.RETURNS if kind == IntentKind.ORDER_CHANGE else None), 0.95
    question = reading.question
    if question.shown_products and not reading.scores and (slots.positions or is_follow_up(folded)):
        return (IntentKind.PRODUCT_DETAIL, None), 0.7
    if slots.email is not None and len(words(folded)) <= 8:
        return (IntentKind.ORDER_STATUS, None), 0.7
    return None


def _decided_by_words(reading: _Reading, best: _Class, score: float) -> Intent:
    if score == 0.0:
        if _looks_like_product(reading):
            return _intent(reading, (IntentKind.PRODUCT_SEARCH, None), 0.4)
        if reading.question.shown_products and refers_back(reading.folded):
            return _intent(reading, (IntentKind.PRODUCT_DETAIL, None), 0.5)
        return _intent(reading, (IntentKind.UNKNOWN, None), 0.2)
    rival = max((value for found, value in reading.scores.items() if found != best), default=0.0)
    return _intent(reading, best, min(score, 0.95), is_sure=score >= SURE and rival < score)


def _looks_like_product(reading: _Reading) -> bool:
    """A few words that are no question, or a price limit: what people type into a search box."""
    found = words(reading.folded)
    content = [word for word in found if word not in STOP_WORDS]
    asks = "?" in reading.question.text or (found and found[0] in _QUESTION_WORDS)
    is_short = len(found) <= 7 and len(content) >= 1 and not asks
    has_limit = reading.limits.high is not None or reading.limits.low is not None
    return has_limit or (is_short and len(content) * 2 >= len(found))


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


def _best(scores: dict[_Class, float]) -> tuple[_Class, float]:
    if not scores:
        return (IntentKind.UNKNOWN, None), 0.0
    best = max(scores, key=lambda found: (scores[found], -_PRIORITY.get(found[0], 99)))
    return best, scores[best]


def _class_similarities(examples: _Examples, vector: Vector) -> dict[_Class, float]:
    """Per class the mean of its two nearest phrases: one odd phrase does not decide."""
    cosines = examples.vectors @ vector
    by_class: dict[_Class, list[float]] = {}
    for found, cosine in zip(examples.classes, cosines.tolist(), strict=True):
        by_class.setdefault(found, []).append(cosine)
    return {
        found: 0.7 * ordered[0] + 0.3 * ordered[min(1, len(ordered) - 1)]
        for found, values in by_class.items()
        for ordered in [sorted(values, reverse=True)]
    }


def _intent(reading: _Reading, found: _Class, confidence: float, *, is_sure: bool = False) -> Intent:
    kind, topic = found
    question, slots, limits = reading.question, reading.slots, reading.limits
    searches_products = kind in (IntentKind.PRODUCT_SEARCH, IntentKind.STOCK, IntentKind.COMPARISON, IntentKind.UNKNOWN)
    wanted = product_words(limits.rest, question.text) if searches_products else policy_words(question.text)
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
        is_sure=is_sure,
    )
