"""A model that says what a test has written down, behind the real driver."""

import uuid
from collections.abc import AsyncGenerator, Sequence

from server.chat.answering.driver import AnswerDriver
from server.chat.answering.model_driver import ModelDriver
from server.chat.models import Question
from server.chat.transcript import Transcript
from server.core.metrics import Metrics
from server.models.protocol import ChatMessage, ChatModel, ModelEvent, StepFinished, TextDelta, ToolSpec
from tests.server.chat.engine.answers import engine, reader
from tests.server.chat.engine.shop import ShopTools


class SayingModel:
    """Says one text, whatever it is asked. `prompts` are the messages of each request."""

    name = "saying"

    def __init__(self, text: str) -> None:
        self._text = text
        self.prompts: list[tuple[ChatMessage, ...]] = []

    async def stream(
        self, messages: Sequence[ChatMessage], tools: Sequence[ToolSpec], *, max_tokens: int
    ) -> AsyncGenerator[ModelEvent, None]:
        self.prompts.append(tuple(messages))
        yield TextDelta(self._text)
        yield StepFinished("stop")

    async def check(self) -> str:
        return "well"

    async def close(self) -> None:
        pass


async def answer_with(model: ChatModel, asked: Question, tools: ShopTools) -> Transcript:
    """The answer to a question as a shopper gets it."""
    tools.serve(asked)
    transcript = Transcript(uuid.uuid4(), "a1")
    driver = AnswerDriver(reader(), engine(), ModelDriver(model), Metrics())
    await driver.answer(asked, tools, transcript)
    return transcript


def has_said(transcript: Transcript, sentence: str) -> bool:
    """Whether a sentence stands in the answer, whatever its emphasis and spaces."""
    return _plain(sentence) in _plain(transcript.text)


def _plain(text: str) -> str:
    return " ".join(text.replace("*", "").split())
