"""From a message to a reading: its language, its questions, and of each the intent and what it states."""

import re
from typing import Protocol

import msgspec

from server.chat.answering.reading.context import Expected, expected_of
from server.chat.answering.reading.intents import classify
from server.chat.answering.reading.letters import is_sum, is_unreadable
from server.chat.answering.reading.models import (
    ABOUT_PRODUCT,
    CATALOG,
    CODE,
    MEASURED,
    ORDER,
    POLICY,
    PRODUCT,
    SAFETY,
    SOCIAL,
    Intent,
    Reading,
    Slots,
)
from server.chat.answering.reading.slots import read_slots
from server.chat.answering.reading.spelling import mended
from server.chat.answering.reading.splitting import split_clauses, split_questions
from server.chat.models import Question
from server.languages.detection import language_of
from server.languages.matching import MAX_CHARACTERS
from server.languages.words import Language, language
from server.models.protocol import ModelUnavailable, Vector

MAX_QUERY_CHARACTERS = 300
SHORT_REPLY_WORDS = 6
MIN_LETTERS = 3
ASSENT_WORDS = 4
"""A yes to an offer has no more words; with more it may ask something."""
OWN_QUESTION = 0.35
"""From this probability on a piece of a message is a question of its own."""
CLEARLY_COMPARED = 0.7
"""From this probability on a message compares, and its "or" and "and" part no questions."""
SOCIAL_PIECE = 0.35
"""From this probability on a greeting beside a question is left out."""


class MessageEmbedder(Protocol):
    """Computes the vector of a message in a language (ISO 639-1). Raises ModelUnavailable."""

    async def embed_query(self, text: str, language: str = "") -> Vector:
        """Of shape (512,), as the intent model takes it."""


class Reader:
    """Reads messages. Without its embedder the phrases of the language data decide alone."""

    def __init__(self, embedder: MessageEmbedder) -> None:
        self._embedder = embedder

    async def warm_up(self) -> None:
        """Load the embedder now rather than at the first message. Raises ModelUnavailable."""
        await self._embedder.embed_query("?")

    async def read(self, question: Question) -> Reading:
        """Everything that the message says, as far as it can be known before anything is looked up."""
        text = question.text[:MAX_CHARACTERS]
        earlier = [said.text for said in question.history if said.author == "shopper"]
        words = language(language_of(text, question.locale, earlier))
        pieces = split_questions(text, words)
        whole = read_piece(question, text, words, await self._vector(text, words))
        if whole.intent is Intent.LANGUAGE_SWITCH and len(pieces) < 2:
            return await self._beside_switch(question, whole, words)
        is_one = whole.intent is Intent.COMPARISON and whole.confidence >= CLEARLY_COMPARED
        if len(pieces) < 2 or is_one or whole.intent in SAFETY or whole.intent is Intent.NONSENSE:
            return whole
        readings = [read_piece(question, piece, words, await self._vector(piece, words)) for piece in pieces]
        parts = join_parts(readings, question, words)
        if any(part.intent in SAFETY for part in readings):
            return next(part for part in readings if part.intent in SAFETY)
        return msgspec.structs.replace(whole, parts=parts) if len(parts) > 1 else _single(whole, parts)

    async def _beside_switch(self, question: Question, whole: Reading, words: Language) -> Reading:
        """The question that a wish for another language is followed by in the same sentence; else that wish."""
        pieces = split_clauses(whole.text)
        readings = [read_piece(question, piece, words, await self._vector(piece, words)) for piece in pieces]
        asking = [each for each in readings if each.intent not in SOCIAL and each.confidence >= OWN_QUESTION]
        return _single(whole, tuple(asking[:1]))

    async def _vector(self, text: str, words: Language) -> Vector | None:
        try:
            return await self._embedder.embed_query(_without_proofs(text) or text, words.code)
        except ModelUnavailable:
            return None


