"""A chat model drives the same tools as the engine. What it writes is checked sentence by sentence before it leaves.

The prompt gives the model what one search found, so most turns need one call. Everything the shop or the web wrote
is marked as material; nothing in it can widen what the tools do, since they act for this shopper alone.
"""

from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any, assert_never

import msgspec
from msgspec import Struct

from server.chat.events import Transcript
from server.chat.grounding import Grounder, SentenceSplitter, clean_links
from server.chat.intents import Intent, IntentKind
from server.chat.links import allowed_hosts
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
    StatusLine,
    TextPiece,
)
from server.chat.phrases import phrase
from server.chat.prompt import TOOLS, system_prompt
from server.chat.toolbox import ShopToolbox
from server.core.errors import Unavailable
from server.models.protocol import (
    ChatMessage,
    ChatModel,
    ModelUnavailable,
    StepFinished,
    TextDelta,
    ToolCall,
    ToolCallsReady,
)
from server.orders.models import OrderFound, ProofNeeded

MAX_STEPS = 4
MAX_CALLS_PER_STEP = 3
MAX_STEP_TOKENS = 700
MAX_TURN_TOKENS = 24_000
MAX_ANSWER_CHARACTERS = 6_000
MAX_CARDS = 6
MIN_SHARED_WORDS = 5
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
_arguments = msgspec.json.Decoder(dict[str, Any])


class _Progress(Struct):
    """What one answer has gathered."""

    messages: list[ChatMessage]
    grounder: Grounder
    hosts: frozenset[str]
    products: dict[str, ProductDetail]
    orders: list[OrderAnswer]
    receipts: list[Receipt]
    said: list[str]
    left_out: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    shopper_email: str | None = None
    """In this message: where staff may write to."""
    handed_off: str | None = None


