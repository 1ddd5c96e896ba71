"""Sessions, and what a shopper does in a conversation besides asking."""

from datetime import datetime
from typing import Annotated, Any, Protocol, runtime_checkable

import msgspec
from litestar import Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta, Struct

from server.chat.conversations.access import MAX_ID, NO_NUL
from server.chat.conversations.handoff import HandoffService, PresenceView
from server.chat.conversations.service import ConversationService
from server.chat.conversations.sessions import SessionAnswer, SessionRequest, SessionService
from server.chat.models import HandoffResult
from server.chat.shopper_limits import HANDOFFS, LISTS, RATINGS, REPORTS, TYPING, ShopperLimits
from server.core.errors import FieldError, Invalid
from server.core.http import AnyRequest, bearer_token, client_address, request_origin
from server.orders.service import OrderService
from server.shops.identity import Shopper

MAX_TEXT = 4_000
REPORT_KINDS = ("buffered_stream",)


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
    presence: PresenceView


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
    """The proof level that was reached; a wrong proof and an unknown order get the same answer."""

    level: int
    status: str = "checked"


class HandoffRequest(Struct, frozen=True):
    """`POST .../handoff`: the address to reply to when no staff are on duty, and what it is about."""

    email: Annotated[str, Meta(max_length=254, pattern=r"^[^@\s\x00]+@[^@\s\x00]+\.[^@\s\x00]+$")] | None = None
    message: Annotated[str, Meta(max_length=MAX_TEXT, pattern=NO_NUL)] | None = None


class ReportRequest(Struct, frozen=True):
    """`POST .../reports`: a problem that a widget found. `page` is the address of the page it is on."""

    kind: str
    page: Annotated[str, Meta(max_length=2_000)] | None = None


@runtime_checkable
class ShopperErasure(Protocol):
    """The privacy service, which the chat may not import."""

    async def erase_shopper(self, shopper: Shopper) -> int:
        """Erase all conversations of a shopper; the number of them."""


ROLES = {"shopper": "user", "assistant": "assistant", "staff": "assistant", "system": "system"}


@post("/v1/sessions", status_code=201, summary="Open a session", tags=["shopper"])
async def open_session(
    request: AnyRequest, data: JSONBody[SessionRequest], sessions_service: NamedDependency[SessionService]
) -> SessionAnswer:
    """Open a session for one shopper of one shop, or continue an earlier one in any of its conversations."""
    return await sessions_service.open(
        data,
        origin=request_origin(request),
        address=client_address(request),
        secret_key=bearer_token(request),
        languages=request.headers.get("accept-language", ""),
    )


@get("/v1/chat", summary="The shopper's conversations", tags=["shopper"])
async def list_conversations(
    shopper: NamedDependency[Shopper],
    conversations: NamedDependency[ConversationService],
    limits: NamedDependency[ShopperLimits],
) -> dict[str, Any]:
    """The newest 50 conversations of the session's shopper, newest first, with the first and latest words of each."""
    await limits.require_light(shopper, LISTS)
    return {"data": await conversations.list(shopper), "next_cursor": None}


@delete("/v1/chat", status_code=200, summary="Erase the shopper's data", tags=["shopper"])
async def forget_shopper(shopper: NamedDependency[Shopper], privacy: NamedDependency[ShopperErasure]) -> dict[str, int]:
    """Erase all conversations of the session's shopper for good; the session is not valid any more afterwards."""
    return {"erased": await privacy.erase_shopper(shopper)}


@get("/v1/chat/{conversation_id:str}", summary="The conversation so far", tags=["shopper"])
async def get_conversation(
    shopper: NamedDependency[Shopper], conversations: NamedDependency[ConversationService]
) -> ConversationView:
    """The state of the conversation, its messages, oldest first, and whether staff are there."""
    history = await conversations.history(shopper)
    return ConversationView(
        id=str(shopper.conversation_id),
        state=history.state,
        messages=[
            MessageView(
                id=message.id,
                role=ROLES[message.author],
                parts=msgspec.Raw(message.parts.encode()),
                created_at=message.created_at,
                metadata=msgspec.Raw(message.metadata.encode()),
            )
            for message in history.messages
        ],
        presence=history.presence,
    )


