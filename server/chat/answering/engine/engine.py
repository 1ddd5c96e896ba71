"""The deterministic driver: answers from the tools alone. Never guesses, never says an unchecked figure."""

from collections.abc import AsyncIterator, Iterable
from datetime import date

from billing.answers import NOT_BILLABLE
from server.chat.answering.draft import Draft
from server.chat.answering.engine.codes import answer_code
from server.chat.answering.engine.open_question import answer_open
from server.chat.answering.engine.orders import answer_order, answer_order_change
from server.chat.answering.engine.overview import answer_overview
from server.chat.answering.engine.pictures import beside_pictures
from server.chat.answering.engine.reply import Helpers, Reply
from server.chat.answering.engine.safety import answer_safety
from server.chat.answering.engine.small_talk import answer_human, answer_small_talk
from server.chat.answering.evidence import Headings, subjects_of
from server.chat.answering.grounding.word_meanings import WordMeanings
from server.chat.answering.reading.examples import ExampleQuestions
from server.chat.answering.reading.models import CODE, ORDER, SAFETY, SOCIAL, Intent, Reading
from server.chat.models import AnswerEvent, Concluded, Question, StatusLine, Suggest, TextPiece
from server.chat.tools.protocol import Toolbox
from server.core.errors import Unavailable
from server.models.multilingual import MultilingualEmbedder

CLEAR, CLEAR_SOCIAL = 0.5, 0.65
"""From these probabilities on an intent that needs no evidence, or small talk, decides by itself."""
CLEAR_SUBJECT = 0.6
BESIDE_ANGER = 0.2
"""From this probability on an angry message is about an order, which helps more than an apology."""


class Engine:
    """Answers one question with the tools. Holds nothing between turns.

    Tool calls are recorded by the toolbox, not announced here. `today` is for tests; it defaults to the day in UTC.
    """

    def __init__(self, embedder: MultilingualEmbedder, today: date | None = None) -> None:
        self._helpers, self._today = Helpers(Headings(embedder), ExampleQuestions(embedder)), today
        self.meanings = WordMeanings(embedder)
        """For the check of a model's words."""

    async def answer(self, question: Question, reading: Reading, tools: Toolbox) -> AsyncIterator[AnswerEvent]:
        """The events of one answer; the last is always `Concluded`. A tool that is away gives an honest answer."""
        reply = Reply(question, reading, tools, self._helpers, self._today)
        try:
            async for event in self._answer(reply):
                yield event
        except Unavailable:
            words = reply.words
            for event in (
                *reply.say(words.unavailable),
                *reply.suggest(words.ask_human),
                *reply.conclude("unavailable", 0.3),
            ):
                yield event

    async def draft(self, question: Question, reading: Reading, tools: Toolbox) -> Draft:
        """The whole answer at once, for a model to say in its words. Raises Unavailable."""
        reply = Reply(question, reading, tools, self._helpers, self._today)
        return Draft(tuple([event async for event in self._answer(reply)]))

    async def _answer(self, reply: Reply) -> AsyncIterator[AnswerEvent]:
        reading = reply.reading
        if reading.is_angry and not reading.parts and reading.intent not in (SAFETY | SOCIAL):
            for event in reply.say(reply.words.sorry_trouble):
                yield event
        events = self._answer_parts(reply) if reading.parts else _events(reply)
        async for event in beside_pictures(reply, events) if reply.question.picture_ids else events:
            yield event

    async def _answer_parts(self, reply: Reply) -> AsyncIterator[AnswerEvent]:
        """Each question of the message in turn, a paragraph each; what to ask next and the end once."""
        ends: list[Concluded] = []
        next_questions: list[str] = []
        said: set[str] = set()
        for part in reply.reading.parts:
            inner = reply.for_part(part)
            opening = "\n\n" if ends else ""
            async for event in _events(inner):
                match event:
                    case TextPiece(text) if text.strip() in said:
                        pass
                    case TextPiece(text):
                        said.add(text.strip())
                        yield TextPiece(f"{opening}{text}")
                        opening = ""
                    case Suggest(suggestions):
                        next_questions += suggestions
                    case Concluded():
                        ends.append(event)
                    case _:
                        yield event
            reply.product = inner.product
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
    """Safety first; then what is formal; everything else is an open question."""
    intent, is_clear = reply.reading.intent, reply.reading.confidence >= CLEAR
    if intent in SAFETY:
        return answer_safety(reply)
    if intent in CODE:
        return answer_code(reply)
    about_order = reply.reading.probability(ORDER)
    if (intent in ORDER and about_order >= CLEAR) or (reply.reading.is_angry and about_order >= BESIDE_ANGER):
        return answer_order(reply)
    if intent is Intent.ORDER_CHANGE and is_clear:
        return answer_order_change(reply)
    if intent is Intent.HUMAN and is_clear:
        return answer_human(reply)
    if intent is Intent.CATALOG_OVERVIEW and is_clear:
        return answer_overview(reply)
    is_social = intent in SOCIAL and intent is not Intent.OFF_TOPIC and reply.reading.confidence >= CLEAR_SOCIAL
    if is_social and not (intent is Intent.UPSET and _has_subject(reply)):
        return _each(answer_small_talk(reply))
    return _open(reply)


def _has_subject(reply: Reply) -> bool:
    """Whether a message clearly asks for something that shops tell: "are you cruelty free"."""
    vector = reply.reading.vector
    return vector is not None and float(subjects_of(vector).max()) >= CLEAR_SUBJECT


async def _open(reply: Reply) -> AsyncIterator[AnswerEvent]:
    yield StatusLine(reply.words.searching)
    for event in await answer_open(reply):
        yield event


async def _each(events: Iterable[AnswerEvent]) -> AsyncIterator[AnswerEvent]:
    for event in events:
        yield event
