"""A chat model drives the same tools as the engine. What it writes is checked sentence by sentence before it leaves.

The prompt gives the model what one search found, so most turns need one call. Everything the shop or the web wrote
is marked as material; nothing in it can widen what the tools do, since they act for this shopper alone.
"""

from contextlib import aclosing
from datetime import UTC, datetime
from typing import assert_never

import msgspec

from billing.answers import SMALL_TALK
from server.chat.answering.allowed_hosts import allowed_hosts
from server.chat.answering.grounding import Grounder, SentenceSplitter, clean_links
from server.chat.answering.intents import Intent, IntentKind
from server.chat.answering.prompt import TOOLS, system_prompt
from server.chat.events import Transcript
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
from server.chat.phrases import phrase
from server.chat.tools.model_calls import Progress, call_tool
from server.chat.tools.toolbox import ShopToolbox
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
MIN_SHARED_WORDS = 5
CUT_REASONS = frozenset({"length", "content_filter"})
"""A step that ended so ended anywhere, most likely in the middle of a sentence."""
PREFETCHED = frozenset(
    {
        IntentKind.PRODUCT_SEARCH,
        IntentKind.PRODUCT_DETAIL,
        IntentKind.COMPARISON,
        IntentKind.STOCK,
        IntentKind.POLICY,
        IntentKind.ORDER_CHANGE,
        IntentKind.UNKNOWN,
    }
)


class ModelDriver:
    """Answers with a model. Raises ModelUnavailable when the model fails; the caller knows what was said by then."""

    def __init__(self, model: ChatModel, *, sees_pictures: bool = False) -> None:
        self._model, self.sees_pictures = model, sees_pictures

    async def answer(
        self, question: Question, intent: Intent, proven: OrderAnswer | None, tools: ShopToolbox, transcript: Transcript
    ) -> None:
        """The whole answer, from the first model call to the cards."""
        progress = await self._prepare(question, intent, proven, tools)
        self._show_tools(tools, transcript)
        for step in range(MAX_STEPS):
            calls = await self._step(progress, question, transcript, last=step == MAX_STEPS - 1)
            if not calls:
                break
            await self._call_tools(progress, calls, tools, transcript, question.locale)
        if not progress.said:
            raise ModelUnavailable("the model ended without saying anything", kind=FailureKind.EMPTY_ANSWER)
        self._conclude(progress, intent, tools, transcript)

    async def _prepare(
        self, question: Question, intent: Intent, proven: OrderAnswer | None, tools: ShopToolbox
    ) -> Progress:
        progress = Progress(
            messages=[],
            grounder=Grounder(question.currency, datetime.now(UTC).date()),
            hosts=frozenset(),
            products={},
            orders=[proven] if proven else [],
            receipts=[],
            said=[],
            shopper_email=intent.email,
        )
        progress.grounder.add_shopper_words(question.text)
        if proven:
            progress.grounder.add_order(proven)
        if intent.kind in PREFETCHED:
            found = await tools.search_catalog(
                intent.query, price_min=intent.price_min, price_max=intent.price_max, in_stock=intent.in_stock
            )
            progress.products |= {detail.card.id: detail for detail in found.products}
            await tools.search_policies(intent.query)
        if question.page_product_id and (detail := await tools.get_product(question.page_product_id)):
            progress.products[detail.card.id] = detail
        self._learn(progress, tools)
        system = system_prompt(question, tuple(tools.sources.values()), proven, sees_pictures=self.sees_pictures)
        history = [
            ChatMessage(role="user" if said.author == "shopper" else "assistant", content=said.text)
            for said in question.history
        ]
        progress.messages = [
            ChatMessage(role="system", content=system),
            *history,
            ChatMessage(role="user", content=question.text, images=await self._images(question, tools)),
        ]
        return progress

    async def _images(self, question: Question, tools: ShopToolbox) -> tuple[PromptImage, ...]:
        if not (self.sees_pictures and question.picture_ids):
            return ()
        return tuple(PromptImage(each.media_type, each.data) for each in await tools.see_pictures())

    async def _step(
        self, progress: Progress, question: Question, transcript: Transcript, *, last: bool
    ) -> tuple[ToolCall, ...]:
        """One model call: its text goes out sentence by sentence; the tools it wants come back."""
        splitter, written = SentenceSplitter(), list[str]()
        calls: tuple[ToolCall, ...] = ()
        is_cut = False
        tools = () if last or progress.prompt_tokens > MAX_TURN_TOKENS else TOOLS
        stream = self._model.stream(progress.messages, tools, max_tokens=MAX_STEP_TOKENS)
        async with aclosing(stream) as model_events:
            async for event in model_events:
                match event:
                    case TextDelta(text=text):
                        written.append(text)
                        for sentence in splitter.feed(text):
                            self._say(sentence, progress, question, transcript)
                    case ToolCallsReady(calls=wanted):
                        calls = wanted[:MAX_CALLS_PER_STEP]
                    case StepFinished(reason=reason):
                        if is_cut := reason in CUT_REASONS:
                            transcript.notes.append(f"the model's answer was cut: {reason}")
                        progress.prompt_tokens += event.prompt_tokens
                        progress.completion_tokens += event.completion_tokens
                    case _:
                        assert_never(event)
        for sentence in splitter.flush(is_cut=is_cut):
            self._say(sentence, progress, question, transcript)
        if calls:
            progress.messages.append(ChatMessage(role="assistant", content="".join(written) or None, tool_calls=calls))
        return calls

    def _say(self, sentence: str, progress: Progress, question: Question, transcript: Transcript) -> None:
        """Let a sentence out when every figure in it is known; its links only to hosts we have reason to trust."""
        if sum(map(len, progress.said)) > MAX_ANSWER_CHARACTERS:
            return
        clean = clean_links(sentence, progress.hosts)
        grounded = progress.grounder.check(clean)
        if not grounded.ok:
            transcript.notes.append(f"left out, unsupported: {', '.join(grounded.unsupported)}")
            progress.left_out += 1
            if progress.left_out > 1:
                return
            clean = phrase("unverified", question.locale) + " "
        progress.receipts += grounded.receipts if grounded.ok else ()
        progress.said.append(clean)
        transcript.add(TextPiece(clean))

    async def _call_tools(
        self,
        progress: Progress,
        calls: tuple[ToolCall, ...],
        tools: ShopToolbox,
        transcript: Transcript,
        locale: str,
    ) -> None:
        for call in calls:
            try:
                result = await call_tool(call, progress, tools, transcript, locale)
            except Unavailable as reason:
                result = {"error": reason.detail}
            content = msgspec.json.encode(result).decode()
            progress.messages.append(ChatMessage(role="tool", content=content, tool_call_id=call.id))
        self._learn(progress, tools)
        self._show_tools(tools, transcript)

    def _learn(self, progress: Progress, tools: ShopToolbox) -> None:
        for source in tools.sources.values():
            progress.grounder.add_source(source)
        for detail in progress.products.values():
            progress.grounder.add_product(detail)
        progress.grounder.allow_count(len(progress.products))
        progress.hosts = allowed_hosts(tools.sources.values())

    def _show_tools(self, tools: ShopToolbox, transcript: Transcript) -> None:
        for used in tools.take_used():
            transcript.add(used)

    def _conclude(self, progress: Progress, intent: Intent, tools: ShopToolbox, transcript: Transcript) -> None:
        text = "".join(progress.said)
        if shown := _mentioned(text, progress.products):
            transcript.add(ShowProducts(tuple(detail.card for detail in shown)))
        small_talk = intent.kind.value if intent.kind.value in SMALL_TALK else None
        kind: str = "products" if shown else small_talk or "answer"
        for answer in progress.orders[-1:]:
            kind = kind_of(answer.outcome)
            match answer.outcome:
                case OrderFound(view=view):
                    transcript.add(ShowOrder(view))
                case ProofNeeded(order_number=number, methods=methods):
                    transcript.add(AskProof(order_number=number, methods=methods))
                case _:
                    pass
        if progress.handed_off:
            kind = "human"
            transcript.add(HandedOff(state=progress.handed_off))
        cited = _cited(text, progress.receipts, tools.sources)
        for source in cited:
            transcript.add(Cite(source))
        transcript.add(
            Concluded(
                kind=kind,
                confidence=_confidence(cited, progress.left_out),
                receipts=tuple(dict.fromkeys(progress.receipts)),
                prompt_tokens=progress.prompt_tokens,
                completion_tokens=progress.completion_tokens,
            )
        )


