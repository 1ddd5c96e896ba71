"""A turn's stream as server-sent events: the frames, their ids and the headers."""

from typing import Any
from uuid import UUID

import msgspec

from server.chat import stream_parts as wire

DONE_FRAME = b"data: [DONE]\n\n"
PING_FRAME = b": ping\n\n"
HEADERS = {
    "x-vercel-ai-ui-message-stream": "v1",
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
}
_encoder = msgspec.json.Encoder()


def event_id(turn_id: UUID, index: int) -> str:
    """The SSE id of a turn's event, which a client sends back as Last-Event-ID."""
    return f"{turn_id.hex}-{index}"


def frame(turn_id: UUID, index: int, part: wire.StreamPart | dict[str, Any]) -> bytes:
    """One part of a turn's stream as a server-sent event; `index` counts the turn's events from 0."""
    return b"id: %s\ndata: %s\n\n" % (event_id(turn_id, index).encode(), _encoder.encode(part))


def parse_event_id(text: str | None) -> tuple[UUID, int] | None:
    """The turn and the index of a Last-Event-ID, or None where it is not such an id."""
    turn, dash, index = (text or "").strip().partition("-")
    if not dash or not index.isascii() or not index.isdigit() or len(index) > 9:
        return None
    try:
        return UUID(hex=turn), int(index)
    except ValueError:
        return None
