"""Answers by a chat model, which calls the same tools as the engine. Each sentence is checked before it leaves.

The prompt holds what one search found, so most turns need one request to the model. All text of the shop or the web is
marked as material; nothing in it can widen what the tools do, since they act for this shopper alone.
"""

from contextlib import aclosing
from typing import assert_never

import msgspec

from server.chat.answering.draft import Draft
from server.chat.answering.grounding import SentenceSplitter
from server.chat.answering.grounding.claims import ClaimChecker
from server.chat.answering.grounding.turn_sources import TurnSources
from server.chat.answering.model_answer import ModelAnswer, ModelQuestion, add_findings
from server.chat.answering.model_conclusion import conclude_answer
from server.chat.answering.model_sentences import complete_answer, send_sentence
from server.chat.answering.prompt import choose_material, rules_text, system_prompt
from server.chat.answering.reading.models import ORDER, Intent
from server.chat.tools.registry import SPECS, call_tool
from server.chat.tools.tool import ModelTurn
from server.chat.tools.toolbox import ShopToolbox
from server.chat.transcript import Transcript
from server.core.errors import Unavailable
from server.languages import language_of_locale
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

MAX_STEPS = 4
MAX_CALLS, MAX_CALLS_PER_STEP = 8, 3
MAX_STEP_TOKENS = 700
MAX_TURN_TOKENS = 24_000
CUT_REASONS = frozenset({"length", "content_filter"})
"""Reasons for the end of a step whose last sentence is probably incomplete."""
HAND_OFF = frozenset({Intent.HUMAN, Intent.UPSET})
MAY_HAND_OFF = 0.3
"""How likely a message asks for a person, or is angry, for a model to hand the conversation over."""


class ModelDriver:
    """Answers with a model. With `sees_pictures` the model reads the images of a message too."""

    def __init__(self, model: ChatModel, *, sees_pictures: bool = False) -> None:
        self._model, self.sees_pictures = model, sees_pictures

    async def answer(self, asked: ModelQuestion, tools: ShopToolbox, transcript: Transcript) -> None:
        """Add the whole answer to the transcript, from the first request to the model to the cards.

        Raises ModelUnavailable when the model fails, also after the first words: `transcript.has_text` says which.
        """
        answer = await self._prepare(asked, tools, transcript)
        _show_calls(answer.turn)
        for step in range(MAX_STEPS):
            calls = await self._step(answer, is_last=step == MAX_STEPS - 1)
            if not calls:
                break
            await _call_tools(answer, calls)
        complete_answer(answer)
        if not answer.sentences:
            raise ModelUnavailable("the model ended without saying anything", kind=FailureKind.EMPTY_ANSWER)
        conclude_answer(answer)

    async def _prepare(self, asked: ModelQuestion, tools: ShopToolbox, transcript: Transcript) -> ModelAnswer:
        question, reading, draft = asked.question, asked.reading, asked.draft
        turn = ModelTurn(
            tools=tools,
            context=tools,
            transcript=transcript,
            locale=question.locale,
            shopper_email=reading.slots.email,
            may_hand_off=reading.intent is Intent.HUMAN or reading.probability(HAND_OFF) >= MAY_HAND_OFF,
            orders=[asked.proven] if asked.proven else [],
        )
        if question.page_product_id and question.page_product_id not in tools.details:
            await tools.get_product(question.page_product_id)
        images: tuple[PromptImage, ...] = ()
        if self.sees_pictures and question.picture_ids:
            images = tuple(PromptImage(each.media_type, each.data) for each in await tools.list_pictures())
        system = system_prompt(
            question,
            choose_material(tools, draft),
            asked.proven,
            draft,
            sees_pictures=self.sees_pictures,
        )
        sources = TurnSources(
            reading.language,
            language_of_locale(question.shop_locale or question.locale),
            question.currency,
            question.contact,
            rules=rules_text(question),
        )
        checker = ClaimChecker(question, reading.language, sources, asked.meanings, sees_pictures=bool(images))
        checker.set_question(
            asks_yes_no="yes_no" in reading.slots.asks,
            is_of_order=reading.intent in ORDER or reading.intent is Intent.ORDER_CHANGE,
        )
        answer = ModelAnswer(asked=asked, turn=turn, checker=checker)
        add_findings(answer)
        if draft.cited:
            sources.add_words_of_documents(draft.text, draft.cited)
        named = checker.named_in(question.text)
        checker.subject = named or next(iter(draft.products), None) or question.page_product_id or _cited_product(draft)
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

    async def _step(self, answer: ModelAnswer, *, is_last: bool) -> tuple[ToolCall, ...]:
        """The tool calls that one request to the model ended with; its text goes out sentence by sentence."""
        splitter, written = SentenceSplitter(), list[str]()
        calls: tuple[ToolCall, ...] = ()
        is_cut = False
        is_enough = answer.prompt_tokens > MAX_TURN_TOKENS or answer.calls >= MAX_CALLS
        tools = () if is_last or is_enough else SPECS
        stream = self._model.stream(answer.messages, tools, max_tokens=MAX_STEP_TOKENS)
        async with aclosing(stream) as model_events:
            async for event in model_events:
                match event:
                    case TextDelta(text=text):
                        written.append(text)
                        for sentence in splitter.feed(text):
                            await send_sentence(answer, sentence)
                    case ToolCallsReady(calls=wanted):
                        calls = wanted[: min(MAX_CALLS_PER_STEP, MAX_CALLS - answer.calls)]
                        answer.calls += len(calls)
                    case StepFinished(reason=reason):
                        if is_cut := reason in CUT_REASONS:
                            answer.turn.transcript.notes.append(f"the model's answer was cut: {reason}")
                        answer.prompt_tokens += event.prompt_tokens
                        answer.completion_tokens += event.completion_tokens
                    case _:
                        assert_never(event)
        for sentence in splitter.flush(is_cut=is_cut):
            await send_sentence(answer, sentence)
        if calls:
            answer.messages.append(ChatMessage(role="assistant", content="".join(written) or None, tool_calls=calls))
        return calls


def _cited_product(draft: Draft) -> str | None:
    return next((each.removeprefix("product:") for each in draft.cited if each.startswith("product:")), None)


async def _call_tools(answer: ModelAnswer, calls: tuple[ToolCall, ...]) -> None:
    for call in calls:
        try:
            result = await call_tool(call, answer.turn)
        except Unavailable as reason:
            result = {"error": reason.detail}
        content = msgspec.json.encode(result).decode()
        answer.messages.append(ChatMessage(role="tool", content=content, tool_call_id=call.id))
    add_findings(answer)
    _show_calls(answer.turn)


def _show_calls(turn: ModelTurn) -> None:
    """Show what was called since the last time, in an order that does not depend on which search ended first."""
    for used in sorted(turn.context.take_used(), key=lambda used: (used.name, str(used.input), str(used.output))):
        turn.transcript.add(used)
