"""Answer events as they are sent and stored: the AI SDK UI message stream (v1) and the parts of a message.

One `Transcript` per answer turns each event into the frames a client reads now and the message parts it reads later
from history, so the two cannot differ. Field names follow the protocol (camelCase); data parts are ours (contract).
"""

import asyncio
from typing import Any, assert_never
from uuid import UUID

import msgspec
from msgspec import UNSET

from server.chat import stream_parts as wire
from server.chat.models import (
    AnswerEvent,
    AskProof,
    Cite,
    Concluded,
    HandedOff,
    ShowOrder,
    ShowProducts,
    Source,
    StatusLine,
    Suggest,
    TextPiece,
    ToolUsed,
)
from server.chat.stream_frames import DONE_FRAME, frame

JOIN_S = 0.05
"""How long the start and a status line wait for the next frame, so that a quick answer is sent as one chunk."""


class Transcript:
    """One answer as it is made: the frames to send, and the parts to store."""

    def __init__(self, turn_id: UUID, message_id: str) -> None:
        self.turn_id, self.message_id = turn_id, message_id
        self.parts: list[dict[str, Any]] = []
        self.sources: list[wire.SourceNote] = []
        self.tools: list[dict[str, object]] = []
        self.conclusion: Concluded | None = None
        self.metadata: dict[str, Any] = {}
        self.author = "engine"
        """Who writes the answer: model or engine."""
        self.notes: list[str] = []
        """Remarks for the trace, which staff read: why the engine took over, which sentences were left out."""
        self.changed = asyncio.Event()
        """Set when there are frames to take; the start and a status line set it after JOIN_S."""
        self._cited: set[str] = set()
        self._frames: list[bytes] = []
        self._count = 0
        self._text_id: str | None = None
        self._pieces: list[str] = []

    def take_frames(self) -> list[bytes]:
        """The frames added since the last call."""
        frames, self._frames = self._frames, []
        return frames

    @property
    def has_text(self) -> bool:
        """Whether the answer has any text."""
        return self._text_id is not None or any(part["type"] == "text" for part in self.parts)

    @property
    def text(self) -> str:
        """The text of the answer so far."""
        said = [part["text"] for part in self.parts if part["type"] == "text"]
        return "\n\n".join([*said, "".join(self._pieces)] if self._pieces else said)

    def start(self) -> None:
        """Add the first frame."""
        self._frame(wire.StartPart(message_id=self.message_id), is_deferred=True)

    def add(self, event: AnswerEvent) -> None:
        """Add the frames and the part of one answer event."""
        match event:
            case TextPiece(text=text):
                self._add_text(text)
            case StatusLine(text=text):
                self._frame(wire.StatusPart(data=wire.StatusData(text)), is_deferred=True)
            case ToolUsed():
                self._add_tool(event)
            case ShowProducts(products=products):
                self._add_part(wire.ProductsPart(data=wire.ProductsData(products)))
            case ShowOrder(order=order):
                self._add_part(wire.OrderPart(data=wire.OrderData(order)))
            case AskProof(order_number=number, methods=methods):
                form = wire.VerificationData(methods=methods, order_number=number or UNSET)
                self._add_part(wire.VerificationPart(data=form))
            case Suggest(suggestions=suggestions):
                self._add_part(wire.SuggestionsPart(data=wire.SuggestionsData(suggestions)))
            case HandedOff(state=state, staff=staff):
                self._add_part(wire.HandoffPart(data=wire.HandoffData(state=state, staff=staff or UNSET)))
            case Cite(source=source):
                self._add_source(source)
            case Concluded():
                self.conclusion = event
            case _:
                assert_never(event)

    def add_fallback(self, reason: str, contact: dict[str, str]) -> None:
        """Add the shop's contact in place of an answer."""
        self._add_part(wire.FallbackPart(data=wire.FallbackData(reason, contact)))

    def add_stored(self, part: dict[str, Any]) -> None:
        """Add the frames of a part that was stored before."""
        kind = part["type"]
        if kind == "text":
            self._add_text(part["text"])
            self._close_text()
        elif kind.startswith("tool-"):
            self._frame_tool(part["toolCallId"], kind.removeprefix("tool-"), part["input"], part["output"])
        else:
            self._frame(part)

    def close(self, metadata: dict[str, Any]) -> None:
        """Close an open text: `parts` are complete and may be stored with this metadata."""
        self._close_text()
        self.metadata = metadata

    def end(self, state: str, error_text: str) -> None:
        """Add the last frames; `error_text` is what a shopper reads when the turn has failed."""
        match state:
            case "stopped":
                self._frame(wire.AbortPart())
            case "failed":
                self._frame(wire.ErrorPart(error_text=error_text))
                self._frame(wire.FinishPart())
            case _:
                self._frame({"type": "message-metadata", "messageMetadata": self.metadata})
                self._frame(wire.FinishPart())
        self._frames.append(DONE_FRAME)

    def _add_text(self, text: str) -> None:
        if self._text_id is None:
            self._text_id = f"t{len(self.parts)}"
            self._frame(wire.TextStartPart(id=self._text_id))
        self._pieces.append(text)
        self._frame(wire.TextDeltaPart(id=self._text_id, delta=text))

    def _close_text(self) -> None:
        if self._text_id is not None:
            self._frame(wire.TextEndPart(id=self._text_id))
            self.parts.append({"type": "text", "text": "".join(self._pieces), "state": "done"})
            self._text_id, self._pieces = None, []

    def _add_part(self, part: wire.DataPart | wire.SourceUrlPart | wire.SourceDocumentPart) -> None:
        self._close_text()
        self.parts.append(msgspec.to_builtins(part))
        self._frame(part)

    def _add_tool(self, tool: ToolUsed) -> None:
        self._close_text()
        call_id = f"call-{len(self.tools)}"
        self.tools.append({"name": tool.name, "input": tool.input, "output": tool.output, "seconds": tool.seconds})
        self.parts.append(
            {
                "type": f"tool-{tool.name}",
                "toolCallId": call_id,
                "state": "output-available",
                "input": tool.input,
                "output": tool.output,
            }
        )
        self._frame_tool(call_id, tool.name, tool.input, tool.output)

    def _frame_tool(self, call_id: str, name: str, arguments: dict[str, Any], output: dict[str, Any]) -> None:
        self._frame(wire.ToolInputPart(tool_call_id=call_id, tool_name=name, input=arguments))
        self._frame(wire.ToolOutputPart(tool_call_id=call_id, output=output))

    def _add_source(self, source: Source) -> None:
        if source.id in self._cited:
            return
        self._cited.add(source.id)
        if source.url:
            self._add_part(wire.SourceUrlPart(source_id=source.id, url=source.url, title=source.title))
        else:
            self._add_part(wire.SourceDocumentPart(source_id=source.id, title=source.title))
        self.sources.append(
            wire.SourceNote(
                id=source.id, kind=source.kind, title=source.title, url=source.url, fetched_at=source.fetched_at
            )
        )

    def _frame(self, part: wire.StreamPart | dict[str, Any], *, is_deferred: bool = False) -> None:
        self._frames.append(frame(self.turn_id, self._count, part))
        self._count += 1
        if is_deferred:
            asyncio.get_running_loop().call_later(JOIN_S, self.changed.set)
        else:
            self.changed.set()


def replay(turn_id: UUID, message_id: str, parts: list[dict[str, Any]], metadata: dict[str, Any]) -> bytes:
    """The whole stream of a stored answer, for a client that sends the same message twice."""
    transcript = Transcript(turn_id, message_id)
    transcript.start()
    for part in parts:
        transcript.add_stored(part)
    transcript.close(metadata)
    transcript.end("done", "")
    return b"".join(transcript.take_frames())
