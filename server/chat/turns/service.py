"""One shopper message, from acceptance to the saved answer: accept -> answer -> record.

`accept` is the first transaction: all that may be refused is refused here, as a plain HTTP error. `_answer` holds no
connection while the answer is made; it runs on its own, so a closed tab changes nothing. `TurnRecorder.record` is the
second transaction and is shielded from cancellation.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Protocol
from uuid import UUID

from msgspec import Struct

from billing.quota import Quota
from server.chat.conversations.pictures.service import parts_of
from server.chat.events import Transcript
from server.chat.models import Question
from server.chat.phrases import phrase
from server.chat.storage import find_message, list_messages
from server.chat.tools.toolbox import ShopToolbox
from server.chat.turns import storage
from server.chat.turns.history import question_of
from server.chat.turns.models import Acceptance, AcceptanceState
from server.chat.turns.recording import Turn, TurnRecorder, answer_metadata
from server.chat.turns.shopper_limits import ShopperLimits
from server.chat.turns.turn_stream import LiveTurn, LiveTurns, TurnJournal
from server.core.database import Database
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
STOP_CHECK_S = 1.0
CANCEL_S = 5.0
"""How long a stopped answer may take to let go."""
RENEW_S = storage.TURN_LEASE_S / 3

log = get_logger("chat")


class Driver(Protocol):
    """Makes answers: the engine, or a model with the engine behind it."""

    async def answer(self, question: Question, tools: ShopToolbox, transcript: Transcript) -> str:
        """Add the whole answer to the transcript; who answered (model or engine). Raises AnswerBroken after text."""


class AnswerBroken(Exception):
    """The answer broke off after its first words; they are kept and a retry is offered."""


ToolboxFor = Callable[[Question], ShopToolbox]


class IncomingMessage(Struct, frozen=True):
    """What the shopper wrote; the text may be empty beside pictures. `id` is the client's own."""

    id: str
    text: str
    picture_ids: tuple[UUID, ...] = ()


