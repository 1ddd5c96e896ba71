"""Answers by a chat model, which calls the same tools as the engine. Each sentence is checked before it leaves.

The prompt holds what one search found, so most turns need one request to the model. All text of the shop or the web is
marked as material; nothing in it can widen what the tools do, since they act for this shopper alone.
"""

from contextlib import aclosing
from datetime import UTC, datetime
from typing import assert_never

import msgspec
from msgspec import Struct

from billing.answers import SMALL_TALK
from server.chat.answering.grounding import Grounder, SentenceSplitter, clean_links
from server.chat.answering.prompt import system_prompt
from server.chat.answering.reading.models import POLICY, PRODUCT, SAFETY, Intent, Reading
from server.chat.languages import phrase
from server.chat.models import (
    AskProof,
    Cite,
    Concluded,
    HandedOff,
    OrderAnswer,
    ProductDetail,
    Question,
    Receipt,
    ShowOrder,
    ShowProducts,
    Source,
    TextPiece,
)
from server.chat.tools.context import source_hosts
from server.chat.tools.registry import SPECS, call_tool
from server.chat.tools.tool import ModelTurn
from server.chat.tools.toolbox import ShopToolbox
from server.chat.transcript import Transcript
from server.core.errors import Unavailable
from server.models.protocol import (
    ChatMessage,
    ChatModel,
    FailureKind,
    ModelUnavailable,
    PromptImage,
    StepFinished,
    TextDelta,
    ToolCall,
    ToolCallsReady,
)
from server.orders.models import OrderFound, ProofNeeded, kind_of

MAX_STEPS = 4
MAX_CALLS_PER_STEP = 3
MAX_STEP_TOKENS = 700
MAX_TURN_TOKENS = 24_000
MAX_ANSWER_CHARACTERS = 6_000
MAX_CARDS = 6
MAX_CITED = 4
MIN_SHARED_WORDS = 5
CUT_REASONS = frozenset({"length", "content_filter"})
"""Reasons for the end of a step whose last sentence is probably incomplete."""
PREFETCHED = PRODUCT | POLICY | {Intent.ORDER_CHANGE, Intent.OFF_TOPIC} | SAFETY
"""For these one search is made before the model is asked."""


class _Answer(Struct, kw_only=True):
    """One answer as the model writes it."""

    question: Question
    reading: Reading
    turn: ModelTurn
    grounder: Grounder
    messages: list[ChatMessage] = []
    hosts: frozenset[str] = frozenset()
    """Those that its links may lead to."""
    receipts: list[Receipt] = []
    sentences: list[str] = []
    """Those that the shopper was sent."""
    left_out: int = 0
    """How many sentences were not, because a figure in them had no source."""
    prompt_tokens: int = 0
    completion_tokens: int = 0


