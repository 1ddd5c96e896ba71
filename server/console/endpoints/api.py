"""Conversations and figures as JSON. Reading needs any role, acting needs agent."""

import base64
from datetime import UTC
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody, QueryParameter
from msgspec import Struct

from server.chat.conversations.pictures.endpoints import picture_response
from server.chat.conversations.pictures.service import PictureService
from server.console.figures.service import Figures
from server.console.models import Analytics, ConversationDetail, Glance, MessageView, Only, Wanted
from server.console.period import parse_moment, parse_position, position_text
from server.console.service import StaffService
from server.core.errors import FieldError, Invalid, NotFound
from server.core.ids import parse_id
from server.core.paging import require_limit
from server.core.rate_limit import Limit, RateLimiter
from server.shops.models import Caller
from server.shops.service import ShopService

MAX_IDEMPOTENCY_KEY = 255
STAFF_TYPING = Limit("staff-typing", per_minute=120, burst=60)
From = Annotated[str | None, QueryParameter(name="from", required=False)]
State = Annotated[str | None, QueryParameter(name="state", required=False)]
IdempotencyKey = Annotated[
    str | None, HeaderParameter(name="Idempotency-Key", required=False, max_length=MAX_IDEMPOTENCY_KEY)
]


class NewReply(Struct, frozen=True):
    """`POST /v1/conversations/{id}/messages`."""

    text: str


class Assignment(Struct, frozen=True):
    """`POST .../assign`; null takes the conversation from whoever had it."""

    merchant_id: UUID | None


class NewTags(Struct, frozen=True):
    """`POST .../tags`: all tags of the conversation from now on."""

    tags: list[str]