class ModelDriver:
    """Answers with a model. Raises ModelUnavailable when the model fails; the caller knows what was said by then."""

    def __init__(self, model: ChatModel) -> None:
        self._model = model

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
            raise ModelUnavailable("the model ended without saying anything")
        self._conclude(progress, tools, transcript)

    async def _prepare(
        self, question: Question, intent: Intent, proven: OrderAnswer | None, tools: ShopToolbox
    ) -> _Progress:
        progress = _Progress(
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
        system = system_prompt(question, tuple(tools.sources.values()), proven)
        history = [
            ChatMessage(role="user" if said.author == "shopper" else "assistant", content=said.text)
            for said in question.history
        ]
        progress.messages = [
            ChatMessage(role="system", content=system),
            *history,
            ChatMessage(role="user", content=question.text),
        ]
        return progress

    async def _step(
        self, progress: _Progress, question: Question, transcript: Transcript, *, last: bool
    ) -> tuple[ToolCall, ...]:
        """One model call: its text goes out sentence by sentence; the tools it wants come back."""
        splitter, written = SentenceSplitter(), list[str]()
        calls: tuple[ToolCall, ...] = ()
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
                    case StepFinished():
                        progress.prompt_tokens += event.prompt_tokens
                        progress.completion_tokens += event.completion_tokens
                    case _:
                        assert_never(event)
        for sentence in splitter.flush():
            self._say(sentence, progress, question, transcript)
        if calls:
            progress.messages.append(ChatMessage(role="assistant", content="".join(written) or None, tool_calls=calls))
        return calls

    def _say(self, sentence: str, progress: _Progress, question: Question, transcript: Transcript) -> None:
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
        progress: _Progress,
        calls: tuple[ToolCall, ...],
        tools: ShopToolbox,
        transcript: Transcript,
        locale: str,
    ) -> None:
        for call in calls:
            try:
                result = await self._call(call, progress, tools, transcript, locale)
            except Unavailable as reason:
                result = {"error": reason.detail}
            content = msgspec.json.encode(result).decode()
            progress.messages.append(ChatMessage(role="tool", content=content, tool_call_id=call.id))
        self._learn(progress, tools)
        self._show_tools(tools, transcript)

    async def _call(
        self, call: ToolCall, progress: _Progress, tools: ShopToolbox, transcript: Transcript, locale: str
    ) -> dict[str, Any]:
        try:
            given = _arguments.decode(call.arguments or "{}")
        except msgspec.MsgspecError:
            return {"error": "the arguments are not a JSON object"}
        match call.name:
            case "search_catalog":
                transcript.add(StatusLine(phrase("searching", locale)))
                found = await tools.search_catalog(
                    _text(given, "query"),
                    price_min=_minor(given, "price_min"),
                    price_max=_minor(given, "price_max"),
                    in_stock=given.get("in_stock") is True,
                )
                progress.products |= {detail.card.id: detail for detail in found.products}
                return {"products": [_product(detail) for detail in found.products]}
            case "get_product":
                detail = await tools.get_product(_text(given, "product_id"))
                if detail is None:
                    return {"error": "there is no such product"}
                progress.products[detail.card.id] = detail
                return _product(detail)
            case "search_policies":
                transcript.add(StatusLine(phrase("reading", locale)))
                passages = await tools.search_policies(_text(given, "query"))
                return {"passages": [{"title": source.title, "text": source.text} for source in passages.sources]}
            case "order_status":
                return await self._order(_text(given, "order_number") or None, progress, tools, transcript, locale)
            case "request_human":
                handed = await tools.request_human(_text(given, "reason"), progress.shopper_email)
                progress.handed_off = handed.state
                return {"state": handed.state, "contact": handed.contact}
        return {"error": f"there is no tool named {call.name[:40]}"}

    async def _order(
        self, number: str | None, progress: _Progress, tools: ShopToolbox, transcript: Transcript, locale: str
    ) -> dict[str, Any]:
        status = phrase("looking_up", locale, number=number) if number else phrase("looking_up_orders", locale)
        transcript.add(StatusLine(status))
        answer = await tools.order_status(number)
        progress.orders.append(answer)
        progress.grounder.add_order(answer)
        result: dict[str, Any] = msgspec.to_builtins(answer.outcome)
        return result

    def _learn(self, progress: _Progress, tools: ShopToolbox) -> None:
        for source in tools.sources.values():
            progress.grounder.add_source(source)
        for detail in progress.products.values():
            progress.grounder.add_product(detail)
        progress.grounder.allow_count(len(progress.products))
        progress.hosts = allowed_hosts(tools.sources.values())

    def _show_tools(self, tools: ShopToolbox, transcript: Transcript) -> None:
        for used in tools.take_used():
            transcript.add(used)

    def _conclude(self, progress: _Progress, tools: ShopToolbox, transcript: Transcript) -> None:
        text = "".join(progress.said)
        if shown := _mentioned(text, progress.products):
            transcript.add(ShowProducts(tuple(detail.card for detail in shown)))
        kind = "products" if shown else "answer"
        for answer in progress.orders[-1:]:
            kind = "order"
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


def _text(given: dict[str, Any], name: str) -> str:
    """An argument as text: models write numbers where texts are asked, and the other way round."""
    value = given.get(name)
    return str(value)[:400] if isinstance(value, str | int | float) else ""


def _minor(given: dict[str, Any], name: str) -> int | None:
    """A price argument, in minor units (the tool's description says so)."""
    value = given.get(name)
    return int(value) if isinstance(value, int | float) and value >= 0 else None


def _product(detail: ProductDetail) -> dict[str, Any]:
    """What a model reads of a product."""
    card = detail.card
    return {
        "product_id": card.id,
        "title": card.title,
        "brand": detail.brand,
        "price": msgspec.to_builtins(card.price),
        "available": card.available,
        "description": detail.description[:1200],
        "attributes": detail.attributes,
        "variants": [
            {"title": variant.title, "available": variant.available, "price": msgspec.to_builtins(variant.price)}
            for variant in card.variants[:20]
        ],
        "stock": detail.stock,
    }


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
