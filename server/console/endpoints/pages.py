"""The pages: the list that staff open in the morning, and one conversation."""

import base64
from datetime import datetime
from urllib.parse import urlencode

from litestar import Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template

from server.console.chart import chart_of
from server.console.endpoints.api import parse_only, require_id
from server.console.endpoints.page import HEADERS, PAGE_ERRORS, Visitor, provide_visitor, render, zone_of
from server.console.endpoints.sign_in import to_page
from server.console.figures.service import Figures
from server.console.models import STATES, Only, Position, Wanted
from server.console.period import night_before, parse_moment, parse_position, position_text
from server.console.service import MAX_REPLY, StaffService
from server.console.view import entries_of
from server.core.errors import Invalid, NotFound
from server.core.http import AnyRequest
from server.core.ids import new_id, parse_id
from server.core.tokens import TokenSigner
from server.shops.access import ConsoleClaims
from server.shops.members import Members

PAGE_SIZE = 40
CHART_DAYS = 14
FILTERS = ("state", "only", "q", "from", "to")

Form = URLEncodedBody[dict[str, str]]


@get("/console", include_in_schema=False)
async def show_conversations(
    request: AnyRequest,
    visitor: NamedDependency[Visitor],
    staff_service: NamedDependency[StaffService],
    figures: NamedDependency[Figures],
) -> Template:
    """What happened overnight, what failed, what to look at first; then all conversations."""
    zone = zone_of(request)
    given = {name: request.query_params.get(name, "").strip() for name in FILTERS}
    wanted, problem = _wanted(given, request)
    page = await staff_service.conversations(visitor.caller, wanted, _position(request), PAGE_SIZE)
    days = await figures.days(visitor.caller.shop_id, CHART_DAYS, zone)
    return render(
        request,
        "conversations",
        visitor=visitor,
        status=422 if problem else 200,
        items=page.items,
        filters=given,
        problem=problem,
        is_filtered=any(given.values()),
        is_later_page="cursor" in request.query_params,
        older=_older_link(given, page.next_position),
        night=await figures.since(visitor.caller.shop_id, night_before(datetime.now(zone))),
        chart=chart_of(days),
        states=STATES,
        only=Only,
    )


@get("/console/conversations/{conversation_id:str}", include_in_schema=False)
async def show_conversation(
    request: AnyRequest,
    conversation_id: FromPath[str],
    visitor: NamedDependency[Visitor],
    staff_service: NamedDependency[StaffService],
) -> Template:
    """The thread as the shopper saw it, and why each answer is as it is."""
    detail = await staff_service.get(visitor.caller, require_id(conversation_id))
    return render(
        request,
        "conversation",
        visitor=visitor,
        talk=detail,
        entries=entries_of(detail),
        staff=await staff_service.staff(visitor.caller),
        reply_key=new_id(),
        max_reply=MAX_REPLY,
    )


@post("/console/conversations/{conversation_id:str}/reply", status_code=303, include_in_schema=False)
async def send_reply(
    conversation_id: FromPath[str],
    data: Form,
    visitor: NamedDependency[Visitor],
    staff_service: NamedDependency[StaffService],
) -> Redirect:
    """Answer the shopper; the form's own key makes a double click one reply."""
    talk = require_id(conversation_id)
    await staff_service.reply(visitor.caller, talk, data.get("text", ""), data.get("key") or None)
    return _to(f"/console/conversations/{talk}#end")


@post("/console/conversations/{conversation_id:str}/assign", status_code=303, include_in_schema=False)
async def assign(
    conversation_id: FromPath[str],
    data: Form,
    visitor: NamedDependency[Visitor],
    staff_service: NamedDependency[StaffService],
) -> Redirect:
    """Give it to somebody, or to nobody."""
    talk = require_id(conversation_id)
    given = data.get("merchant_id", "")
    await staff_service.assign(visitor.caller, talk, require_id(given) if given else None)
    return _to(f"/console/conversations/{talk}")


@post("/console/conversations/{conversation_id:str}/tags", status_code=303, include_in_schema=False)
async def tag(
    conversation_id: FromPath[str],
    data: Form,
    visitor: NamedDependency[Visitor],
    staff_service: NamedDependency[StaffService],
) -> Redirect:
    """Tags, written with commas between them."""
    talk = require_id(conversation_id)
    await staff_service.tag(visitor.caller, talk, data.get("tags", "").split(","))
    return _to(f"/console/conversations/{talk}")


@post("/console/conversations/{conversation_id:str}/close", status_code=303, include_in_schema=False)
async def close(
    conversation_id: FromPath[str], visitor: NamedDependency[Visitor], staff_service: NamedDependency[StaffService]
) -> Redirect:
    """Done; back to the list."""
    await staff_service.close(visitor.caller, require_id(conversation_id))
    return _to("/console")


@post("/console/shop", status_code=303, include_in_schema=False)
async def switch_shop(
    request: AnyRequest,
    data: Form,
    visitor: NamedDependency[Visitor],
    members: NamedDependency[Members],
    console_signer: NamedDependency[TokenSigner[ConsoleClaims]],
) -> Redirect:
    """Work in another of one's own shops."""
    wanted = parse_id(data.get("shop_id", ""))
    if wanted not in [member.shop_id for member in await members.memberships(visitor.merchant_id)] or wanted is None:
        raise NotFound
    return to_page(request, "/console", console_signer, ConsoleClaims(visitor.merchant_id, wanted))


def _wanted(given: dict[str, str], request: AnyRequest) -> tuple[Wanted, str]:
    """What the filters ask for; when one cannot be read, everything, and what is wrong."""
    zone = zone_of(request)
    try:
        return Wanted(
            state=given["state"] if given["state"] in STATES else None,
            only=parse_only(given["only"]),
            text=given["q"][:200],
            since=parse_moment(given["from"], "from", zone),
            until=parse_moment(given["to"], "to", zone, is_end=True),
        ), ""
    except Invalid as reason:
        return Wanted(), f"{reason.detail} {reason.errors[0].field}: {reason.errors[0].message}."


def _position(request: AnyRequest) -> Position | None:
    return parse_position(request.query_params.get("cursor"))


def _older_link(given: dict[str, str], goes_on_at: Position | None) -> str | None:
    if goes_on_at is None:
        return None
    cursor = base64.urlsafe_b64encode(position_text(goes_on_at).encode()).decode()
    return "/console?" + urlencode({name: value for name, value in given.items() if value} | {"cursor": cursor})


def _to(path: str) -> Redirect:
    return Redirect(path, status_code=303, headers=HEADERS)


pages_router = Router(
    path="/",
    route_handlers=[
        show_conversations,
        show_conversation,
        send_reply,
        assign,
        tag,
        close,
        switch_shop,
    ],
    dependencies={"visitor": Provide(provide_visitor)},
    exception_handlers=PAGE_ERRORS,
)
