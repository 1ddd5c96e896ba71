"""One shopper message, from acceptance to the saved answer: accept -> answer -> record.

`accept` is the first transaction: all that may be refused is refused here, as a plain HTTP error. `_answer` holds no
connection while the answer is made; it runs on its own, so a closed tab changes nothing. `_record` is the second
transaction and is shielded from cancellation.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Protocol
from uuid import UUID

import msgspec
from msgspec import Struct

from billing.quota import Quota
from server.chat import storage
from server.chat.events import Transcript
from server.chat.history import question_of
from server.chat.live import LiveTurn, LiveTurns, TurnJournal
from server.chat.models import Question
from server.chat.phrases import phrase
from server.chat.storage import Accepted
from server.chat.toolbox import ShopToolbox
from server.core.addresses import network_of
from server.core.database import Database
from server.core.errors import AisleError, Conflict, NotFound, Unavailable
from server.core.ids import new_id
from server.core.logging import get_logger
from server.core.metrics import Metrics
from server.core.rate_limit import Limit, RateLimiter
from server.shops.identity import Shopper
from server.shops.models import ShopProfile
from server.shops.service import ShopService

TURN_TIMEOUT_S = 75.0
ACCEPT_TRIES = 3
RECORD_TRIES = 5
RECORD_PAUSE_S = 1.0
STOP_CHECK_S = 1.0
CANCEL_S = 5.0
"""How long a stopped answer may take to let go."""
RENEW_S = storage.TURN_LEASE_S / 3
PER_CONVERSATION = Limit("conversation", per_minute=40, burst=40)
PER_ADDRESS = Limit("address", per_minute=600, burst=300)
PER_SHOP = Limit("shop", per_minute=60_000, burst=3_000)

log = get_logger("chat")


class Driver(Protocol):
    """Makes answers: the engine, or a model with the engine behind it."""

    async def answer(self, question: Question, tools: ShopToolbox, transcript: Transcript) -> str:
        """Add the whole answer to the transcript; who answered (model or engine). Raises AnswerBroken after text."""


class AnswerBroken(Exception):
    """The answer broke off after its first words; they are kept and a retry is offered."""


ToolboxFor = Callable[[Question], ShopToolbox]


class IncomingMessage(Struct, frozen=True):
    """What the shopper wrote. `id` is the client's own."""

    id: str
    text: str


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