@post("/v1/chat/{conversation_id:str}/stop", status_code=200, summary="Stop the running answer", tags=["shopper"])
async def stop_answer(
    shopper: NamedDependency[Shopper], conversations: NamedDependency[ConversationService]
) -> dict[str, str]:
    """Stop the running answer; what was said by then is saved."""
    await conversations.stop(shopper)
    return {"status": "stopping"}


@post("/v1/chat/{conversation_id:str}/feedback", status_code=200, summary="Rate an answer", tags=["shopper"])
async def rate_answer(
    data: JSONBody[FeedbackRequest],
    shopper: NamedDependency[Shopper],
    conversations: NamedDependency[ConversationService],
    limits: NamedDependency[ShopperLimits],
) -> dict[str, str]:
    """Rate one answer up or down; a second rating replaces the first."""
    await limits.require_light(shopper, RATINGS)
    if data.rating not in ("up", "down"):
        raise Invalid("There is no such rating.", errors=(FieldError("rating", "up or down"),))
    await conversations.rate(shopper, data.message_id, data.rating, data.comment)
    return {"status": "kept"}


@post("/v1/chat/{conversation_id:str}/verification", status_code=200, summary="Prove an order", tags=["shopper"])
async def verify(
    data: JSONBody[VerificationRequest], shopper: NamedDependency[Shopper], orders: NamedDependency[OrderService]
) -> Response[Any]:
    """Check an order number with an e-mail address or postcode, send a one-time code, or check the code."""
    if data.send_code:
        await orders.request_code(shopper, data.order_number)
        return Response({"status": "sent_if_known"}, status_code=202)
    if data.code is not None:
        level = await orders.verify_code(shopper, data.order_number, data.code)
    elif data.email or data.postcode:
        level = await orders.verify_identity(shopper, data.order_number, email=data.email, postcode=data.postcode)
    else:
        raise Invalid(
            "Send exactly one proof with the order number.",
            errors=(FieldError("email", "or postcode, or send_code, or code"),),
        )
    return Response(VerificationAnswer(int(level)), status_code=200)


@post("/v1/chat/{conversation_id:str}/handoff", status_code=200, summary="Ask for staff", tags=["shopper"])
async def request_staff(
    data: JSONBody[HandoffRequest],
    shopper: NamedDependency[Shopper],
    handoff_service: NamedDependency[HandoffService],
    limits: NamedDependency[ShopperLimits],
) -> HandoffResult:
    """Ask for staff; `state` is requested, or waiting when none are on duty. `message` is saved for them."""
    await limits.require(shopper, HANDOFFS)
    return await handoff_service.request(shopper, data.email, (data.message or "").strip() or None)


@post("/v1/chat/{conversation_id:str}/typing", status_code=204, summary="The shopper is typing", tags=["shopper"])
async def note_typing(
    shopper: NamedDependency[Shopper],
    conversations: NamedDependency[ConversationService],
    limits: NamedDependency[ShopperLimits],
) -> None:
    """Show staff for a few seconds that the shopper is typing; nothing is stored."""
    await limits.require_light(shopper, TYPING)
    await conversations.record_typing(shopper)


@post("/v1/chat/{conversation_id:str}/reports", status_code=204, summary="Report a problem", tags=["shopper"])
async def report(
    data: JSONBody[ReportRequest],
    shopper: NamedDependency[Shopper],
    conversations: NamedDependency[ConversationService],
    limits: NamedDependency[ShopperLimits],
) -> None:
    """Report a problem on a page to its merchant: `buffered_stream` when answers arrive all at once."""
    if data.kind not in REPORT_KINDS:
        raise Invalid(
            "There is no such kind of report.", errors=(FieldError("kind", f"one of {', '.join(REPORT_KINDS)}"),)
        )
    await limits.require(shopper, REPORTS)
    await conversations.report(shopper, data.kind, data.page)


conversation_routes = [
    open_session,
    list_conversations,
    forget_shopper,
    get_conversation,
    stop_answer,
    rate_answer,
    verify,
    request_staff,
    note_typing,
    report,
]
