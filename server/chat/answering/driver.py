"""Answers with the model where there is one, and with the engine otherwise and whenever the model fails."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from server.chat.answering.draft import Draft, is_formal
from server.chat.answering.engine import Engine, prove_from_message
from server.chat.answering.grounding import clean_links, load_words
from server.chat.answering.model_answer import ModelQuestion
from server.chat.answering.model_driver import ModelDriver
from server.chat.answering.reading import Reader
from server.chat.languages import phrase
from server.chat.models import AnswerEvent, AnswerIncomplete, Question, StatusLine, TextPiece
from server.chat.tools.context import source_hosts
from server.chat.tools.slow_lookup import StillWaiting, answer_or_wait
from server.chat.tools.toolbox import ShopToolbox
from server.chat.transcript import Transcript
from server.core.errors import AisleError
from server.core.logging import get_logger
from server.core.metrics import Metrics
from server.languages.detection import locale_in_language
from server.models.protocol import FailureKind, ModelUnavailable

FIRST_WORD_S = 60.0
"""After so long without a word of the model the engine answers, in the 15 s that `TURN_TIMEOUT_S` leaves it."""

log = get_logger("chat")


class AnswerDriver:
    """Implements `service.Driver`."""

    def __init__(
        self,
        reader: Reader,
        engine: Engine,
        model: ModelDriver | None,
        metrics: Metrics,
        *,
        first_word_s: float = FIRST_WORD_S,
    ) -> None:
        self._reader, self._engine, self._model, self._metrics = reader, engine, model, metrics
        self._first_word_s = first_word_s
        load_words()

    async def answer(self, question: Question, tools: ShopToolbox, transcript: Transcript) -> str:
        """See `service.Driver`."""
        reading = await self._reader.read(question)
        tools.use_locale(locale_in_language(question.locale, reading.language))
        draft: Draft | None = None
        if self._model and (question.text or self._model.sees_pictures) and not is_formal(reading):
            transcript.author = "model"
            try:
                proven = None
                async for found in answer_or_wait(prove_from_message(reading, question, tools)):
                    if isinstance(found, StillWaiting):
                        transcript.add(StatusLine(phrase("still_looking", tools.shopper.locale)))
                    else:
                        proven = found
                draft = await self._engine.draft(question, reading, tools)
                if not draft.is_handed_off:
                    asked = ModelQuestion(question, reading, proven, draft, self._engine.meanings)
                    async with _first_word_within(self._first_word_s, transcript):
                        await self._model.answer(asked, tools, transcript)
                    return "model"
            except ModelUnavailable as failure:
                if transcript.has_text:
                    raise AnswerIncomplete(str(failure)) from None
                self._note_failure(transcript, failure.kind, str(failure))
            except Exception as error:  # the shopper has read nothing yet, so the engine may still answer
                if transcript.has_text:
                    raise
                reason = error.detail if isinstance(error, AisleError) else type(error).__name__
                self._note_failure(transcript, FailureKind.INTERNAL_ERROR, reason, error)
        transcript.author = "engine"
        events = _each(draft) if draft else self._engine.answer(question, reading, tools)
        async for event in events:
            for used in tools.take_used():
                transcript.add(used)
            if isinstance(event, TextPiece):  # a product's title may contain a link to any host
                event = TextPiece(clean_links(event.text, source_hosts(tools.sources.values())))
            transcript.add(event)
        return "engine"

    def _note_failure(
        self, transcript: Transcript, kind: FailureKind, reason: str, error: Exception | None = None
    ) -> None:
        """Record in the trace, the log and the metrics why the engine took over. The traceback of an unexpected `error`
        is logged."""
        transcript.notes.append(f"the engine took over: {reason}")
        self._metrics.fallbacks.labels(reason=kind.value).inc()
        is_known = error is None or isinstance(error, AisleError)
        log.warning(
            "model_failed",
            turn_id=str(transcript.turn_id),
            kind=kind.value,
            reason=reason,
            exc_info=None if is_known else error,
        )


async def _each(draft: Draft) -> AsyncIterator[AnswerEvent]:
    for event in draft.events:
        yield event


@asynccontextmanager
async def _first_word_within(seconds: float, transcript: Transcript) -> AsyncIterator[None]:
    """End the block after `seconds` if the transcript has no text by then. Raises ModelUnavailable."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(None) as limit:

            def check() -> None:
                if not transcript.has_text:
                    limit.reschedule(loop.time())

            timer = loop.call_later(seconds, check)
            try:
                yield
            finally:
                timer.cancel()
    except TimeoutError:
        if not limit.expired():  # another timeout's
            raise
        raise ModelUnavailable(f"the model said nothing within {seconds:g} s", kind=FailureKind.TIMEOUT) from None
