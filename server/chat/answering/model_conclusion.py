"""What follows the text of a model's answer: cards, forms and citations, and the conclusion."""

from collections.abc import Sequence

from billing.answers import SMALL_TALK
from server.chat.answering.model_answer import ModelAnswer
from server.chat.models import (
    AskProof,
    Cite,
    Concluded,
    HandedOff,
    ProductDetail,
    ShowOrder,
    ShowProducts,
    Source,
)
from server.core.logging import get_logger
from server.orders.models import OrderFound, ProofNeeded, kind_of

MAX_CARDS = 6
MAX_CITED = 4
MIN_SHARED_WORDS = 5
log = get_logger("chat")


def conclude_answer(answer: ModelAnswer) -> None:
    """Add what follows the text: cards, forms and citations, then the conclusion."""
    turn, transcript, intent = answer.turn, answer.turn.transcript, answer.asked.reading.intent
    text = "".join(answer.sentences)
    for source_id in sorted(answer.checker.sources.suspicious):
        transcript.notes.append(f"speaks to the model: {source_id}")
        log.warning("source_speaks_to_model", turn_id=str(transcript.turn_id), source_id=source_id)
    shown = _mentioned(text, turn.products)
    if answer.says_draft or answer.repeats_draft:
        best = [turn.products[each] for each in answer.asked.draft.products if each in turn.products]
        ids = {detail.card.id for detail in best}
        shown = [*best, *(detail for detail in shown if detail.card.id not in ids)][:MAX_CARDS]
    if shown:
        transcript.add(ShowProducts(tuple(detail.card for detail in shown)))
    small_talk = intent.value if intent.value in SMALL_TALK else None
    kind: str = "products" if shown else small_talk or "answer"
    for order in turn.orders[-1:]:
        kind = kind_of(order.outcome)
        match order.outcome:
            case OrderFound(view=view):
                transcript.add(ShowOrder(view))
            case ProofNeeded(order_number=number, methods=methods):
                transcript.add(AskProof(order_number=number, methods=methods))
            case _:
                pass
    if turn.handed_off:
        kind = "human"
        transcript.add(HandedOff(state=turn.handed_off))
    cited = _cited(text, [*(receipt.source_id for receipt in answer.receipts), *answer.quoted], turn.context.sources)
    if answer.says_draft:
        sources = turn.context.sources
        cited = list(dict.fromkeys([*cited, *(sources[each] for each in answer.asked.draft.cited if each in sources)]))
    for source in cited:
        transcript.add(Cite(source))
    # Higher with sources, lower with every sentence that was left out; the weights are set by hand.
    confidence = max(0.1, (0.8 if cited else 0.5) - 0.2 * answer.left_out)
    transcript.add(
        Concluded(
            kind=kind,
            confidence=confidence,
            receipts=tuple(dict.fromkeys(answer.receipts)),
            prompt_tokens=answer.prompt_tokens,
            completion_tokens=answer.completion_tokens,
        )
    )


def _mentioned(text: str, products: dict[str, ProductDetail]) -> list[ProductDetail]:
    """The products whose title is in the answer, in the order of mention, at most MAX_CARDS."""
    folded = text.casefold()
    places = [(folded.find(detail.card.title.casefold()), detail) for detail in products.values()]
    found = sorted((pair for pair in places if pair[0] >= 0), key=lambda pair: pair[0])
    return [detail for _, detail in found][:MAX_CARDS]


def _cited(text: str, rests_on: Sequence[str], sources: dict[str, Source]) -> list[Source]:
    """The sources the answer rests on, at most MAX_CITED: those of its claims and those whose title it names, or
    else the one that shares most words with it."""
    ids = dict.fromkeys(rests_on)
    folded = text.casefold()
    ids |= dict.fromkeys(source.id for source in sources.values() if source.title.casefold() in folded)
    if not ids:
        words = _words(folded)
        best = max(sources.values(), key=lambda source: len(words & _words(source.text.casefold())), default=None)
        if best and len(words & _words(best.text.casefold())) >= MIN_SHARED_WORDS:
            ids[best.id] = None
    return [sources[source_id] for source_id in ids if source_id in sources][:MAX_CITED]


def _words(text: str) -> set[str]:
    return {word for word in text.split() if len(word) > 3}