def _mentioned(text: str, products: dict[str, ProductDetail]) -> list[ProductDetail]:
    """Products whose title the answer speaks of, in the order of mention."""
    folded = text.casefold()
    places = [(folded.find(detail.card.title.casefold()), detail) for detail in products.values()]
    found = sorted((pair for pair in places if pair[0] >= 0), key=lambda pair: pair[0])
    return [detail for _, detail in found][:MAX_CARDS]


def _cited(text: str, receipts: list[Receipt], sources: dict[str, Source]) -> list[Source]:
    """The sources the answer rests on: those of its receipts, and those whose title it names."""
    ids = dict.fromkeys(receipt.source_id for receipt in receipts)
    folded = text.casefold()
    ids |= dict.fromkeys(source.id for source in sources.values() if source.title.casefold() in folded)
    if not ids:
        words = _words(folded)
        best = max(sources.values(), key=lambda source: len(words & _words(source.text.casefold())), default=None)
        if best and len(words & _words(best.text.casefold())) >= MIN_SHARED_WORDS:
            ids[best.id] = None
    return [sources[source_id] for source_id in ids if source_id in sources][:4]


def _words(text: str) -> set[str]:
    return {word for word in text.split() if len(word) > 3}


def _confidence(cited: list[Source], left_out: int) -> float:
    """Higher with sources, lower with every sentence that had to be left out."""
    return max(0.1, (0.8 if cited else 0.5) - 0.2 * left_out)
