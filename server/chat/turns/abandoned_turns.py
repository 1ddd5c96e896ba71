"""Turns whose process was lost: ended, with what their shoppers were sent put together again from the frames."""

from collections import OrderedDict
from collections.abc import Sequence
from uuid import UUID

import msgspec

from billing.quota import Quota, Spent
from server.chat.events import DONE_FRAME, frame
from server.chat.models import MessagePart
from server.chat.phrases import phrase
from server.chat.turns import storage
from server.chat.turns.models import AbandonedTurn, TurnTrace
from server.chat.turns.turn_stream import TurnJournal
from server.core.database import Database
from server.core.errors import Unavailable
from server.core.logging import get_logger

SAVE_TRIES = 3
MAX_REMEMBERED = 10_000

log = get_logger("chat")


class AbandonedTurns:
    """Looks after turns that nobody runs any more."""

    def __init__(self, database: Database, journal: TurnJournal, quota: Quota) -> None:
        self._database, self._journal, self._quota = database, journal, quota
        self._failures: OrderedDict[UUID, int] = OrderedDict()
        """By turn: how often saving it has failed. One that cannot even be ended stays here, and is logged once."""

    async def list_shops(self) -> list[UUID]:
        """The shops with a turn whose process is gone. Raises Unavailable."""
        return await storage.list_shops_with_abandoned_turns(self._database)

    async def end(self, shop_id: UUID) -> int:
        """End a shop's turns whose process is gone, keeping the text their shoppers were shown; how many.

        Each by itself: one that cannot be saved keeps nobody else waiting. Raises Unavailable.
        """
        async with self._database.connection(shop_id) as connection:
            turns = await storage.list_abandoned_turns(connection, shop_id)
        return sum([await self._end_turn(shop_id, turn) for turn in turns])

    async def _end_turn(self, shop_id: UUID, turn: AbandonedTurn) -> bool:
        turn_id, failures = turn.id, self._failures.get(turn.id, 0)
        if failures >= SAVE_TRIES:
            return False
        try:
            await self._interrupt(shop_id, turn)
        except Unavailable:
            raise
        except Exception as error:
            self._remember_failure(turn_id, failures + 1)
            if failures + 1 < SAVE_TRIES:
                return False
            log.exception("lost_turn_not_saved", shop_id=str(shop_id), turn_id=str(turn_id), error=type(error).__name__)
            return await self._end_without_answer(shop_id, turn)
        self._failures.pop(turn_id, None)
        return True

    def _remember_failure(self, turn_id: UUID, failures: int) -> None:
        self._failures[turn_id] = failures
        if len(self._failures) > MAX_REMEMBERED:
            self._failures.popitem(last=False)

    async def _end_without_answer(self, shop_id: UUID, turn: AbandonedTurn) -> bool:
        """The turn at least is over, and gives back what it held; whether that went well."""
        try:
            await self._record(shop_id, turn, [])
        except Unavailable:
            raise
        except Exception:
            return False
        return True

    async def _interrupt(self, shop_id: UUID, turn: AbandonedTurn) -> None:
        conversation_id, turn_id = turn.conversation_id, turn.id
        found, frames, ended = await self._journal.frames(shop_id, conversation_id)
        told = frames if found == turn_id else []
        await self._record(shop_id, turn, parts_of_frames(told))
        if told and not ended:  # whoever waits for the rest in another process is told that none comes
            rest = frames_of_break(turn_id, told, phrase("answer_broken", turn.locale))
            await self._journal.end(shop_id, conversation_id, turn_id, len(told), rest)

    async def _record(self, shop_id: UUID, turn: AbandonedTurn, parts: list[MessagePart]) -> None:
        async with self._database.connection(shop_id) as connection:
            await storage.record_answer(
                connection,
                shop_id,
                turn.conversation_id,
                turn.id,
                state="interrupted",
                answered_by=None,
                usage_state="released",
                trace=TurnTrace(notes=["the process answering was lost"]),
                seq=turn.answer_seq,
                parts=parts,
                metadata={"interrupted": True},
            )
            await self._quota.settle(connection, shop_id, turn.id, Spent(is_billable=False))


def parts_of_frames(frames: Sequence[bytes]) -> list[MessagePart]:
    """The message parts that frames on the wire add up to: what the shopper saw of a turn that broke off."""
    parts: list[MessagePart] = []
    for event in _events(frames):
        match event["type"]:
            case "text-start":
                parts.append({"type": "text", "text": "", "state": "done"})
            case "text-delta":
                parts[-1]["text"] += event["delta"]
            case "source-url" | "source-document":
                parts.append(event)
            case kind if kind.startswith("data-") and not event.get("transient"):
                parts.append({"type": kind, "data": event["data"]})
    return parts


def frames_of_break(turn_id: UUID, told: Sequence[bytes], broken_text: str) -> list[bytes]:
    """The frames that end a stream of which `told` is all there is: open text closed, error, finish, done."""
    open_text: str | None = None
    for event in _events(told):
        match event["type"]:
            case "text-start":
                open_text = event["id"]
            case "text-end":
                open_text = None
    rest: list[MessagePart] = [{"type": "text-end", "id": open_text}] if open_text else []
    rest += [{"type": "error", "errorText": broken_text}, {"type": "finish"}]
    return [*(frame(turn_id, len(told) + index, part) for index, part in enumerate(rest)), DONE_FRAME]


def _events(frames: Sequence[bytes]) -> list[MessagePart]:
    data = [told.partition(b"data: ")[2] for told in frames]
    return [msgspec.json.decode(text) for text in data if text.startswith(b"{")]
