"""The end of a turn: its answer, trace and usage, saved in one transaction."""

import asyncio
import time

import msgspec
from msgspec import UNSET, Struct

from billing.answers import is_billable
from billing.quota import Quota, Spent
from server.chat.models import MessageMetadata, Question
from server.chat.stream_parts import AnswerMetadata
from server.chat.transcript import Transcript
from server.chat.turns import storage
from server.chat.turns.models import TurnState, TurnTrace
from server.chat.turns.stream_store import STREAM_EXPIRES_S
from server.chat.turns.turn_stream import RunningTurns, TurnStream
from server.core.database import Database
from server.core.errors import Unavailable
from server.core.logging import get_logger
from server.core.metrics import Metrics

RETRY_S = 1.0
MAX_RETRY_S = 5.0
RETRY_FOR_S = STREAM_EXPIRES_S
"""As long as Redis has the frames, from which a worker makes the answer if this process ends."""

log = get_logger("chat")


class Turn(Struct):
    """One running turn."""

    question: Question
    stream: TurnStream
    transcript: Transcript
    answer_seq: int
    """The sequence number of the answer in its conversation."""
    started: float
    """`time.monotonic()` at acceptance."""
    first_text_s: float | None = None
    """From acceptance to the first words."""
    is_complete: bool = False
    """Set when the transcript has its last frame."""


class TurnRecorder:
    """Saves turns that have ended."""

    def __init__(self, database: Database, quota: Quota, running: RunningTurns, metrics: Metrics) -> None:
        self._database, self._quota, self._running, self._metrics = database, quota, running, metrics

    async def record(self, turn: Turn, state: TurnState, answered_by: str | None) -> None:
        """Save the answer, also when the caller is cancelled. Where that fails it is tried again in the background,
        so that the shopper does not wait for the database."""
        try:
            await asyncio.shield(self._save(turn, state, answered_by))
        except Exception as error:  # whatever it is, the readers must get the end of the stream
            if not isinstance(error, Unavailable):
                log.exception("answer_save_failed", turn_id=str(turn.stream.turn_id))
            self._running.track(asyncio.create_task(self._retry(turn, state, answered_by)))

    async def _retry(self, turn: Turn, state: TurnState, answered_by: str | None) -> None:
        began, pause_s, last_reason = time.monotonic(), RETRY_S, ""
        while time.monotonic() - began < RETRY_FOR_S:
            await asyncio.sleep(pause_s)
            pause_s = min(MAX_RETRY_S, 2 * pause_s)
            try:
                return await self._save(turn, state, answered_by)
            except Exception as error:  # as above
                if str(error) != last_reason:  # one line for each reason, not for each try
                    log.warning("answer_save_retry_failed", turn_id=str(turn.stream.turn_id), reason=str(error))
                last_reason = str(error)
        log.error("answer_not_saved", turn_id=str(turn.stream.turn_id))
        return None

    async def _save(self, turn: Turn, state: TurnState, answered_by: str | None) -> None:
        shop_id, turn_id, transcript = turn.stream.shop_id, turn.stream.turn_id, turn.transcript
        conclusion = transcript.conclusion
        kind = conclusion.kind if conclusion else None
        tokens = conclusion.prompt_tokens + conclusion.completion_tokens if conclusion else 0
        spent = Spent(is_billable(state, kind, was_received=bool(transcript.parts)), tokens)
        async with self._database.connection(shop_id) as connection:
            await storage.record_answer(
                connection,
                shop_id,
                turn.stream.conversation_id,
                turn_id,
                state=TurnState.FAILED if state is TurnState.REFUSED else state,
                answered_by=answered_by,
                usage_state="settled" if spent.is_billable else "released",
                trace=_trace(turn, state),
                seq=turn.answer_seq,
                parts=transcript.parts,
                metadata=transcript.metadata,
            )
            await self._quota.settle(connection, shop_id, turn_id, spent)
        self._metrics.turns.labels(outcome=state, by=answered_by or "nobody").inc()
        self._metrics.turn.observe(time.monotonic() - turn.started)


def answer_metadata(turn: Turn, state: TurnState, answered_by: str | None) -> MessageMetadata:
    """The metadata of an answer: the contract's `message-metadata`, as JSON."""
    conclusion = turn.transcript.conclusion
    metadata = AnswerMetadata(
        answered_by="model" if (answered_by or turn.transcript.author) == "model" else "engine",
        confidence=round(conclusion.confidence, 3) if conclusion else 0.0,
        kind=conclusion.kind if conclusion else state.value,
        sources=tuple(turn.transcript.sources),
        receipts=conclusion.receipts if conclusion else (),
        locale=(conclusion.locale if conclusion else None) or UNSET,
        stopped=state is TurnState.STOPPED or UNSET,
    )
    plain: MessageMetadata = msgspec.to_builtins(metadata)
    return plain


def _spent(turn: Turn, state: TurnState) -> Spent:
    conclusion = turn.transcript.conclusion
    kind = conclusion.kind if conclusion else None
    tokens = conclusion.prompt_tokens + conclusion.completion_tokens if conclusion else 0
    return Spent(is_billable(state, kind, was_received=bool(turn.transcript.parts)), tokens)


def _trace(turn: Turn, state: TurnState) -> TurnTrace:
    conclusion = turn.transcript.conclusion
    return TurnTrace(
        kind=conclusion.kind if conclusion else "quota" if state is TurnState.REFUSED else None,
        tools=turn.transcript.tools,
        sources=turn.transcript.sources,
        receipts=conclusion.receipts if conclusion else (),
        first_text_s=turn.first_text_s,
        seconds=round(time.monotonic() - turn.started, 4),
        prompt_tokens=conclusion.prompt_tokens if conclusion else 0,
        completion_tokens=conclusion.completion_tokens if conclusion else 0,
        notes=turn.transcript.notes,
    )
