"""The settings page: what the shop is, how it can be reached, and what works only with a model, in one form."""

from typing import Any
from zoneinfo import available_timezones

from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import URLEncodedBody
from litestar.response import Redirect, Template

from server.chat.languages import ALL_PHRASES
from server.console.branding import placed_errors
from server.console.endpoints.page import HEADERS, PAGE_ERRORS, Visitor, provide_visitor, render
from server.console.languages import currency_names, language_names
from server.console.settings_form import changes_of, fields_of
from server.core.errors import FieldError, Invalid
from server.core.http import AnyRequest
from server.shops.service import ShopService

PAGE = "/console/settings"
DAY_NAMES = {
    "mon": "Monday",
    "tue": "Tuesday",
    "wed": "Wednesday",
    "thu": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
}

Form = URLEncodedBody[dict[str, str]]


@get(PAGE, include_in_schema=False)
async def show_settings(
    request: AnyRequest, visitor: NamedDependency[Visitor], shops: NamedDependency[ShopService]
) -> Template:
    """The form as things stand."""
    return _page(request, visitor, fields_of(await shops.view(visitor.caller)))


@post(PAGE, status_code=303, include_in_schema=False)
async def save_settings(
    request: AnyRequest, data: Form, visitor: NamedDependency[Visitor], shops: NamedDependency[ShopService]
) -> Response[Any]:
    """Save all of it, or none: then the page comes back as it was filled in, with what is wrong beside each field."""
    visitor.require_set_up()
    try:
        await shops.change(visitor.caller, changes_of(data))
    except Invalid as reason:
        return _page(request, visitor, data, reason.errors)
    return Redirect(f"{PAGE}?saved=1", status_code=303, headers=HEADERS)


def _page(
    request: AnyRequest, visitor: Visitor, fields: dict[str, str], errors: tuple[FieldError, ...] = ()
) -> Template:
    spoken = {*ALL_PHRASES, fields.get("locale") or "en"}
    return render(
        request,
        "settings",
        visitor=visitor,
        status=422 if errors else 200,
        fields=fields,
        errors=placed_errors(errors, fields),
        saved="saved" in request.query_params,
        languages=language_names(spoken),
        currencies=currency_names(fields.get("currency", "")),
        zones=sorted(name for name in available_timezones() if name == "UTC" or "/" in name),
        days=DAY_NAMES,
    )


settings_router = Router(
    path="/",
    route_handlers=[show_settings, save_settings],
    dependencies={"visitor": Provide(provide_visitor)},
    exception_handlers=PAGE_ERRORS,
)
