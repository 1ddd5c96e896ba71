"""One shopper message, from its acceptance to the saved answer.

`accept` is the first transaction: whatever is refused is refused there, as a plain HTTP error. `_answer` holds no
connection while the answer is made. The turn is a task of its own, so a closed tab changes nothing.
`TurnRecorder.record` is the second transaction and is shielded from cancellation.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from billing.quota import Quota
from server.chat.conversations.pictures.service import attach_pictures
from server.chat.languages import phrase
from server.chat.models import AnswerIncomplete, Question
from server.chat.shopper_limits import ShopperLimits
from server.chat.storage import find_message, list_messages
from server.chat.tools.toolbox import ShopToolbox
from server.chat.transcript import Transcript
from server.chat.turns import storage
from server.chat.turns.history import build_question
from server.chat.turns.models import Acceptance, AcceptanceState, TurnState
from server.chat.turns.recording import Turn, TurnRecorder, answer_metadata
from server.chat.turns.stream_store import StreamStore
from server.chat.turns.turn_stream import RunningTurns, TurnStream
from server.core.database import Connection, Database
from server.core.errors import AisleError, Conflict, NotFound, Unauthenticated, Unavailable
from server.core.ids import new_id
from server.core.logging import get_logger
from server.core.metrics import Metrics
from server.shops.identity import Shopper
from server.shops.models import ShopProfile
from server.shops.service import ShopService

TURN_TIMEOUT_S = 75.0
ACCEPT_TRIES = 3
HISTORY_MESSAGES = 12
CHECK_EVERY_S = 1.0
"""How often running turns are checked for a request to stop and for a lease to renew."""
CANCEL_TIMEOUT_S = 5.0
RENEW_AFTER_S = storage.TURN_LEASE_S / 3

log = get_logger("chat")


class Driver(Protocol):
    """Makes answers: with the engine, or with a model that the engine stands in for."""

    async def answer(self, question: Question, tools: ShopToolbox, transcript: Transcript) -> str:
        """Add the whole answer to the transcript; who answered (model or engine). Raises AnswerIncomplete when the
        answer breaks off after its first words."""


class IncomingMessage(Struct, frozen=True):
    """What the shopper wrote; the text may be empty beside pictures. `id` is the client's own."""

    id: str
    text: str
    picture_ids: tuple[UUID, ...] = ()


