"""Turns whose process was lost: ended, with what their shoppers were sent put together again from the frames."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from billing.quota import Quota, Spent
from server.chat import storage
from server.chat.events import DONE_FRAME, frame
from server.chat.live import TurnJournal
from server.chat.phrases import phrase
from server.core.database import Database


class InterruptedTurns:
    """Looks after turns that nobody runs any more."""

    def __init__(self, database: Database, journal: TurnJournal, quota: Quota) -> None:
        self._database, self._journal, self._quota = database, journal, quota

    async def end(self, shop_id: UUID) -> int:
        """End a shop's turns whose process is gone, keeping the text their shoppers were shown; how many."""
        async with self._database.fast(shop_id) as connection:
            turns = await storage.abandoned_turns(connection, shop_id)
        for turn in turns:
            await self._interrupt(shop_id, turn["conversation_id"], turn["id"], turn["answer_seq"], turn["locale"])
        return len(turns)

    async def _interrupt(self, shop_id: UUID, conversation_id: UUID, turn_id: UUID, seq: int, locale: str) -> None:
        found, frames, ended = await self._journal.frames(shop_id, conversation_id)
        told = frames if found == turn_id else []
        async with self._database.fast(shop_id) as connection:
            await storage.record_answer(
                connection,
                shop_id,
                conversation_id,
                turn_id,
                state="interrupted",
                answered_by=None,
                usage_state="released",
                trace={"notes": ["the process answering was lost"]},
                seq=seq,
                parts=parts_of_frames(told),
                metadata={"interrupted": True},
            )
            await self._quota.settle(connection, shop_id, turn_id, Spent(is_billable=False))
        if told and not ended:  # whoever waits for the rest in another process is told that none comes
            rest = frames_of_break(turn_id, told, phrase("answer_broken", locale))
            await self._journal.end(shop_id, conversation_id, turn_id, len(told), rest)


def parts_of_frames(frames: Sequence[bytes]) -> list[dict[str, Any]]:
    """The message parts that frames on the wire add up to: what the shopper saw of a turn that broke off."""
    parts: list[dict[str, Any]] = []
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
    rest: list[dict[str, Any]] = [{"type": "text-end", "id": open_text}] if open_text else []
    rest += [{"type": "error", "errorText": broken_text}, {"type": "finish"}]
    return [*(frame(turn_id, len(told) + index, part) for index, part in enumerate(rest)), DONE_FRAME]


def _events(frames: Sequence[bytes]) -> list[dict[str, Any]]:
    data = [told.partition(b"data: ")[2] for told in frames]
    return [msgspec.json.decode(text) for text in data if text.startswith(b"{")]
