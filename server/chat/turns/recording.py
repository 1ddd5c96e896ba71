"""The end of a turn: the answer, its trace and its usage, saved in one transaction whatever else goes wrong."""

import asyncio
import time

import msgspec
from msgspec import UNSET, Struct

from billing.answers import is_billable
from billing.quota import Quota, Spent
from server.chat.events import Transcript
from server.chat.models import MessageMetadata, Question
from server.chat.stream_parts import AnswerMetadata
from server.chat.turns import storage
from server.chat.turns.models import TurnTrace
from server.chat.turns.turn_stream import JOURNAL_LIVES_S, LiveTurn, LiveTurns
from server.core.database import Database
from server.core.errors import Unavailable
from server.core.logging import get_logger
from server.core.metrics import Metrics
from server.shops.identity import Shopper

RECORD_PAUSE_S = 1.0
MAX_RECORD_PAUSE_S = 5.0
RECORD_FOR_S = JOURNAL_LIVES_S
"""As long as the frames are kept, of which a worker makes the answer where this process ends."""

log = get_logger("chat")


class Turn(Struct):
    """One turn under way."""

    shopper: Shopper
    live: LiveTurn
    transcript: Transcript
    question: Question
    seq: int
    started: float
    first_text_s: float | None = None
    sent: int = 0
    over: bool = False


class TurnRecorder:
    """Saves turns that have ended."""

    def __init__(self, database: Database, quota: Quota, live: LiveTurns, metrics: Metrics) -> None:
        self._database, self._quota, self._live, self._metrics = database, quota, live, metrics

    async def record(self, turn: Turn, state: str, by: str | None) -> None:
        """Save the answer. While the database is away the shopper is not kept waiting: saving goes on behind."""
        try:
            await asyncio.shield(self._save(turn, state, by))
        except Exception as reason:  # whatever it was, the readers must be told of the answer's end
            if not isinstance(reason, Unavailable):
                log.exception("record_failed_once", turn_id=str(turn.live.turn_id))
            task = asyncio.create_task(self._record_later(turn, state, by))
            self._live.tasks.add(task)
            task.add_done_callback(self._live.tasks.discard)

    async def _record_later(self, turn: Turn, state: str, by: str | None) -> None:
        began, pause_s, reason = time.monotonic(), RECORD_PAUSE_S, ""
        while time.monotonic() - began < RECORD_FOR_S:
            await asyncio.sleep(pause_s)
            pause_s = min(MAX_RECORD_PAUSE_S, 2 * pause_s)
            try:
                return await self._save(turn, state, by)
            except Exception as error:  # as above
                if str(error) != reason:  # not once for each try
                    log.warning("record_retry", turn_id=str(turn.live.turn_id), reason=str(error))
                reason = str(error)
        log.error("record_failed", turn_id=str(turn.live.turn_id))
        return None

    async def _save(self, turn: Turn, state: str, by: str | None) -> None:
        live, transcript = turn.live, turn.transcript
        spent = _spent(turn, state)
        async with self._database.connection(live.shop_id) as connection:
            await storage.record_answer(
                connection,
                live.shop_id,
                live.conversation_id,
                live.turn_id,
                state="failed" if state == "refused" else state,
                answered_by=by,
                usage_state="settled" if spent.is_billable else "released",
                trace=_trace(turn, state),
                seq=turn.seq,
                parts=transcript.parts,
                metadata=transcript.metadata,
            )
            await self._quota.settle(connection, live.shop_id, live.turn_id, spent)
        self._metrics.turns.labels(outcome=state, by=by or "nobody").inc()
        self._metrics.turn.observe(time.monotonic() - turn.started)


def answer_metadata(turn: Turn, state: str, by: str | None) -> MessageMetadata:
    """The metadata of an answer: the contract's `message-metadata`, as JSON."""
    conclusion = turn.transcript.conclusion
    metadata = AnswerMetadata(
        answered_by="model" if (by or turn.transcript.author) == "model" else "engine",
        confidence=round(conclusion.confidence, 3) if conclusion else 0.0,
        kind=conclusion.kind if conclusion else state,
        sources=tuple(turn.transcript.sources),
        receipts=conclusion.receipts if conclusion else (),
        locale=(conclusion.locale if conclusion else None) or UNSET,
        stopped=state == "stopped" or UNSET,
    )
    plain: MessageMetadata = msgspec.to_builtins(metadata)
    return plain


def _spent(turn: Turn, state: str) -> Spent:
    conclusion = turn.transcript.conclusion
    kind = conclusion.kind if conclusion else None
    tokens = conclusion.prompt_tokens + conclusion.completion_tokens if conclusion else 0
    return Spent(is_billable(state, kind, was_received=bool(turn.transcript.parts)), tokens)


def _trace(turn: Turn, state: str) -> TurnTrace:
    conclusion = turn.transcript.conclusion
    return TurnTrace(
        kind=conclusion.kind if conclusion else "quota" if state == "refused" else None,
        tools=turn.transcript.tools,
        sources=turn.transcript.sources,
        receipts=conclusion.receipts if conclusion else (),
        first_text_s=turn.first_text_s,
        seconds=round(time.monotonic() - turn.started, 4),
        prompt_tokens=conclusion.prompt_tokens if conclusion else 0,
        completion_tokens=conclusion.completion_tokens if conclusion else 0,
        notes=turn.transcript.notes,
    )