class ModelDriver:
    """Answers with a model. With `sees_pictures` the model reads the images of a message too."""

    def __init__(self, model: ChatModel, *, sees_pictures: bool = False) -> None:
        self._model, self.sees_pictures = model, sees_pictures

    async def answer(
        self,
        question: Question,
        reading: Reading,
        proven: OrderAnswer | None,
        tools: ShopToolbox,
        transcript: Transcript,
    ) -> None:
        """Add the whole answer to the transcript, from the first request to the model to the cards.

        `proven` is the order look-up that the shopper's message led to. Raises ModelUnavailable when the model fails,
        also after the first words: `transcript.has_text` says which.
        """
        answer = await self._prepare(question, reading, proven, tools, transcript)
        _show_calls(answer.turn)
        for step in range(MAX_STEPS):
            calls = await self._step(answer, is_last=step == MAX_STEPS - 1)
            if not calls:
                break
            await _call_tools(answer, calls)
        if not answer.sentences:
            raise ModelUnavailable("the model ended without saying anything", kind=FailureKind.EMPTY_ANSWER)
        _conclude(answer)

    async def _prepare(
        self,
        question: Question,
        reading: Reading,
        proven: OrderAnswer | None,
        tools: ShopToolbox,
        transcript: Transcript,
    ) -> _Answer:
        turn = ModelTurn(
            tools=tools,
            context=tools,
            transcript=transcript,
            locale=question.locale,
            shopper_email=reading.slots.email,
            orders=[proven] if proven else [],
        )
        grounder = Grounder(question.currency, datetime.now(UTC).date(), reading.language)
        grounder.add_shopper_words(question.text)
        answer = _Answer(question=question, reading=reading, turn=turn, grounder=grounder)
        if reading.intent in PREFETCHED:
            found = await tools.search_catalog(
                reading.query or reading.text,
                price_min=reading.slots.price_min,
                price_max=reading.slots.price_max,
                in_stock=reading.slots.in_stock,
            )
            turn.products |= {detail.card.id: detail for detail in found.products}
            await tools.search_policies(reading.query or reading.text)
        if question.page_product_id and (detail := await tools.get_product(question.page_product_id)):
            turn.products[detail.card.id] = detail
        _add_findings(answer)
        images: tuple[PromptImage, ...] = ()
        if self.sees_pictures and question.picture_ids:
            images = tuple(PromptImage(each.media_type, each.data) for each in await tools.list_pictures())
        system = system_prompt(question, tuple(tools.sources.values()), proven, sees_pictures=self.sees_pictures)
        history = [
            ChatMessage(role="user" if said.author == "shopper" else "assistant", content=said.text)
            for said in question.history
        ]
        answer.messages = [
            ChatMessage(role="system", content=system),
            *history,
            ChatMessage(role="user", content=question.text, images=images),
        ]
        return answer

    async def _step(self, answer: _Answer, *, is_last: bool) -> tuple[ToolCall, ...]:
        """The tool calls that one request to the model ended with; its text goes out sentence by sentence."""
        splitter, written = SentenceSplitter(), list[str]()
        calls: tuple[ToolCall, ...] = ()
        is_cut = False
        tools = () if is_last or answer.prompt_tokens > MAX_TURN_TOKENS else SPECS
        stream = self._model.stream(answer.messages, tools, max_tokens=MAX_STEP_TOKENS)
        async with aclosing(stream) as model_events:
            async for event in model_events:
                match event:
                    case TextDelta(text=text):
                        written.append(text)
                        for sentence in splitter.feed(text):
                            _send_sentence(answer, sentence)
                    case ToolCallsReady(calls=wanted):
                        calls = wanted[:MAX_CALLS_PER_STEP]
                    case StepFinished(reason=reason):
                        if is_cut := reason in CUT_REASONS:
                            answer.turn.transcript.notes.append(f"the model's answer was cut: {reason}")
                        answer.prompt_tokens += event.prompt_tokens
                        answer.completion_tokens += event.completion_tokens
                    case _:
                        assert_never(event)
        for sentence in splitter.flush(is_cut=is_cut):
            _send_sentence(answer, sentence)
        if calls:
            answer.messages.append(ChatMessage(role="assistant", content="".join(written) or None, tool_calls=calls))
        return calls


def _send_sentence(answer: _Answer, sentence: str) -> None:
    """Send a sentence when every figure in it has a source, with links only to the hosts of the sources.

    The first sentence that fails the check is replaced by one that says so; the others are left out.
    """
    if sum(map(len, answer.sentences)) > MAX_ANSWER_CHARACTERS:
        return
    clean = clean_links(sentence, answer.hosts)
    grounded = answer.grounder.check(clean)
    if not grounded.ok:
        answer.turn.transcript.notes.append(f"left out, unsupported: {', '.join(grounded.unsupported)}")
        answer.left_out += 1
        if answer.left_out > 1:
            return
        clean = phrase("unverified", answer.question.locale) + " "
    answer.receipts += grounded.receipts if grounded.ok else ()
    answer.sentences.append(clean)
    answer.turn.transcript.add(TextPiece(clean))


async def _call_tools(answer: _Answer, calls: tuple[ToolCall, ...]) -> None:
    for call in calls:
        try:
            result = await call_tool(call, answer.turn)
        except Unavailable as reason:
            result = {"error": reason.detail}
        content = msgspec.json.encode(result).decode()
        answer.messages.append(ChatMessage(role="tool", content=content, tool_call_id=call.id))
    _add_findings(answer)
    _show_calls(answer.turn)


def _add_findings(answer: _Answer) -> None:
    """Let the answer claim what the tools have found so far."""
    turn, grounder = answer.turn, answer.grounder
    for order in turn.orders:
        grounder.add_order(order)
    for source in turn.context.sources.values():
        grounder.add_source(source)
    for detail in turn.products.values():
        grounder.add_product(detail)
    grounder.allow_count(len(turn.products))
    answer.hosts = source_hosts(turn.context.sources.values())


def _show_calls(turn: ModelTurn) -> None:
    for used in turn.context.take_used():
        turn.transcript.add(used)


def _conclude(answer: _Answer) -> None:
    """Add what follows the text: cards, forms and citations, then the conclusion."""
    turn, transcript, intent = answer.turn, answer.turn.transcript, answer.reading.intent
    text = "".join(answer.sentences)
    if shown := _mentioned(text, turn.products):
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
    cited = _cited(text, answer.receipts, turn.context.sources)
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


def _cited(text: str, receipts: list[Receipt], sources: dict[str, Source]) -> list[Source]:
    """The sources the answer rests on, at most MAX_CITED: those of its receipts and those whose title it names, or
    else the one that shares most words with it."""
    ids = dict.fromkeys(receipt.source_id for receipt in receipts)
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