class TurnService:
    """Accepts messages and runs their turns, for all shops that this process serves."""

    def __init__(
        self,
        *,
        database: Database,
        shops: ShopService,
        limits: ShopperLimits,
        quota: Quota,
        stream_store: StreamStore,
        running: RunningTurns,
        driver: Driver,
        toolbox_for: Callable[[Question], ShopToolbox],
        metrics: Metrics,
    ) -> None:
        self._database, self._shops, self._limits, self._quota = database, shops, limits, quota
        self._stream_store, self._running, self._driver = stream_store, running, driver
        self._toolbox_for, self._metrics = toolbox_for, metrics
        self._recorder = TurnRecorder(database, quota, running, metrics)
        self._checks: asyncio.Task[None] | None = None

    # accept ---------------------------------------------------------------------------------------------------

    async def accept(self, shopper: Shopper, message: IncomingMessage) -> tuple[TurnStream | None, Acceptance]:
        """Save a message once and start its turn; the stream to read, or None where this process runs no turn of it.

        Raises RateLimited, Invalid (pictures of another message), Conflict (another answer is being written, or the
        id is taken), NotFound (not this shopper's conversation), Unauthenticated (an erased shopper), Unavailable.
        """
        profile = await self._shops.profile(shopper.shop_id)
        is_within_share = await self._limits.require_answer(shopper)
        turn_id, is_allowed, history = new_id(), False, []
        try:
            async with self._database.connection(shopper.shop_id) as connection:
                accepted = await _save_message(connection, shopper, message, turn_id)
                if accepted.state is AcceptanceState.NEW:
                    history = await list_messages(
                        connection,
                        shopper.shop_id,
                        shopper.conversation_id,
                        before_seq=accepted.seq - 1,
                        limit=HISTORY_MESSAGES,
                    )
                    # last, since all of a shop's questions wait for each other from here to the commit
                    is_allowed = is_within_share and await self._quota.reserve(
                        connection, shopper.shop_id, turn_id, shopper.key_id
                    )
        except storage.MessageIdTaken:
            return None, await self._accept_without_turn(shopper, message)
        if accepted.state is not AcceptanceState.NEW:
            return self._running.find(shopper.shop_id, shopper.conversation_id), accepted
        turn = Turn(
            question=build_question(shopper, message.text, message.picture_ids, profile, history),
            stream=TurnStream(shopper.shop_id, shopper.conversation_id, turn_id),
            transcript=Transcript(turn_id, accepted.answer_id),
            answer_seq=accepted.seq,
            started=time.monotonic(),
        )
        self._running.add(turn.stream)
        if self._checks is None or self._checks.done():
            self._checks = asyncio.create_task(self._check_running_turns())
        self._running.track(asyncio.create_task(self._run(turn, profile, is_allowed=is_allowed)))
        return turn.stream, accepted

    async def _accept_without_turn(self, shopper: Shopper, message: IncomingMessage) -> Acceptance:
        """Accept a message that was saved while staff answered and is sent again. Raises Conflict for any other."""
        async with self._database.connection(shopper.shop_id) as connection:
            known = await find_message(connection, shopper.shop_id, shopper.conversation_id, message.id)
        if known is None or known.author != "shopper":
            raise Conflict("This conversation already has a message with this id; use a new one.")
        return Acceptance(state=AcceptanceState.STAFF_HANDLING)

    # answer ---------------------------------------------------------------------------------------------------

    async def _run(self, turn: Turn, profile: ShopProfile, *, is_allowed: bool) -> None:
        turn.transcript.start()
        publishing = asyncio.create_task(self._publish_frames(turn))
        state, answered_by = TurnState.FAILED, None
        try:
            if is_allowed:
                state, answered_by = await self._answer(turn)
            else:
                turn.transcript.add_fallback("quota", profile.contact)
                state = TurnState.REFUSED
        finally:
            turn.transcript.close(answer_metadata(turn, state, answered_by))
            # before the last frames: a client that has seen the end finds the answer in the history
            await self._recorder.record(turn, state, answered_by)
            turn.transcript.end(state, phrase("answer_broken", turn.question.locale))
            turn.is_complete = True
            turn.transcript.changed.set()
            try:
                await publishing
            finally:
                turn.stream.end()
                self._running.remove(turn.stream)

    async def _answer(self, turn: Turn) -> tuple[TurnState, str | None]:
        """How the answer ended, and who answered (model or engine; None where nobody came to the end)."""
        tools, turn_id = self._toolbox_for(turn.question), str(turn.stream.turn_id)
        answering = asyncio.create_task(self._driver.answer(turn.question, tools, turn.transcript))
        ends: set[asyncio.Future[str] | asyncio.Future[None]] = {answering, turn.stream.stop_requested}
        try:
            await asyncio.wait(ends, timeout=TURN_TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED)
            if answering.done():
                return TurnState.DONE, answering.result()
            if turn.stream.stop_requested.done():
                return TurnState.STOPPED, None
            log.warning("answer_interrupted", turn_id=turn_id, reason="time-out")
        except (AnswerIncomplete, AisleError) as reason:
            log.warning("answer_interrupted", turn_id=turn_id, reason=str(reason))
        except Exception:
            log.exception("answer_failed", turn_id=turn_id)
        finally:
            if not answering.done():
                await _cancel_and_wait(answering)
        return TurnState.FAILED, None

    async def _publish_frames(self, turn: Turn) -> None:
        """Move frames from the transcript to Redis and then to the readers, in batches, until the turn is complete."""
        stream, transcript = turn.stream, turn.transcript
        while True:
            await transcript.changed.wait()
            transcript.changed.clear()
            is_last = turn.is_complete
            frames = transcript.take_frames()
            if not frames and not is_last:
                continue
            if turn.first_text_s is None and transcript.has_text:
                turn.first_text_s = time.monotonic() - turn.started
                self._metrics.first_text.observe(turn.first_text_s)
            if await self._stream_store.append(stream, frames, is_last=is_last):
                stream.request_stop()
            stream.publish(frames)
            if is_last:
                return

    async def _check_running_turns(self) -> None:
        """While turns run: stop those that a shopper asked another process to stop, and renew the leases."""
        while True:
            await asyncio.sleep(CHECK_EVERY_S)
            streams = self._running.list_all()
            if not streams:
                return
            for stream in await self._stream_store.list_stop_requested(streams):
                stream.request_stop()
            due = [stream for stream in streams if time.monotonic() - stream.lease_renewed_at > RENEW_AFTER_S]
            for shop_id in {stream.shop_id for stream in due}:
                await self._renew_leases(shop_id, [stream for stream in due if stream.shop_id == shop_id])

    async def _renew_leases(self, shop_id: UUID, streams: list[TurnStream]) -> None:
        for stream in streams:
            stream.lease_renewed_at = time.monotonic()
        try:
            async with self._database.connection(shop_id) as connection:
                await storage.renew_leases(connection, shop_id, [stream.turn_id for stream in streams])
        except Unavailable:
            log.warning("turn_leases_not_renewed", turns=len(streams))
        except Exception:
            log.exception("turn_leases_not_renewed")


async def _save_message(
    connection: Connection, shopper: Shopper, message: IncomingMessage, turn_id: UUID
) -> Acceptance:
    """The acceptance of the message. Raising ends the transaction, so that its pictures stay free for another."""
    parts = await attach_pictures(connection, shopper, message.id, message.text, message.picture_ids)
    for _ in range(ACCEPT_TRIES):
        accepted = await storage.accept_message(
            connection,
            shopper.shop_id,
            shopper,
            message_id=message.id,
            turn_id=turn_id,
            answer_id=f"a-{turn_id.hex}",
            text=message.text,
            parts=parts,
        )
        if accepted.state is not AcceptanceState.CONCURRENT:
            break
    match accepted.state:
        case AcceptanceState.BUSY | AcceptanceState.CONCURRENT:
            raise Conflict("The last question is still being answered; stop that answer or wait for it to end.")
        case AcceptanceState.NOT_OWNER:
            raise NotFound
        case AcceptanceState.ERASED:
            raise Unauthenticated("The session is invalid or has expired; open a new one.")
    return accepted


async def _cancel_and_wait(task: asyncio.Task[str]) -> None:
    """Cancel a task and wait at most CANCEL_TIMEOUT_S for its end; its outcome no longer matters."""
    task.cancel()
    done, _ = await asyncio.wait({task}, timeout=CANCEL_TIMEOUT_S)
    for ended in done:
        if not ended.cancelled():
            ended.exception()  # retrieved, so that asyncio does not report it as never retrieved
