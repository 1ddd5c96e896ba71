"""A turn whose process was lost, put together again from the frames that its shopper was sent."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from server.chat.events import DONE_FRAME, frame


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
