"""The deterministic driver: one intent, one way to answer it. Never guesses, never says an unchecked figure."""

from collections.abc import AsyncIterator, Iterable
from datetime import date
from typing import assert_never

import msgspec

from billing.answers import NOT_BILLABLE
from server.chat.answering.engine.details import answer_detail, answer_open, answer_wish
from server.chat.answering.engine.orders import answer_order, answer_order_change
from server.chat.answering.engine.passages import answer_policy
from server.chat.answering.engine.pictures import beside_pictures
from server.chat.answering.engine.reply import Reply
from server.chat.answering.engine.small_talk import (
    answer_assent,
    answer_goodbye,
    answer_greeting,
    answer_human,
    answer_identity,
    answer_nonsense,
    answer_off_topic,
    answer_refusal,
    answer_thanks,
)
from server.chat.answering.engine.stock import answer_stock
from server.chat.answering.engine.superlatives import answer_comparison_or_most
from server.chat.answering.intents import Intent, IntentKind
from server.chat.models import AnswerEvent, Concluded, Question, Suggest, TextPiece
from server.chat.tools.protocol import Toolbox
from server.core.errors import Unavailable


class Engine:
    """Answers one question with the tools. Holds nothing between turns.

    Tool calls are recorded by the toolbox, not announced here. `today` is for tests; it defaults to the day in UTC.
    """

    def __init__(self, today: date | None = None) -> None:
        self._today = today

    async def answer(self, question: Question, intent: Intent, tools: Toolbox) -> AsyncIterator[AnswerEvent]:
        """The events of one answer; the last is always `Concluded`. A tool that is away gives an honest answer."""
        reply = Reply(question, intent, tools, self._today)
        try:
            events = self._answer_parts(reply) if intent.parts else _events(reply)
            async for event in beside_pictures(reply, events) if question.picture_ids else events:
                yield event
        except Unavailable:
            words = reply.words
            for event in (
                *reply.say(words.unavailable),
                *reply.suggest(words.ask_human),
                *reply.conclude("unavailable", 0.3),
            ):
                yield event

    async def _answer_parts(self, reply: Reply) -> AsyncIterator[AnswerEvent]:
        """Each question of the message in turn, a paragraph each; what to ask next and the end once."""
        ends: list[Concluded] = []
        next_questions: list[str] = []
        for part in reply.intent.parts:
            asked = msgspec.structs.replace(reply.question, text=part.text)
            inner = Reply(asked, part.intent, reply.tools, self._today, context=reply.question.text)
            opening = "\n\n" if ends else ""
            async for event in _events(inner):
                match event:
                    case TextPiece(text):
                        yield TextPiece(f"{opening}{text}")
                        opening = ""
                    case Suggest(suggestions):
                        next_questions += suggestions
                    case Concluded():
                        ends.append(event)
                    case _:
                        yield event
        for event in (*reply.suggest(*dict.fromkeys(next_questions)), joint_end(ends)):
            yield event


def joint_end(ends: list[Concluded]) -> Concluded:
    """The end of several answers: as sure as the least sure, named after the first that answers something."""
    kinds = [end.kind for end in ends]
    answering = [kind for kind in kinds if kind not in NOT_BILLABLE] or [kind for kind in kinds if kind != "unknown"]
    return Concluded(
        kind=next(iter(answering), "unknown"),
        confidence=min(end.confidence for end in ends),
        receipts=tuple(dict.fromkeys(receipt for end in ends for receipt in end.receipts)),
        locale=ends[-1].locale if ends else None,
    )


def _events(reply: Reply) -> AsyncIterator[AnswerEvent]:
    match reply.intent.kind:
        case IntentKind.PRODUCT_SEARCH:
            return answer_wish(reply)
        case IntentKind.PRODUCT_DETAIL:
            return answer_detail(reply)
        case IntentKind.COMPARISON:
            return answer_comparison_or_most(reply)
        case IntentKind.STOCK:
            return answer_stock(reply)
        case IntentKind.POLICY:
            return answer_policy(reply)
        case IntentKind.ORDER_STATUS:
            return answer_order(reply)
        case IntentKind.ORDER_CHANGE:
            return answer_order_change(reply)
        case IntentKind.HUMAN:
            return answer_human(reply)
        case IntentKind.OFF_TOPIC:
            return answer_off_topic(reply)
        case IntentKind.UNKNOWN:
            return answer_open(reply)
        case IntentKind.GREETING:
            return _each(answer_greeting(reply))
        case IntentKind.THANKS:
            return _each(answer_thanks(reply))
        case IntentKind.GOODBYE:
            return _each(answer_goodbye(reply))
        case IntentKind.IDENTITY:
            return _each(answer_identity(reply))
        case IntentKind.ASSENT:
            return _each(answer_assent(reply))
        case IntentKind.REFUSAL:
            return _each(answer_refusal(reply))
        case IntentKind.NONSENSE:
            return _each(answer_nonsense(reply))
        case other:
            assert_never(other)


async def _each(events: Iterable[AnswerEvent]) -> AsyncIterator[AnswerEvent]:
    for event in events:
        yield event
