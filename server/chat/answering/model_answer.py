"""One answer of a model while it is written: what it may claim, and what the shopper was sent of it."""

from msgspec import Struct

from server.chat.answering.draft import Draft
from server.chat.answering.grounding.claims import ClaimChecker
from server.chat.answering.grounding.word_meanings import WordMeanings
from server.chat.answering.reading.models import Reading
from server.chat.models import OrderAnswer, Question, Receipt
from server.chat.tools.context import source_hosts
from server.chat.tools.tool import ModelTurn
from server.models.protocol import ChatMessage


class ModelQuestion(Struct, frozen=True):
    """What a model is asked, and what was found out before. `proven` is the order look-up that the shopper's message
    led to."""

    question: Question
    reading: Reading
    proven: OrderAnswer | None
    draft: Draft
    meanings: WordMeanings


class ModelAnswer(Struct, kw_only=True):
    """One answer as the model writes it."""

    asked: ModelQuestion
    turn: ModelTurn
    checker: ClaimChecker
    messages: list[ChatMessage] = []
    hosts: frozenset[str] = frozenset()
    """Those that its links may lead to."""
    receipts: list[Receipt] = []
    sentences: list[str] = []
    """Those that the shopper was sent."""
    left_out: int = 0
    """How many sentences were not, because nothing of this turn says so."""
    calls: int = 0
    searches: int = 0
    """How many times a sentence was searched for."""
    says_draft: bool = False
    """Whether the engine's answer stands in place of a sentence."""
    repeats_draft: bool = False
    """Whether the model has said a sentence of the engine's answer."""
    quoted: list[str] = []
    """The ids of the sources whose words stand in place of a sentence."""
    prompt_tokens: int = 0
    completion_tokens: int = 0


def add_findings(answer: ModelAnswer) -> None:
    """Let the answer claim what the tools have found so far."""
    turn, checker, context = answer.turn, answer.checker, answer.turn.context
    sources = checker.sources
    turn.products |= context.details
    turn.orders += [each for each in context.order_answers if each not in turn.orders]
    for order in turn.orders:
        checker.add_order(order)
    sources.add_candidates(context.candidates.values())
    for source in context.sources.values():
        sources.add_source(source)
    for detail in turn.products.values():
        sources.add_product(detail)
    checker.is_handed_off = turn.handed_off is not None
    answer.hosts = source_hosts(context.sources.values())