def read_piece(question: Question, text: str, words: Language, vector: Vector | None) -> Reading:
    """One question. `vector` is that of the text."""
    normalised = words.normalise(text)
    found = read_slots(question, text, normalised, words)
    expected = expected_of(question)
    speaks_of_code = bool(
        expected.code_offered or question.order_in_question or words.words.orders.code.found_in(normalised)
    )
    scores = classify(mended(normalised, words), words, vector, frozenset() if speaks_of_code else CODE)
    references = words.words.references
    count = len(normalised.split())
    refers_back = references.pronouns.found_in(normalised) or references.which_of_these.found_in(normalised)
    stated = _stated(question, text, normalised, found.slots, scores, expected, words, count)
    intent = stated or max(scores, key=lambda each: scores[each])
    return Reading(
        text=text,
        normalised=normalised,
        language=words.code,
        intent=intent,
        confidence=0.95 if stated else scores[intent],
        scores={intent: 0.95} | {k: 0.05 * v for k, v in scores.items() if k is not intent} if stated else scores,
        slots=msgspec.structs.replace(found.slots, asks=_distinguished(found.slots.asks, scores)),
        query=search_words(found.rest, words),
        vector=vector,
        is_follow_up=references.follow_up.found_in(normalised),
        refers_back=refers_back or bool(found.slots.positions),
    )


def _stated(
    question: Question,
    text: str,
    normalised: str,
    slots: Slots,
    scores: dict[Intent, float],
    expected: Expected,
    words: Language,
    count: int,
) -> Intent | None:
    """What needs no guessing: an unreadable message, a code, a proof, an order number, a plain yes or no."""
    likeliest = max(scores, key=lambda each: scores[each])
    if is_unreadable(text):
        return Intent.NONSENSE
    if is_sum(normalised):
        return Intent.OFF_TOPIC
    if likeliest in SAFETY:
        return None
    if slots.code and slots.order_number is None:
        return Intent.CODE_GIVEN
    if slots.email and expected.contact and not slots.order_number and likeliest not in ORDER and not expected.proof:
        return Intent.HUMAN
    is_proof = slots.email is not None or slots.postcode is not None
    is_change = words.words.orders.change.found_in(normalised) or (
        scores.get(Intent.ORDER_CHANGE, 0.0) > OWN_QUESTION and not is_proof
    )
    if slots.order_number is not None or (is_proof and (question.order_in_question or expected.proof)):
        asked = max((*ORDER, Intent.ORDER_CHANGE), key=lambda each: scores.get(each, 0.0))
        if words.words.orders.invoice.found_in(normalised) and not is_proof:
            return Intent.POLICY_PAYMENT
        return Intent.ORDER_CHANGE if is_change and asked is not Intent.ORDER_TRACKING else _part_of_order(scores)
    if (
        likeliest is Intent.ORDER_ITEMS
        and words.words.orders.trouble.found_in(normalised)
        and not question.order_in_question
    ):
        return Intent.POLICY_RETURNS
    if slots.email is not None and count <= SHORT_REPLY_WORDS:
        return Intent.ORDER_STATUS
    if likeliest in (Intent.ASSENT, Intent.CODE_REQUEST) and expected.code_offered:
        return Intent.CODE_REQUEST
    if likeliest is Intent.SUPERLATIVE and slots.cheaper:
        return Intent.PRODUCT_SEARCH
    if likeliest is Intent.ASSENT and words.words.negation.before.found_in(normalised):
        return Intent.REFUSAL
    is_bare = count <= ASSENT_WORDS and not words.words.questions.words.found_in(normalised)
    if likeliest is Intent.ASSENT and expected.staff_offered and is_bare:
        return Intent.HUMAN
    goes_on = not search_words(normalised, words) or words.words.references.pronouns.found_in(normalised)
    speaks_of_order = expected.order_told or question.order_in_question or words.words.orders.order.found_in(normalised)
    seen = question.shown_products or question.page_product_id
    if likeliest is Intent.ORDER_ITEMS and seen and not speaks_of_order:  # "what is in it?"
        return Intent.PRODUCT_DETAIL
    if likeliest is Intent.PRODUCT_PRICE and expected.order_told and goes_on:
        return Intent.ORDER_TOTAL
    has_limit = slots.price_min is not None or slots.price_max is not None or slots.cheaper
    if has_limit and question.shown_products and likeliest not in POLICY | ORDER and count <= SHORT_REPLY_WORDS:
        return Intent.PRODUCT_SEARCH
    return None


