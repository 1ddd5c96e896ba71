"""Turns whose process is gone: ended by a worker, with the answer as far as its frames were stored."""

from collections import OrderedDict
from collections.abc import Sequence
from uuid import UUID

import msgspec

from billing.quota import Quota, Spent
from server.chat.languages import phrase
from server.chat.models import MessagePart
from server.chat.stream_frames import DONE_FRAME, frame
from server.chat.turns import storage
from server.chat.turns.models import AbandonedTurn, TurnTrace
from server.chat.turns.stream_store import StreamStore
from server.core.database import Database
from server.core.errors import Unavailable
from server.core.logging import get_logger

SAVE_TRIES = 3
MAX_FAILURES = 10_000
"""Turns whose failures are counted; beyond that the oldest ones are tried anew."""

log = get_logger("chat")


class AbandonedTurns:
    """Ends the turns that no process runs any more."""

    def __init__(self, database: Database, stream_store: StreamStore, quota: Quota) -> None:
        self._database, self._stream_store, self._quota = database, stream_store, quota
        self._failures: OrderedDict[UUID, int] = OrderedDict()
        """By turn: how often it could not be saved. After SAVE_TRIES it is logged once and tried no more."""

    async def list_shops(self) -> list[UUID]:
        """The shops with a turn whose process is gone. Raises Unavailable."""
        return await storage.list_shops_with_abandoned_turns(self._database)

    async def end(self, shop_id: UUID) -> int:
        """End a shop's abandoned turns and save what their shoppers were shown; how many were ended.

        A turn that cannot be saved does not stop the others. Raises Unavailable.
        """
        async with self._database.connection(shop_id) as connection:
            turns = await storage.list_abandoned_turns(connection, shop_id)
        return sum([await self._end_turn(shop_id, turn) for turn in turns])

    async def _end_turn(self, shop_id: UUID, turn: AbandonedTurn) -> bool:
        """Whether the turn was ended. The last try saves no answer, so that at least its usage is released."""
        failures = self._failures.get(turn.id, 0)
        if failures >= SAVE_TRIES:
            return False
        try:
            await self._interrupt(shop_id, turn)
        except Unavailable:
            raise
        except Exception as error:
            self._failures[turn.id] = failures + 1
            if len(self._failures) > MAX_FAILURES:
                self._failures.popitem(last=False)
            if failures + 1 < SAVE_TRIES:
                return False
            log.exception(
                "abandoned_turn_not_saved", shop_id=str(shop_id), turn_id=str(turn.id), error=type(error).__name__
            )
            try:
                await self._record(shop_id, turn, [])
            except Unavailable:
                raise
            except Exception:
                return False
            return True
        self._failures.pop(turn.id, None)
        return True

    async def _interrupt(self, shop_id: UUID, turn: AbandonedTurn) -> None:
        stored = await self._stream_store.find(shop_id, turn.conversation_id)
        if stored is None or stored.turn_id != turn.id:
            return await self._record(shop_id, turn, [])
        await self._record(shop_id, turn, parts_of_frames(stored.frames))
        if stored.frames and not stored.has_ended:  # so that readers in other processes do not wait any longer
            last = closing_frames(turn.id, stored.frames, phrase("answer_broken", turn.locale))
            await self._stream_store.append_end(shop_id, turn.conversation_id, turn.id, len(stored.frames), last)
        return None

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
    """The message parts that these frames show: what the shopper saw of a turn that broke off."""
    parts: list[MessagePart] = []
    for event in _decode(frames):
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


def closing_frames(turn_id: UUID, frames: Sequence[bytes], error_text: str) -> list[bytes]:
    """The frames that end a stream which broke off after `frames`: end of an open text, error, finish, done."""
    open_text: str | None = None
    for event in _decode(frames):
        match event["type"]:
            case "text-start":
                open_text = event["id"]
            case "text-end":
                open_text = None
    parts: list[MessagePart] = [{"type": "text-end", "id": open_text}] if open_text else []
    parts += [{"type": "error", "errorText": error_text}, {"type": "finish"}]
    return [*(frame(turn_id, len(frames) + index, part) for index, part in enumerate(parts)), DONE_FRAME]


def _decode(frames: Sequence[bytes]) -> list[MessagePart]:
    """The stream parts in these frames; pings and the last frame have none."""
    data = [one.partition(b"data: ")[2] for one in frames]
    return [msgspec.json.decode(text) for text in data if text.startswith(b"{")]