class ChatService:
    """Turns of all shops this process serves."""

    def __init__(
        self,
        *,
        database: Database,
        shops: ShopService,
        limiter: RateLimiter,
        quota: Quota,
        journal: TurnJournal,
        live: LiveTurns,
        driver: Driver,
        toolbox_for: ToolboxFor,
        metrics: Metrics,
    ) -> None:
        self._database, self._shops, self._limiter, self._quota = database, shops, limiter, quota
        self._journal, self._live, self._driver = journal, live, driver
        self._toolbox_for, self._metrics = toolbox_for, metrics
        self._watching: asyncio.Task[None] | None = None

    # accept ---------------------------------------------------------------------------------------------------

    async def accept(self, shopper: Shopper, message: IncomingMessage) -> tuple[LiveTurn | None, Accepted]:
        """Save the message once and start its turn; the running turn to read, or None when there is none to read.

        Raises RateLimited, Conflict (another answer is being written), NotFound (not this shopper's conversation).
        """
        profile = await self._shops.profile(shopper.shop_id)
        await self._limit(shopper)
        turn_id = new_id()
        try:
            return await self._accept(shopper, message, profile, turn_id)
        except storage.IdTaken:
            return await self._repeat(shopper, message)

    async def _repeat(self, shopper: Shopper, message: IncomingMessage) -> tuple[LiveTurn | None, Accepted]:
        """A message that has no turn of its own and comes again: sent while staff answer, or no shopper's at all."""
        async with self._database.fast(shopper.shop_id) as connection:
            known = await storage.find_message(connection, shopper.shop_id, shopper.conversation_id, message.id)
        if known is None or known.author != "shopper":
            raise Conflict("A message of this conversation has this id already; take a new one.")
        return None, Accepted(state="taken")

    async def _accept(
        self, shopper: Shopper, message: IncomingMessage, profile: ShopProfile, turn_id: UUID
    ) -> tuple[LiveTurn | None, Accepted]:
        async with self._database.fast(shopper.shop_id) as connection:
            for _ in range(ACCEPT_TRIES):
                accepted = await storage.accept_message(
                    connection,
                    shopper.shop_id,
                    shopper,
                    message_id=message.id,
                    turn_id=turn_id,
                    answer_id=f"a-{turn_id.hex}",
                    text=message.text,
                    parts=msgspec.json.encode([{"type": "text", "text": message.text}]).decode(),
                )
                if accepted.state != "rivalled":
                    break
            if accepted.state == "new":
                allowed = await self._quota.reserve(connection, shopper.shop_id, turn_id)
                history = await storage.last_messages(
                    connection, shopper.shop_id, shopper.conversation_id, accepted.seq - 1
                )
        match accepted.state:
            case "busy" | "rivalled":
                raise Conflict("The last question is still being answered; stop it or wait for its end.")
            case "foreign":
                raise NotFound
            case "new":
                question = question_of(shopper, message.text, profile, history)
                return self._start(shopper, profile, question, accepted, allowed), accepted
            case _:
                return self._live.find(shopper.shop_id, shopper.conversation_id), accepted

    async def _limit(self, shopper: Shopper) -> None:
        claims = [
            (PER_CONVERSATION, f"{shopper.shop_id}:{shopper.conversation_id}"),
            (PER_SHOP, str(shopper.shop_id)),
        ]
        if shopper.address:
            claims.append((PER_ADDRESS, network_of(shopper.address) or shopper.address))
        await self._limiter.require(*claims)

    def _start(
        self, shopper: Shopper, profile: ShopProfile, question: Question, accepted: Accepted, allowed: bool
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
            turn.transcript.close(self._metadata(turn, state, by))
            await self._record(turn, state, by)  # before the last frames: whoever saw the end finds it in the history
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

    def _metadata(self, turn: Turn, state: str, by: str | None) -> dict[str, Any]:
        conclusion = turn.transcript.conclusion
        return {
            "answered_by": by or "engine",
            "confidence": round(conclusion.confidence, 3) if conclusion else 0.0,
            "kind": conclusion.kind if conclusion else state,
            "sources": turn.transcript.sources,
            "receipts": msgspec.to_builtins(conclusion.receipts) if conclusion else [],
        }

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
            async with self._database.fast(shop_id) as connection:
                await storage.renew_turns(connection, shop_id, [turn.turn_id for turn in turns])
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

    # record ---------------------------------------------------------------------------------------------------

    async def _record(self, turn: Turn, state: str, by: str | None) -> None:
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
        for attempt in range(RECORD_TRIES):
            await asyncio.sleep(RECORD_PAUSE_S * 2**attempt)
            try:
                return await self._save(turn, state, by)
            except Exception as reason:  # as above
                log.warning("record_retry", turn_id=str(turn.live.turn_id), attempt=attempt, reason=str(reason))
        log.error("record_failed", turn_id=str(turn.live.turn_id))
        return None

    async def _save(self, turn: Turn, state: str, by: str | None) -> None:
        delivered = state in ("done", "stopped")
        live, transcript = turn.live, turn.transcript
        async with self._database.fast(live.shop_id) as connection:
            await storage.record_answer(
                connection,
                live.shop_id,
                live.conversation_id,
                live.turn_id,
                state="failed" if state == "refused" else state,
                answered_by=by,
                usage_state="settled" if delivered else "released",
                trace=self._trace(turn),
                seq=turn.seq,
                parts=transcript.parts,
                metadata=transcript.metadata,
            )
            settle = self._quota.settle if delivered else self._quota.release
            await settle(connection, live.shop_id, live.turn_id)
        self._metrics.turns.labels(outcome=state, by=by or "nobody").inc()
        self._metrics.turn.observe(time.monotonic() - turn.started)

    def _trace(self, turn: Turn) -> dict[str, Any]:
        conclusion = turn.transcript.conclusion
        return {
            "kind": conclusion.kind if conclusion else None,
            "tools": turn.transcript.tools,
            "sources": turn.transcript.sources,
            "receipts": msgspec.to_builtins(conclusion.receipts) if conclusion else [],
            "first_text_s": turn.first_text_s,
            "seconds": round(time.monotonic() - turn.started, 4),
            "prompt_tokens": conclusion.prompt_tokens if conclusion else 0,
            "completion_tokens": conclusion.completion_tokens if conclusion else 0,
            "notes": turn.transcript.notes,
        }


async def _let_go(task: asyncio.Task[Any]) -> None:
    task.cancel()
    done, _ = await asyncio.wait({task}, timeout=CANCEL_S)
    for ended in done:
        if not ended.cancelled():
            ended.exception()  # looked at: it came too late to matter