class ChatService:
    """Turns of all shops this process serves."""

    def __init__(
        self,
        *,
        database: Database,
        shops: ShopService,
        limits: ShopperLimits,
        quota: Quota,
        journal: TurnJournal,
        live: LiveTurns,
        driver: Driver,
        toolbox_for: ToolboxFor,
        metrics: Metrics,
    ) -> None:
        self._database, self._shops, self._limits, self._quota = database, shops, limits, quota
        self._journal, self._live, self._driver = journal, live, driver
        self._toolbox_for, self._metrics = toolbox_for, metrics
        self._recorder = TurnRecorder(database, quota, live, metrics)
        self._watching: asyncio.Task[None] | None = None

    # accept ---------------------------------------------------------------------------------------------------

    async def accept(self, shopper: Shopper, message: IncomingMessage) -> tuple[LiveTurn | None, Acceptance]:
        """Save the message once and start its turn; the running turn to read, or None when there is none to read.

        Raises RateLimited, Conflict (another answer is being written), NotFound (not this shopper's conversation).
        """
        profile = await self._shops.profile(shopper.shop_id)
        within_share = await self._limits.require_answer(shopper)
        turn_id = new_id()
        try:
            return await self._accept(shopper, message, profile, turn_id, within_share=within_share)
        except storage.MessageIdTaken:
            return await self._repeat(shopper, message)

    async def _repeat(self, shopper: Shopper, message: IncomingMessage) -> tuple[LiveTurn | None, Acceptance]:
        """A message that has no turn of its own and comes again: sent while staff answer, or no shopper's at all."""
        async with self._database.connection(shopper.shop_id) as connection:
            known = await find_message(connection, shopper.shop_id, shopper.conversation_id, message.id)
        if known is None or known.author != "shopper":
            raise Conflict("This conversation already has a message with this id; use a new one.")
        return None, Acceptance(state=AcceptanceState.STAFF_HANDLING)

    async def _accept(
        self, shopper: Shopper, message: IncomingMessage, profile: ShopProfile, turn_id: UUID, *, within_share: bool
    ) -> tuple[LiveTurn | None, Acceptance]:
        async with self._database.connection(shopper.shop_id) as connection:
            parts = await parts_of(connection, shopper, message.id, message.text, message.picture_ids)
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
            _require_accepted(accepted)
            if accepted.state is AcceptanceState.NEW:
                history = await list_messages(
                    connection,
                    shopper.shop_id,
                    shopper.conversation_id,
                    before_seq=accepted.seq - 1,
                    limit=HISTORY_MESSAGES,
                )
                # last, since all of a shop's questions wait for each other from here to the commit
                allowed = within_share and await self._quota.reserve(
                    connection, shopper.shop_id, turn_id, shopper.key_id
                )
        if accepted.state is not AcceptanceState.NEW:
            return self._live.find(shopper.shop_id, shopper.conversation_id), accepted
        question = question_of(shopper, message.text, message.picture_ids, profile, history)
        return self._start(shopper, profile, question, accepted, allowed), accepted

    def _start(
        self, shopper: Shopper, profile: ShopProfile, question: Question, accepted: Acceptance, allowed: bool
    ) -> LiveTurn:
        assert accepted.turn_id
        turn = Turn(
            shopper=shopper,
            live=LiveTurn(shopper.shop_id, shopper.conversation_id, accepted.turn_id),
            transcript=Transcript(accepted.turn_id, accepted.answer_id),
            question=question,
            seq=accepted.seq,
            started=time.monotonic(),
        )
        self._live.add(turn.live)
        if self._watching is None or self._watching.done():
            self._watching = asyncio.create_task(self._watch())
        task = asyncio.create_task(self._run(turn, profile, allowed))
        self._live.tasks.add(task)
        task.add_done_callback(self._live.tasks.discard)
        return turn.live

    # answer ---------------------------------------------------------------------------------------------------

    async def _run(self, turn: Turn, profile: ShopProfile, allowed: bool) -> None:
        turn.transcript.start()
        pump = asyncio.create_task(self._pump(turn))
        state, by = "failed", None
        try:
            state, by = await self._answer(turn, allowed, profile)
        finally:
            turn.transcript.close(answer_metadata(turn, state, by))
            # before the last frames: whoever saw the end finds it in the history
            await self._recorder.record(turn, state, by)
            turn.transcript.end(state, phrase("answer_broken", turn.question.locale))
            turn.over = True
            turn.transcript.changed.set()
            try:
                await pump
            finally:
                turn.live.end()
                self._live.remove(turn.live)

    async def _answer(self, turn: Turn, allowed: bool, profile: ShopProfile) -> tuple[str, str | None]:
        """(state of the turn, who answered)."""
        if not allowed:
            turn.transcript.add_fallback("quota", profile.contact)
            return "refused", None
        tools = self._toolbox_for(turn.question)
        answering = asyncio.create_task(self._driver.answer(turn.question, tools, turn.transcript))
        ends: set[asyncio.Future[Any]] = {answering, turn.live.stopping}
        try:
            await asyncio.wait(ends, timeout=TURN_TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED)
            if answering.done():
                return "done", answering.result()
            if turn.live.stopping.done():
                return "stopped", None
            raise AnswerBroken("time-out")
        except (AnswerBroken, AisleError) as reason:
            log.warning("answer_broke", turn_id=str(turn.live.turn_id), reason=str(reason))
        except Exception:
            log.exception("answer_failed", turn_id=str(turn.live.turn_id))
        finally:
            if not answering.done():
                await _let_go(answering)
        return "failed", None

    async def _watch(self) -> None:
        """While turns run: learn which of them another process was asked to stop, and renew their leases."""
        while True:
            await asyncio.sleep(STOP_CHECK_S)
            turns = self._live.running()
            if not turns:
                return
            for turn in await self._journal.stops_requested(turns):
                turn.request_stop()
            due = [turn for turn in turns if time.monotonic() - turn.renewed > RENEW_S]
            for shop_id in {turn.shop_id for turn in due}:
                await self._renew(shop_id, [turn for turn in due if turn.shop_id == shop_id])

    async def _renew(self, shop_id: UUID, turns: list[LiveTurn]) -> None:
        for turn in turns:
            turn.renewed = time.monotonic()
        try:
            async with self._database.connection(shop_id) as connection:
                await storage.renew_leases(connection, shop_id, [turn.turn_id for turn in turns])
        except Unavailable:
            log.warning("turns_not_renewed", turns=len(turns))
        except Exception:
            log.exception("turns_not_renewed")

    async def _pump(self, turn: Turn) -> None:
        """Move frames from the transcript to Redis and then to the readers, in batches, until the turn is over."""
        while True:
            await turn.transcript.changed.wait()
            turn.transcript.changed.clear()
            over = turn.over
            frames = turn.transcript.take_frames()
            if not frames and not over:
                continue
            if turn.first_text_s is None and turn.transcript.has_text:
                turn.first_text_s = time.monotonic() - turn.started
                self._metrics.first_text.observe(turn.first_text_s)
            if await self._journal.append(turn.live, turn.sent, frames, end=over):
                turn.live.request_stop()
            turn.sent += len(frames)
            turn.live.publish(frames)
            if over:
                return


def _require_accepted(accepted: Acceptance) -> None:
    """Raising ends the transaction: pictures that the message would have held stay free."""
    match accepted.state:
        case AcceptanceState.BUSY | AcceptanceState.CONCURRENT:
            raise Conflict("The last question is still being answered; stop that answer or wait for it to end.")
        case AcceptanceState.NOT_OWNER:
            raise NotFound
        case AcceptanceState.ERASED:
            raise Unauthenticated("The session is invalid or has expired; open a new one.")


async def _let_go(task: asyncio.Task[Any]) -> None:
    task.cancel()
    done, _ = await asyncio.wait({task}, timeout=CANCEL_S)
    for ended in done:
        if not ended.cancelled():
            ended.exception()  # looked at: it came too late to matter