@get("/v1/conversations", summary="Conversations", tags=["staff"])
async def list_conversations(
    caller: NamedDependency[Caller],
    staff_service: NamedDependency[StaffService],
    from_: From = None,
    state_: State = None,
    only: FromQuery[str | None] = None,
    q: FromQuery[str | None] = None,
    to: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> dict[str, Any]:
    """Newest first. With `q` or `only` a page looks through a bounded stretch: go on until `next_cursor` is null."""
    wanted = Wanted(
        state=state_ or None,
        only=parse_only(only),
        text=q or "",
        since=parse_moment(from_, "from"),
        until=parse_moment(to, "to", is_end=True),
    )
    page = await staff_service.conversations(caller, wanted, parse_position(cursor), require_limit(limit))
    after = page.next_position
    next_cursor = base64.urlsafe_b64encode(position_text(after).encode()).decode() if after else None
    return {"data": page.items, "next_cursor": next_cursor}


@get("/v1/conversations/{conversation_id:str}", summary="One conversation", tags=["staff"])
async def get_conversation(
    conversation_id: FromPath[str], caller: NamedDependency[Caller], staff_service: NamedDependency[StaffService]
) -> ConversationDetail:
    """Messages with ratings, and for each turn its trace: tools, sources, receipts, times, tokens."""
    return await staff_service.get(caller, require_id(conversation_id))


@post("/v1/conversations/{conversation_id:str}/messages", status_code=201, summary="Staff reply", tags=["staff"])
async def send_reply(
    conversation_id: FromPath[str],
    data: JSONBody[NewReply],
    caller: NamedDependency[Caller],
    staff_service: NamedDependency[StaffService],
    idempotency_key: IdempotencyKey = None,
) -> MessageView:
    """From now on staff answer this conversation and the assistant is silent, until it is closed."""
    return await staff_service.reply(caller, require_id(conversation_id), data.text, idempotency_key)


@post("/v1/conversations/{conversation_id:str}/assign", status_code=200, summary="Assign", tags=["staff"])
async def assign_conversation(
    conversation_id: FromPath[str],
    data: JSONBody[Assignment],
    caller: NamedDependency[Caller],
    staff_service: NamedDependency[StaffService],
) -> dict[str, Any]:
    """To one of the shop's staff, or to nobody."""
    await staff_service.assign(caller, require_id(conversation_id), data.merchant_id)
    return {"merchant_id": data.merchant_id}


@post("/v1/conversations/{conversation_id:str}/close", status_code=200, summary="Close", tags=["staff"])
async def close_conversation(
    conversation_id: FromPath[str], caller: NamedDependency[Caller], staff_service: NamedDependency[StaffService]
) -> dict[str, str]:
    """Nothing is left to do here; the shopper's next message opens it again."""
    await staff_service.close(caller, require_id(conversation_id))
    return {"state": "closed"}


@post("/v1/conversations/{conversation_id:str}/tags", status_code=200, summary="Tag", tags=["staff"])
async def tag_conversation(
    conversation_id: FromPath[str],
    data: JSONBody[NewTags],
    caller: NamedDependency[Caller],
    staff_service: NamedDependency[StaffService],
) -> dict[str, list[str]]:
    """Replaces the tags."""
    return {"tags": await staff_service.tag(caller, require_id(conversation_id), data.tags)}


@get("/v1/conversations/{conversation_id:str}/typing", summary="Who is typing", tags=["staff"])
async def glance_at_conversation(
    conversation_id: FromPath[str], caller: NamedDependency[Caller], staff_service: NamedDependency[StaffService]
) -> Glance:
    """Whether the shopper is typing, and how many messages there are: cheap enough to ask every few seconds."""
    return await staff_service.glance(caller, require_id(conversation_id))


@post("/v1/conversations/{conversation_id:str}/typing", status_code=204, summary="Staff are typing", tags=["staff"])
async def note_typing(
    conversation_id: FromPath[str],
    caller: NamedDependency[Caller],
    staff_service: NamedDependency[StaffService],
    shops: NamedDependency[ShopService],
    limiter: NamedDependency[RateLimiter],
) -> None:
    """The shopper sees it for a few seconds; nothing is kept."""
    talk = require_id(conversation_id)
    await limiter.require((STAFF_TYPING, f"{caller.shop_id}:{caller.actor}"))
    await staff_service.note_typing(caller, talk, (await shops.profile(caller.shop_id)).name)


@get("/v1/conversations/{conversation_id:str}/images/{image_id:str}", summary="A shopper's picture", tags=["staff"])
async def get_picture(
    conversation_id: FromPath[str],
    image_id: FromPath[str],
    caller: NamedDependency[Caller],
    pictures: NamedDependency[PictureService],
) -> Response[bytes]:
    """A picture that a shopper sent in this conversation."""
    talk, picture = require_id(conversation_id), require_id(image_id)
    return picture_response(await pictures.get_for_staff(caller.shop_id, talk, picture))


@get("/v1/analytics", summary="Analytics", tags=["staff"])
async def get_analytics(
    caller: NamedDependency[Caller],
    figures: NamedDependency[Figures],
    from_: From = None,
    to: FromQuery[str | None] = None,
) -> Analytics:
    """By day (UTC), the last 30 days when no period is given; kinds of answer and questions without one."""
    since, until = parse_moment(from_, "from"), parse_moment(to, "to", is_end=True)
    return await figures.analytics(caller.shop_id, since, until, ZoneInfo(str(UTC)))


def parse_only(text: str | None) -> Only | None:
    """Which conversations need a look; None for all. Raises Invalid."""
    if not text:
        return None
    if text not in list(Only):
        raise Invalid("There is no such filter.", errors=(FieldError("only", f"one of {', '.join(Only)}"),))
    return Only(text)


def require_id(text: str) -> UUID:
    """The id in an address. Raises NotFound: what is no id is nobody's."""
    found = parse_id(text)
    if found is None:
        raise NotFound
    return found


api_router = Router(
    path="/",
    route_handlers=[
        list_conversations,
        get_conversation,
        send_reply,
        assign_conversation,
        close_conversation,
        tag_conversation,
        glance_at_conversation,
        note_typing,
        get_picture,
        get_analytics,
    ],
)
