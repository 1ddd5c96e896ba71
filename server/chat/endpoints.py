"""The shopper's side over HTTP. `send_message` is where one shopper message comes in."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import Parameter
from litestar.response import Stream
from msgspec import Meta, Struct

from server.chat import events, sessions
from server.chat.conversations import Conversations
from server.chat.live import LiveTurn, LiveTurns, TurnJournal, next_index
from server.chat.service import ChatService, IncomingMessage
from server.chat.sessions import SessionAnswer, SessionRequest, Sessions
from server.core.errors import FieldError, Invalid, Unauthenticated
from server.core.http import SAFE_METHODS, bearer_token, client_address, request_origin
from server.core.metrics import Metrics
from server.core.streaming import LeanStream
from server.orders.service import OrderDesk
from server.shops.identity import Shopper

MAX_TEXT = 4_000
MAX_ID = 128
NO_NUL = r"^[^\x00]*$"
"""Postgres keeps every character but this one."""
LAST_EVENT_ID = Parameter(header="Last-Event-ID", default=None, required=False)


class ChatRequest(Struct, frozen=True):
    """`POST /v1/chat`: one message, or the last of several (the AI SDK's shape). Only the newest is read: earlier
    ones are what we have saved, never what a client says of them."""

    id: str | None = None
    message: dict[str, Any] | None = None
    messages: list[dict[str, Any]] | None = None
    context: dict[str, Any] | None = None


class MessageView(Struct, frozen=True, kw_only=True):
    """One message of the history, in the AI SDK's shape."""

    id: str
    role: str
    parts: msgspec.Raw
    created_at: datetime
    metadata: msgspec.Raw


class ConversationView(Struct, frozen=True, kw_only=True):
    """`GET /v1/chat/{conversation_id}`."""

    id: str
    state: str
    messages: list[MessageView]


class FeedbackRequest(Struct, frozen=True):
    """`POST .../feedback`."""

    message_id: Annotated[str, Meta(max_length=MAX_ID, pattern=NO_NUL)]
    rating: str
    comment: Annotated[str, Meta(max_length=2000, pattern=NO_NUL)] | None = None


class VerificationRequest(Struct, frozen=True):
    """`POST .../verification`: e-mail or postcode to check, `send_code`, or the code itself."""

    order_number: Annotated[str, Meta(min_length=1, max_length=64, pattern=NO_NUL)]
    email: Annotated[str, Meta(max_length=254, pattern=NO_NUL)] | None = None
    postcode: Annotated[str, Meta(max_length=20, pattern=NO_NUL)] | None = None
    send_code: bool = False
    code: Annotated[str, Meta(max_length=20, pattern=NO_NUL)] | None = None


class VerificationAnswer(Struct, frozen=True):
    """The same for wrong and unknown."""

    level: int
    status: str = "checked"


class HandoffRequest(Struct, frozen=True):
    """`POST .../handoff`."""

    email: Annotated[str, Meta(max_length=254, pattern=r"^[^@\s\x00]+@[^@\s\x00]+\.[^@\s\x00]+$")] | None = None


ROLES = {"shopper": "user", "assistant": "assistant", "staff": "assistant", "system": "system"}


async def provide_shopper(request: Request[Any, Any, Any], sessions_service: Sessions) -> Shopper:
    """The shopper behind the bearer token, in the conversation the path names (404 for any other)."""
    token = bearer_token(request)
    if token is None:
        raise Unauthenticated("This needs the session as a bearer token.")
    shopper = await sessions_service.read(
        token,
        origin=request_origin(request),
        address=client_address(request),
        is_safe=request.method in SAFE_METHODS,
    )
    if path_id := request.path_params.get("conversation_id"):
        sessions.conversation_of(shopper, str(path_id))
    return shopper


@post("/v1/sessions", status_code=201, summary="Open a session", tags=["shopper"])
async def open_session(
    request: Request[Any, Any, Any], data: SessionRequest, sessions_service: Sessions
) -> SessionAnswer:
    """Open a session for one shopper of one shop, or go on with an earlier one."""
    return await sessions_service.open(
        data,
        origin=request_origin(request),
        address=client_address(request),
        secret_key=bearer_token(request),
        languages=request.headers.get("accept-language", ""),
    )


@post("/v1/chat", status_code=200, summary="Send a message, stream the answer", tags=["shopper"])
async def send_message(
    data: ChatRequest,
    shopper: Shopper,
    chat: ChatService,
    conversations: Conversations,
    journal: TurnJournal,
    metrics: Metrics,
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
    if accepted.state == "taken":
        return _stream(_once(conversations.staff_notice(shopper)), metrics)
    assert accepted.turn_id
    if accepted.turn_state == "running":
        return _stream(journal.follow(shopper.shop_id, shopper.conversation_id, accepted.turn_id, 0), metrics)
    return _stream(_once(await conversations.replay(shopper, accepted.turn_id, accepted.answer_id)), metrics)


@get("/v1/chat/{conversation_id:str}/stream", summary="Resume the running answer", tags=["shopper"])
async def resume_stream(
    shopper: Shopper,
    live_turns: LiveTurns,
    journal: TurnJournal,
    metrics: Metrics,
    last_event_id: Annotated[str | None, LAST_EVENT_ID] = None,
) -> Response[Any] | Stream:
    """Go on after Last-Event-ID, or from the turn's start; 204 when no turn runs."""
    seen = events.parse_event_id(last_event_id)
    live: LiveTurn | None = live_turns.find(shopper.shop_id, shopper.conversation_id)
    if live is not None:
        return _stream(live.read(next_index(live.turn_id, seen)), metrics)
    turn_id, frames, ended = await journal.frames(shopper.shop_id, shopper.conversation_id)
    if turn_id is None or (ended and not (seen and seen[0] == turn_id)):
        return Response(content=None, status_code=204)
    start = next_index(turn_id, seen)
    if ended:  # it ended while the client was away: the rest, once
        rest = b"".join(frames[start:])
        return _stream(_once(rest), metrics) if rest else Response(content=None, status_code=204)
    return _stream(journal.follow(shopper.shop_id, shopper.conversation_id, turn_id, start), metrics)


@get("/v1/chat/{conversation_id:str}", summary="The conversation so far", tags=["shopper"])
async def get_conversation(shopper: Shopper, conversations: Conversations) -> ConversationView:
    """State and messages, oldest first."""
    state, messages = await conversations.history(shopper)
    return ConversationView(
        id=str(shopper.conversation_id),
        state=state,
        messages=[
            MessageView(
                id=message.id,
                role=ROLES[message.author],
                parts=msgspec.Raw(message.parts.encode()),
                created_at=message.created_at,
                metadata=msgspec.Raw(message.metadata.encode()),
            )
            for message in messages
        ],
    )


@post("/v1/chat/{conversation_id:str}/stop", status_code=200, summary="Stop the running answer", tags=["shopper"])
async def stop_answer(shopper: Shopper, conversations: Conversations) -> dict[str, str]:
    """End the running turn; what was said is kept."""
    await conversations.stop(shopper)
    return {"status": "stopping"}


@post("/v1/chat/{conversation_id:str}/feedback", status_code=200, summary="Rate an answer", tags=["shopper"])
async def rate_answer(data: FeedbackRequest, shopper: Shopper, conversations: Conversations) -> dict[str, str]:
    """Thumbs up or down for one answer; a second rating replaces the first."""
    if data.rating not in ("up", "down"):
        raise Invalid("The rating is not one we know.", errors=(FieldError("rating", "up or down"),))
    await conversations.rate(shopper, data.message_id, data.rating, data.comment)
    return {"status": "kept"}


@post("/v1/chat/{conversation_id:str}/verification", status_code=200, summary="Prove an order", tags=["shopper"])
async def verify(data: VerificationRequest, shopper: Shopper, orders: OrderDesk) -> Response[Any]:
    """Check order number with e-mail or postcode, ask for a one-time code, or check the code."""
    if data.send_code:
        await orders.request_code(shopper, data.order_number)
        return Response({"status": "sent_if_known"}, status_code=202)
    if data.code is not None:
        level = await orders.verify_code(shopper, data.order_number, data.code)
    elif data.email or data.postcode:
        level = await orders.verify_identity(shopper, data.order_number, email=data.email, postcode=data.postcode)
    else:
        raise Invalid(
            "Give one proof beside the order number.",
            errors=(FieldError("email", "or postcode, or send_code, or code"),),
        )
    return Response(VerificationAnswer(int(level)), status_code=200)


@post("/v1/chat/{conversation_id:str}/handoff", status_code=200, summary="Ask for staff", tags=["shopper"])
async def request_staff(data: HandoffRequest, shopper: Shopper, conversations: Conversations) -> dict[str, Any]:
    """Ask for a person; `state` is requested, or waiting when nobody is there now."""
    result = await conversations.request_human(shopper, data.email)
    return {"state": result.state, "contact": result.contact}


def _message(data: ChatRequest) -> IncomingMessage:
    message = data.message or (data.messages[-1] if data.messages else None)
    if message is None:
        raise Invalid("There is no message.", errors=(FieldError("message", "is missing"),))
    parts = message.get("parts")
    texts = (
        [part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str)]
        if isinstance(parts, list)
        else []
    )
    text = "\n".join(texts).replace("\x00", "").strip()
    message_id = message.get("id")
    errors = []
    if message.get("role", "user") != "user":
        errors.append(FieldError("message.role", "must be user"))
    if not isinstance(message_id, str) or not 1 <= len(message_id) <= MAX_ID or "\x00" in message_id:
        errors.append(FieldError("message.id", f"a text of 1 to {MAX_ID} characters, the client's own"))
    if not text:
        errors.append(FieldError("message.parts", "needs a text part that is not empty"))
    elif len(text) > MAX_TEXT:
        errors.append(FieldError("message.parts", f"at most {MAX_TEXT} characters of text"))
    if errors:
        raise Invalid("The message cannot be taken; nothing was saved.", errors=tuple(errors))
    return IncomingMessage(str(message_id), text)


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


chat_router = Router(
    path="/",
    route_handlers=[
        open_session,
        send_message,
        resume_stream,
        get_conversation,
        stop_answer,
        rate_answer,
        verify,
        request_staff,
    ],
    dependencies={},
)
