"""Model and engine together, without a server: what the engine takes over, and what it does not."""

import asyncio
import uuid
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import msgspec
import pytest

from server.chat.answering.driver import AnswerDriver
from server.chat.answering.model_driver import ModelDriver
from server.chat.models import AnswerIncomplete, CatalogResult
from server.chat.transcript import Transcript
from server.core.errors import Unavailable
from server.core.metrics import Metrics
from server.models.protocol import (
    ChatMessage,
    ModelEvent,
    ModelUnavailable,
    StepFinished,
    TextDelta,
    ToolCall,
    ToolCallsReady,
    ToolSpec,
)
from tests.server.chat.engine.answers import engine, reader
from tests.server.chat.engine.shop import ShopTools, question

QUESTION = "How long may I return something?"
SEARCH = ToolCallsReady((ToolCall("c1", "search_catalog", '{"query": "tent"}'),))
LAST = StepFinished("stop")


class ScriptedModel:
    """Streams these events, step by step; an exception among them is raised, a number is seconds to wait."""

    name = "scripted"

    def __init__(self, *steps: Sequence[ModelEvent | Exception | float]) -> None:
        self._steps = list(steps)

    async def stream(
        self, messages: Sequence[ChatMessage], tools: Sequence[ToolSpec], *, max_tokens: int
    ) -> AsyncGenerator[ModelEvent, None]:
        for event in self._steps.pop(0):
            if isinstance(event, Exception):
                raise event
            if isinstance(event, float):
                await asyncio.sleep(event)
            else:
                yield event

    async def check(self) -> str:
        return "well"

    async def close(self) -> None:
        pass


class Tools(ShopTools):
    """The shop's tools; `broken` is what one search raises, by default the first: that of the model's prompt."""

    def __init__(self, broken: Exception | None = None, *, at: int = 0) -> None:
        super().__init__()
        self._broken, self._at = broken, at
        self.locale = ""

    def use_locale(self, locale: str) -> None:
        super().use_locale(locale)
        self.locale = locale

    async def search_catalog(self, query: str, **given: Any) -> CatalogResult:
        if self._broken and len(self.called("search_catalog")) == self._at:
            self.calls.append(("search_catalog", query))
            raise self._broken
        return await super().search_catalog(query, **given)


class AnswerRun:
    """What one answer came to."""

    def __init__(self) -> None:
        self.metrics = Metrics()
        self.transcript = Transcript(uuid.uuid4(), "a1")

    async def answer(self, model: ScriptedModel, tools: Tools | None = None, **settings: Any) -> str:
        driver = AnswerDriver(reader(), engine(), ModelDriver(model), self.metrics, **settings)
        return await driver.answer(question(QUESTION), tools or Tools(), self.transcript)

    def fallbacks(self, reason: str) -> float | None:
        return self.metrics.registry.get_sample_value("aisle_model_fallbacks_total", {"reason": reason})


@pytest.mark.parametrize(
    ("error", "note"),
    [
        (ValueError("postgres://user:password@host"), "ValueError"),
        (OverflowError("int64"), "OverflowError"),
        (RecursionError(), "RecursionError"),
        (KeyError("title"), "KeyError"),
        (TimeoutError(), "TimeoutError"),
        (Unavailable("The store is away."), "The store is away."),
    ],
)
@pytest.mark.parametrize("where", ["in the prompt's search", "in the stream"])
async def test_the_engine_answers_whatever_fails_before_the_first_word(error: Exception, note: str, where: str) -> None:
    told = AnswerRun()
    in_search = where == "in the prompt's search"
    model = ScriptedModel([LAST]) if in_search else ScriptedModel([error])
    assert await told.answer(model, Tools(error if in_search else None)) == "engine"
    assert "30 days" in told.transcript.text
    assert told.transcript.notes == [f"the engine took over: {note}"]
    assert told.fallbacks("internal_error") == 1


async def test_an_error_of_a_tool_that_the_model_called_is_no_end_of_the_answer() -> None:
    told = AnswerRun()
    assert await told.answer(ScriptedModel([SEARCH, LAST], [LAST]), Tools(OSError("disk"), at=1)) == "engine"
    assert "30 days" in told.transcript.text


@pytest.mark.parametrize(("error", "raised"), [(ModelUnavailable("cut"), AnswerIncomplete), (KeyError("id"), KeyError)])
async def test_after_the_first_word_nobody_takes_over(error: Exception, raised: type[Exception]) -> None:
    told = AnswerRun()
    with pytest.raises(raised):
        await told.answer(ScriptedModel([TextDelta("You have 30 days. And"), error]))
    assert told.transcript.text == "You have 30 days. "
    assert told.transcript.notes == []


async def test_a_model_that_thinks_on_without_a_word_is_not_waited_for() -> None:
    told = AnswerRun()
    assert await told.answer(ScriptedModel([TextDelta("Well"), 60.0, LAST]), first_word_s=0.01) == "engine"
    assert told.fallbacks("timeout") == 1
    assert told.transcript.text.count("Well") == 0


async def test_a_model_that_has_begun_may_take_longer_than_it_has_for_its_first_word() -> None:
    told = AnswerRun()
    model = ScriptedModel(
        [
            TextDelta("You have 30 days. "),
            2.2,
            TextDelta("Return shipping is free with the label in your parcel."),
            LAST,
        ]
    )
    assert await told.answer(model, first_word_s=2.0) == "model"
    assert told.transcript.text == "You have 30 days. Return shipping is free with the label in your parcel."


@pytest.mark.parametrize(
    ("text", "locale"),
    [("How long do I have to return something?", "en-US"), ("Wie lange kann ich etwas zurückgeben?", "de")],
)
async def test_the_tools_describe_what_they_find_in_the_language_of_the_answer(text: str, locale: str) -> None:
    tools, asked = Tools(), msgspec.structs.replace(question(text), locale="en-US")
    driver = AnswerDriver(reader(), engine(), None, Metrics())
    await driver.answer(asked, tools, Transcript(uuid.uuid4(), "a1"))
    assert tools.locale == locale
