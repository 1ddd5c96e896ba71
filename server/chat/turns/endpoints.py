"""Messages, and the streams of their answers."""

from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, HeaderParameter, JSONBody
from litestar.response import Stream
from msgspec import Struct

from server.chat import stream_frames
from server.chat.conversations.access import MAX_ID
from server.chat.conversations.pictures.service import parse_picture_ids
from server.chat.conversations.service import ConversationService
from server.chat.conversations.sessions import require_conversation
from server.chat.shopper_limits import POLLS, ShopperLimits
from server.chat.turns.models import AcceptanceState, TurnState
from server.chat.turns.service import IncomingMessage, TurnService
from server.chat.turns.stream_store import StreamStore
from server.chat.turns.turn_stream import RunningTurns
from server.core.errors import FieldError, Invalid
from server.core.metrics import Metrics
from server.core.streaming import LeanStream
from server.shops.identity import Shopper

MAX_TEXT = 4_000
LastEventId = Annotated[str | None, HeaderParameter(name="Last-Event-ID", required=False)]


class ChatRequest(Struct, frozen=True):
    """`POST /v1/chat`: one message, or several of which only the last is read (the AI SDK's shape). What was said
    before is read from the database, never from the client."""

    id: str | None = None
    message: dict[str, Any] | None = None
    messages: list[dict[str, Any]] | None = None
    context: dict[str, Any] | None = None


@post("/v1/chat", status_code=200, summary="Send a message, stream the answer", tags=["shopper"])
async def send_message(
    data: JSONBody[ChatRequest],
    shopper: NamedDependency[Shopper],
    turns: NamedDependency[TurnService],
    conversations: NamedDependency[ConversationService],
    stream_store: NamedDependency[StreamStore],
    metrics: NamedDependency[Metrics],
) -> Stream:
    """Answer one shopper message with a UI message stream. The same message id never starts a second turn."""
    message = _parse_message(data)
    if data.id and data.id != str(shopper.conversation_id):
        require_conversation(shopper, data.id)
    if data.context and isinstance(product_id := data.context.get("product_id"), str):
        shopper = msgspec.structs.replace(shopper, page_product_id=product_id.replace("\x00", "")[:MAX_ID])
    stream, accepted = await turns.accept(shopper, message)
    if stream is not None:
        return _stream(stream.read(), metrics)
    if accepted.state is AcceptanceState.STAFF_HANDLING:
        return _stream(_once(conversations.staff_notice(shopper)), metrics)
    assert accepted.turn_id
    if accepted.turn_state == TurnState.RUNNING:
        return _stream(stream_store.read(shopper.shop_id, shopper.conversation_id, accepted.turn_id, 0), metrics)
    return _stream(_once(await conversations.replay(shopper, accepted.turn_id, accepted.answer_id)), metrics)


@get("/v1/chat/{conversation_id:str}/stream", summary="Resume the running answer", tags=["shopper"])
async def resume_stream(
    shopper: NamedDependency[Shopper],
    running_turns: NamedDependency[RunningTurns],
    stream_store: NamedDependency[StreamStore],
    metrics: NamedDependency[Metrics],
    limits: NamedDependency[ShopperLimits],
    last_event_id: LastEventId = None,
    poll: FromQuery[bool] = False,
) -> Response[Any] | Stream:
    """The running answer after Last-Event-ID, or from its start; 204 when no turn runs. With `poll` the response has
    what there is so far and ends at once, for networks that buffer streams."""
    seen = stream_frames.parse_event_id(last_event_id)
    if poll:
        await limits.require_light(shopper, POLLS)
    stream = running_turns.find(shopper.shop_id, shopper.conversation_id)
    if stream is not None:
        start = _next_index(stream.turn_id, seen)
        return _stream(_once(b"".join(stream.frames[start:])) if poll else stream.read(start), metrics)
    stored = await stream_store.find(shopper.shop_id, shopper.conversation_id)
    if stored is None or (stored.has_ended and not (seen and seen[0] == stored.turn_id)):
        return Response(content=None, status_code=204)
    start = _next_index(stored.turn_id, seen)
    if stored.has_ended or poll:  # it ended while the client was away: the rest, once
        rest = b"".join(stored.frames[start:])
        return _stream(_once(rest), metrics) if rest or not stored.has_ended else Response(None, status_code=204)
    return _stream(stream_store.read(shopper.shop_id, shopper.conversation_id, stored.turn_id, start), metrics)


def _next_index(turn_id: UUID, last_seen: tuple[UUID, int] | None) -> int:
    """The index of the first frame that the client lacks: 0 where it has none of this turn."""
    return last_seen[1] + 1 if last_seen and last_seen[0] == turn_id else 0


def _parse_message(data: ChatRequest) -> IncomingMessage:
    message = data.message or (data.messages[-1] if data.messages else None)
    if message is None:
        raise Invalid("The request has no message.", errors=(FieldError("message", "is missing"),))
    parts = message.get("parts")
    given = parts if isinstance(parts, list) else []
    texts = [part["text"] for part in given if isinstance(part, dict) and isinstance(part.get("text"), str)]
    text = "\n".join(texts).replace("\x00", "").strip()
    pictures = parse_picture_ids(given)
    message_id = message.get("id")
    errors = []
    if message.get("role", "user") != "user":
        errors.append(FieldError("message.role", "must be user"))
    if not isinstance(message_id, str) or not 1 <= len(message_id) <= MAX_ID or "\x00" in message_id:
        errors.append(FieldError("message.id", f"must be a text of 1 to {MAX_ID} characters that the client chooses"))
    if isinstance(pictures, str):
        errors.append(FieldError("message.parts", pictures))
    elif not text and not pictures:
        errors.append(FieldError("message.parts", "needs a text part that is not empty, or a picture"))
    if len(text) > MAX_TEXT:
        errors.append(FieldError("message.parts", f"may have at most {MAX_TEXT} characters of text"))
    if errors or isinstance(pictures, str):
        raise Invalid("The message is not valid; nothing was saved.", errors=tuple(errors))
    return IncomingMessage(str(message_id), text, pictures)


def _stream(chunks: AsyncIterator[bytes], metrics: Metrics) -> Stream:
    return LeanStream(
        _counted(chunks, metrics),
        status_code=200,
        media_type="text/event-stream",
        headers=stream_frames.HEADERS,
    )


async def _counted(chunks: AsyncIterator[bytes], metrics: Metrics) -> AsyncIterator[bytes]:
    metrics.streams.inc()
    try:
        async for chunk in chunks:
            yield chunk
    finally:
        metrics.streams.dec()


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data


turn_routes = [send_message, resume_stream]
