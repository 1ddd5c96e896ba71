"""The branding page: everything of the widget's looks and manners in one form, beside the real widget."""

from typing import Any

import msgspec
from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import URLEncodedBody
from litestar.response import Redirect, Template
from msgspec import Struct

from server.chat.conversations.sessions import starters
from server.chat.languages import phrase
from server.console.branding import Fields, changes_of, fields_of, placed_errors, rows_of
from server.console.endpoints.page import (
    HEADERS,
    PAGE_ERRORS,
    POLICY,
    Visitor,
    provide_visitor,
    render,
)
from server.console.launcher_icons import ICON_PATHS
from server.core.errors import Invalid
from server.core.http import AnyRequest
from server.shops.appearance import DEFAULTS, session_appearance
from server.shops.launcher import LauncherAnswer, launcher_of
from server.shops.models import ShopChanges, Trial
from server.shops.service import ShopService

PAGE = "/console/branding"
WITH_FRAME = {"Content-Security-Policy": f"{POLICY}; frame-src 'self'"}
"""The preview is our own frame; no other page of the console holds one."""
FONTS = (
    "Georgia, 'Times New Roman', serif",
    "'Helvetica Neue', Arial, sans-serif",
    "Verdana, Geneva, sans-serif",
    "'Trebuchet MS', sans-serif",
    "ui-rounded, 'Nunito', system-ui, sans-serif",
    "ui-monospace, Menlo, Consolas, monospace",
)

Form = URLEncodedBody[dict[str, str]]


class Draft(Struct, frozen=True, kw_only=True):
    """What the preview shows."""

    appearance: dict[str, Any]
    greeting: str
    suggestions: tuple[str, ...]
    locale: str


class Checked(Struct, frozen=True, kw_only=True):
    """A form that was looked through: `errors` and `notes` by field."""

    errors: dict[str, str]
    notes: dict[str, str]
    draft: Draft
    launcher: LauncherAnswer


@get(PAGE, include_in_schema=False)
async def show_branding(
    request: AnyRequest, visitor: NamedDependency[Visitor], shops: NamedDependency[ShopService]
) -> Template:
    """The form as things stand."""
    fields = fields_of(await shops.view(visitor.caller))
    return await _page(request, visitor, shops, fields, saved="saved" in request.query_params)


@post(PAGE, status_code=303, include_in_schema=False)
async def save_branding(
    request: AnyRequest, data: Form, visitor: NamedDependency[Visitor], shops: NamedDependency[ShopService]
) -> Response[Any]:
    """Save all of it, or none: then the page comes back as it was filled in, with what is wrong beside each field."""
    visitor.require_set_up()
    try:
        await shops.change(visitor.caller, changes_of(data))
    except Invalid:
        return await _page(request, visitor, shops, data, status=422)
    return Redirect(f"{PAGE}?saved=1", status_code=303, headers=HEADERS)


@post(f"{PAGE}/check", status_code=200, include_in_schema=False)
async def check_branding(
    data: Form, visitor: NamedDependency[Visitor], shops: NamedDependency[ShopService]
) -> Response[Checked]:
    """What is wrong with the form, what cannot be read, and what the preview should show; nothing is saved."""
    return Response(await _checked(visitor, shops, changes_of(data), data), headers=HEADERS)


async def _page(
    request: AnyRequest,
    visitor: Visitor,
    shops: ShopService,
    fields: Fields,
    *,
    status: int = 200,
    saved: bool = False,
) -> Template:
    checked = await _checked(visitor, shops, changes_of(fields), fields)
    keys = await shops.list_keys(visitor.caller.shop_id)
    page = render(
        request,
        "branding",
        visitor=visitor,
        status=status,
        fields=fields,
        errors=checked.errors if status != 200 else {},
        notes=checked.notes,
        rows=lambda name: rows_of(fields, name),
        saved=saved,
        publishable=next((key.key for key in keys if key.kind == "publishable"), None),
        may_hide_branding=await shops.has_feature(visitor.caller.shop_id, "hide_branding"),
        first=checked,
        first_json=msgspec.json.encode(checked).decode(),
        defaults=DEFAULTS,
        fonts=FONTS,
        icons=ICON_PATHS,
        filled_in=lambda prefix: any(name.startswith(prefix) for name in fields),
    )
    page.headers.update(WITH_FRAME)
    return page


async def _checked(visitor: Visitor, shops: ShopService, changes: ShopChanges, fields: Fields) -> Checked:
    trial = await shops.try_out(visitor.caller, changes)
    profile = await shops.profile(visitor.caller.shop_id)
    shown = profile.locale
    return Checked(
        errors=placed_errors(trial.errors, fields),
        notes=_notes(trial),
        draft=Draft(
            appearance=session_appearance(trial.appearance),
            greeting=changes.greeting or phrase("greeting", shown, shop=profile.name),
            suggestions=changes.suggestions or starters(shown),
            locale=shown,
        ),
        launcher=launcher_of(trial.appearance),
    )


def _notes(trial: Trial) -> dict[str, str]:
    notes: dict[str, str] = {}
    for note in trial.notes:
        notes[note.field] = f"{notes[note.field]} {note.message}" if note.field in notes else note.message
    return notes


branding_router = Router(
    path="/",
    route_handlers=[show_branding, save_branding, check_branding],
    dependencies={"visitor": Provide(provide_visitor)},
    exception_handlers=PAGE_ERRORS,
)
