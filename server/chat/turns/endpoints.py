"""Messages and the streams of their answers."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, HeaderParameter, JSONBody
from litestar.response import Stream
from msgspec import Struct

from server.chat import events
from server.chat.conversations import sessions
from server.chat.conversations.access import MAX_ID
from server.chat.conversations.pictures.service import picture_ids_of
from server.chat.conversations.service import Conversations
from server.chat.turns.models import AcceptanceState
from server.chat.turns.service import ChatService, IncomingMessage
from server.chat.turns.shopper_limits import POLLS, ShopperLimits
from server.chat.turns.turn_stream import LiveTurns, TurnJournal, next_index
from server.core.errors import FieldError, Invalid
from server.core.metrics import Metrics
from server.core.streaming import LeanStream
from server.shops.identity import Shopper

MAX_TEXT = 4_000
LastEventId = Annotated[str | None, HeaderParameter(name="Last-Event-ID", required=False)]


class ChatRequest(Struct, frozen=True):
    """`POST /v1/chat`: one message, or the last of several (the AI SDK's shape). Only the newest is read: earlier
    ones are what we have saved, never what a client says of them."""

    id: str | None = None
    message: dict[str, Any] | None = None
    messages: list[dict[str, Any]] | None = None
    context: dict[str, Any] | None = None


@post("/v1/chat", status_code=200, summary="Send a message, stream the answer", tags=["shopper"])
async def send_message(
    data: JSONBody[ChatRequest],
    shopper: NamedDependency[Shopper],
    chat: NamedDependency[ChatService],
    conversations: NamedDependency[Conversations],
    journal: NamedDependency[TurnJournal],
    metrics: NamedDependency[Metrics],
) -> Stream:
    """Answer one shopper message with a UI message stream. The same message id never makes a second turn."""
    message = _message(data)
    if data.id and data.id != str(shopper.conversation_id):
        sessions.conversation_of(shopper, data.id)
    if data.context and isinstance(product_id := data.context.get("product_id"), str):
        shopper = msgspec.structs.replace(shopper, page_product_id=product_id.replace("\x00", "")[:MAX_ID])
    live, accepted = await chat.accept(shopper, message)
    if live is not None:
        return _stream(live.read(), metrics)
    if accepted.state is AcceptanceState.STAFF_HANDLING:
        return _stream(_once(conversations.staff_notice(shopper)), metrics)
    assert accepted.turn_id
    if accepted.turn_state == "running":
        return _stream(journal.follow(shopper.shop_id, shopper.conversation_id, accepted.turn_id, 0), metrics)
    return _stream(_once(await conversations.replay(shopper, accepted.turn_id, accepted.answer_id)), metrics)


@get("/v1/chat/{conversation_id:str}/stream", summary="Resume the running answer", tags=["shopper"])
async def resume_stream(
    shopper: NamedDependency[Shopper],
    live_turns: NamedDependency[LiveTurns],
    journal: NamedDependency[TurnJournal],
    metrics: NamedDependency[Metrics],
    limits: NamedDependency[ShopperLimits],
    last_event_id: LastEventId = None,
    poll: FromQuery[bool] = False,
) -> Response[Any] | Stream:
    """Go on after Last-Event-ID, or from the turn's start; 204 when no turn runs. With `poll` the answer holds what
    there is so far and ends at once, for networks that hold streams back."""
    seen = events.parse_event_id(last_event_id)
    if poll:
        await limits.require_light(shopper, POLLS)
    live = live_turns.find(shopper.shop_id, shopper.conversation_id)
    if live is not None:
        start = next_index(live.turn_id, seen)
        return _stream(_once(b"".join(live.frames[start:])) if poll else live.read(start), metrics)
    turn_id, frames, ended = await journal.frames(shopper.shop_id, shopper.conversation_id)
    if turn_id is None or (ended and not (seen and seen[0] == turn_id)):
        return Response(content=None, status_code=204)
    start = next_index(turn_id, seen)
    if ended or poll:  # it ended while the client was away: the rest, once
        rest = b"".join(frames[start:])
        return _stream(_once(rest), metrics) if rest or not ended else Response(content=None, status_code=204)
    return _stream(journal.follow(shopper.shop_id, shopper.conversation_id, turn_id, start), metrics)


def _message(data: ChatRequest) -> IncomingMessage:
    message = data.message or (data.messages[-1] if data.messages else None)
    if message is None:
        raise Invalid("The request has no message.", errors=(FieldError("message", "is missing"),))
    parts = message.get("parts")
    given = parts if isinstance(parts, list) else []
    texts = [part["text"] for part in given if isinstance(part, dict) and isinstance(part.get("text"), str)]
    text = "\n".join(texts).replace("\x00", "").strip()
    pictures = picture_ids_of(given)
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
        media_type="text/event-stream; charset=utf-8",
        headers=events.HEADERS,
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
