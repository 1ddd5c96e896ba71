"""What all pages of the console share: who is there, the headers, the frame around the content, errors as pages."""

import hashlib
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Response
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException
from litestar.response import Redirect, Template
from msgspec import Struct

from server.console.period import zone_named
from server.console.view import Clock
from server.core.errors import AisleError, FieldError, OriginRefused, Unauthenticated
from server.core.http import SAFE_METHODS, AnyRequest, request_origin
from server.core.logging import get_logger
from server.core.tokens import TokenSigner
from server.shops.access import COOKIE, ConsoleClaims
from server.shops.members import Members
from server.shops.models import RANK, Caller, Role
from server.shops.service import ShopService

HERE = Path(__file__).parent.parent
TEMPLATES = HERE / "templates"
ASSETS = HERE / "assets"
ZONE_COOKIE = "aisle_console_zone"
MAX_SHOPS_SHOWN = 50
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' https:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "private, no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}

MAX_PARAMETER = 2_100
"""Characters: an id may be as long as a web address."""

log = get_logger("console")


class SignInNeeded(Exception):
    """Nobody is signed in, or not any more."""


class ShopChoice(Struct, frozen=True):
    """A shop the merchant may switch to."""

    id: UUID
    name: str


class Visitor(Struct, frozen=True, kw_only=True):
    """Who looks at a page, in which shop."""

    caller: Caller
    merchant_id: UUID
    email: str
    shop_name: str
    shops: list[ShopChoice]

    @property
    def may_act(self) -> bool:
        """Whether replying, assigning, closing and tagging are open to them."""
        return RANK[self.caller.role] >= RANK[Role.AGENT]

    @property
    def may_set_up(self) -> bool:
        """Whether keys and origins are open to them."""
        return RANK[self.caller.role] >= RANK[Role.ADMIN]

    def require_set_up(self) -> None:
        """Raises RoleRefused for those to whom setting up is not open."""
        self.caller.require(Role.ADMIN)


async def provide_visitor(
    request: AnyRequest,
    shops: NamedDependency[ShopService],
    members: NamedDependency[Members],
    console_signer: NamedDependency[TokenSigner[ConsoleClaims]],
) -> Visitor:
    """The signed-in merchant. Raises SignInNeeded, or OriginRefused for a form that is not on our own page."""
    claims = console_signer.read(request.cookies.get(COOKIE, ""))
    if claims is None:
        raise SignInNeeded
    require_own_form(request)
    merchant = await members.find_merchant(claims.merchant_id)
    try:
        caller = await members.caller(claims.merchant_id, claims.shop_id, claims.signed_in_at)
    except Unauthenticated:
        raise SignInNeeded from None
    if merchant is None:
        raise SignInNeeded
    places = (await members.memberships(merchant.id))[:MAX_SHOPS_SHOWN]
    choices = [ShopChoice(each.shop_id, (await shops.profile(each.shop_id)).name) for each in places]
    return Visitor(
        caller=caller,
        merchant_id=merchant.id,
        email=merchant.email,
        shop_name=(await shops.profile(caller.shop_id)).name,
        shops=choices,
    )


def require_own_form(request: AnyRequest) -> None:
    """Raises OriginRefused for a form sent from anywhere but the console itself."""
    own = request.app.state.own_origin
    if request.method not in SAFE_METHODS and request_origin(request) != own:
        raise OriginRefused(f"This form was not sent from the console. Please use the console at {own}/console.")


def parameter_of(request: AnyRequest, name: str) -> str:
    """A parameter of the address, cut to MAX_PARAMETER; empty without it."""
    return str(request.query_params.get(name, "")).replace("\x00", "").strip()[:MAX_PARAMETER]


def zone_of(request: AnyRequest) -> ZoneInfo:
    """The time zone of whoever looks, as their browser has told us; UTC before it has."""
    return zone_named(request.cookies.get(ZONE_COOKIE))


def render(
    request: AnyRequest, name: str, *, visitor: Visitor | None = None, status: int = 200, **more: object
) -> Template:
    """A page of the console."""
    context = {
        "visitor": visitor,
        "here": request.url.path,
        "asset": asset_url,
        "clock": Clock(datetime.now(UTC), zone_of(request)),
        **more,
    }
    return Template(f"console/{name}.html", context=context, headers=HEADERS, status_code=status)


def on_sign_in_needed(request: AnyRequest, _error: SignInNeeded) -> Response[Any]:
    """Exception handler: to the sign-in page, and back to where one wanted to go."""
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    back = f"?next={quote(wanted, safe='')}" if request.method == "GET" and wanted != "/console" else ""
    return Redirect(f"/console/sign-in{back}", status_code=303, headers=HEADERS)


def on_aisle_error(request: AnyRequest, error: AisleError) -> Template:
    """Exception handler: our own errors as a page."""
    page = _error_page(request, error.status, error.title, error.detail, error.errors)
    if error.retry_after_s is not None:
        page.headers["Retry-After"] = str(max(1, round(error.retry_after_s)))
    return page


def on_http_exception(request: AnyRequest, error: HTTPException) -> Template:
    """Exception handler: what the framework finds wrong, as a page."""
    if error.status_code == 404:
        return _error_page(request, 404, "Not found", "There is no such page in the console.")
    return _error_page(request, error.status_code, "This did not work", "The address or the form cannot be read.")


def on_exception(request: AnyRequest, error: Exception) -> Template:
    """Exception handler: our own mistakes; the log has the rest."""
    log.exception("unhandled", path=request.url.path, exc_info=error)
    return _error_page(
        request, 500, "Something went wrong", "Something failed on our side. Nothing was lost; please try again."
    )


def _error_page(
    request: AnyRequest, status: int, title: str, detail: str, errors: tuple[FieldError, ...] = ()
) -> Template:
    return render(request, "error", status=status, title=title, detail=detail, errors=errors, code=status)


PAGE_ERRORS: dict[Any, Any] = {
    SignInNeeded: on_sign_in_needed,
    AisleError: on_aisle_error,
    HTTPException: on_http_exception,
    Exception: on_exception,
}


@lru_cache
def asset_url(name: str) -> str:
    """The address of a style sheet or script: it changes with the content, so it may be kept for ever."""
    stem, _, kind = name.partition(".")
    return f"/console/assets/{stem}.{asset_hash(name)}.{kind}"


def is_asset(name: str) -> bool:
    """Whether there is a style sheet or script of this name."""
    return name in {file.name for file in ASSETS.iterdir()}


@lru_cache
def asset_hash(name: str) -> str:
    """The first half of the SHA-256 of an asset, in hex."""
    return hashlib.sha256((ASSETS / name).read_bytes()).hexdigest()[:32]