_PROOF = re.compile(r"\S{1,64}@\S{1,190}|#\s?\w+|\b[a-z]{0,3}-?\d{4,14}\b", re.IGNORECASE)


def _without_proofs(text: str) -> str:
    """A text without e-mail addresses and long numbers, which say nothing of its intent; empty where none is left."""
    rest = _PROOF.sub(" ", text)
    return " ".join(rest.split()) if sum(map(str.isalpha, rest)) >= MIN_LETTERS else ""


def _distinguished(asks: frozenset[str], scores: dict[Intent, float]) -> frozenset[str]:
    """ "How long" asks for the time of a delivery and for the size of a product, and in some languages "how much" for
    any measure: by what the message is about."""
    if asks & (MEASURED - {"money"}) and scores.get(Intent.PRODUCT_DETAIL, 0.0) > scores.get(Intent.PRODUCT_PRICE, 0.0):
        asks -= {"money"}
    if not {"time", "size"} <= asks:
        return asks
    shop = sum(scores.get(each, 0.0) for each in (*POLICY, *ORDER))
    product = sum(scores.get(each, 0.0) for each in ABOUT_PRODUCT)
    return asks - ({"size"} if shop > product or "duration" in asks else {"time"})


def _part_of_order(scores: dict[Intent, float]) -> Intent:
    """Status unless items, total or tracking are clearly what is asked."""
    best = max(ORDER, key=lambda each: scores.get(each, 0.0))
    return best if scores.get(best, 0.0) > 0.4 else Intent.ORDER_STATUS


def join_parts(readings: list[Reading], question: Question, words: Language) -> tuple[Reading, ...]:
    """Small talk beside a question is left out; a piece that is no question of its own belongs to its neighbour."""
    asking = [each for each in readings if not (each.intent in SOCIAL and each.confidence >= SOCIAL_PIECE)]
    joined: list[Reading] = []
    for piece in asking or readings[:1]:
        says_nothing = not _content_words(piece, words)
        is_same = bool(joined) and (
            _matter(piece) == _matter(joined[-1]) == "order"
            or piece.intent is joined[-1].intent is Intent.POLICY_SHIPPING
        )
        if joined and (piece.confidence < OWN_QUESTION or says_nothing or is_same):
            text = f"{joined[-1].text} {piece.text}"
            vector = joined[-1].vector
            joined[-1] = read_piece(question, text, words, vector)
        else:
            joined.append(piece)
    return tuple(joined)


def _content_words(piece: Reading, words: Language) -> list[str]:
    """The words of a question that say what it is about."""
    general = words.words.small.general
    return [word for word in words.stems(search_words(piece.normalised, words)) if not general.found_in(word)]


def _single(whole: Reading, parts: tuple[Reading, ...]) -> Reading:
    """The one question of a message that holds small talk beside it, with what the whole message states."""
    if not parts:
        return whole
    return msgspec.structs.replace(parts[0], slots=whole.slots, text=whole.text, normalised=whole.normalised)


def _matter(reading: Reading) -> str:
    if reading.intent in ORDER or reading.intent is Intent.ORDER_CHANGE:
        return "order"
    if reading.intent in POLICY:
        return "policy"
    return "product" if reading.intent in PRODUCT else "other"


def search_words(rest: str, words: Language) -> str:
    """A wish without the words it is wrapped in; empty where nothing is left."""
    prices = words.words.prices
    limits = (prices.cheapest, prices.dearest, prices.cheaper, prices.dearer, prices.reduced)
    for phrases in (*limits, *words.words.superlatives.values()):
        rest = phrases.removed_from(rest)
    kept = words.words.small.wrapping.removed_from(rest)
    pieces = [piece.strip('?!¿¡.,;:"()') for piece in kept.split()]
    while pieces and pieces[0] in words.stop_words:
        pieces.pop(0)
    while pieces and pieces[-1] in words.stop_words:
        pieces.pop()
    return " ".join(piece for piece in pieces if piece)[:MAX_QUERY_CHARACTERS]


__all__ = ["ABOUT_PRODUCT", "CATALOG", "Reader", "read_piece", "search_words"]
