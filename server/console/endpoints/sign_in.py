"""Signing in and out of the console, and what its pages load."""

import hashlib
from typing import Any

from litestar import Response, Router, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template

from server.console.endpoints.page import (
    ASSETS,
    HEADERS,
    PAGE_ERRORS,
    asset_hash,
    is_asset,
    render,
    require_own_form,
)
from server.core.addresses import SITE_PREFIX, network_of
from server.core.errors import NotFound, RateLimited, Unauthenticated
from server.core.http import AnyRequest, client_address
from server.core.rate_limit import Limit, RateLimiter
from server.core.tokens import TokenSigner
from server.shops.access import COOKIE, COOKIE_LIFETIME_S, ConsoleClaims
from server.shops.members import Members
from server.shops.tables import MerchantRow

BY_ADDRESS = Limit("sign-in-address", per_minute=10, burst=20)
BY_EMAIL = Limit("sign-in-email", per_minute=2, burst=8)
BY_EMAIL_ANYWHERE = Limit("sign-in-email-anywhere", per_minute=20, burst=100)
BY_EMAIL_RESERVE = Limit("sign-in-email-reserve", per_minute=2 / 60, burst=2)
"""For each network when the account's tries are used up elsewhere: a stranger who fails in a merchant's name from many
networks does not keep the merchant out (decisions/0009)."""
MAX_EMAIL = 254
MAX_PASSWORD = 1_024
"""Characters of a password we are willing to hash."""
ASSET_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
REFUSED = "The e-mail or the password is not correct."
TOO_OFTEN = "Too many attempts. Please wait a minute and try again."
NO_SHOP = "You are not a member of any shop. Ask the owner of a shop to add you."

Form = URLEncodedBody[dict[str, str]]


@get("/console/sign-in", include_in_schema=False)
async def show_sign_in(request: AnyRequest) -> Template:
    """The form."""
    return _form(request, request.query_params.get("next", ""))


@post("/console/sign-in", status_code=200, include_in_schema=False)
async def sign_in(
    request: AnyRequest,
    data: Form,
    members: NamedDependency[Members],
    limiter: NamedDependency[RateLimiter],
    console_signer: NamedDependency[TokenSigner[ConsoleClaims]],
) -> Response[Any]:
    """Set the cookie and go on; the same words for an unknown e-mail and a wrong password."""
    require_own_form(request)
    back = data.get("next", "")
    email = data.get("email", "").strip().lower()
    try:
        merchant = await _check(request, members, limiter, email, data.get("password", ""))
    except RateLimited as reason:
        page = _form(request, back, email, TOO_OFTEN, status=429)
        page.headers["Retry-After"] = str(max(1, round(reason.retry_after_s or 1)))
        return page
    except Unauthenticated:
        return _form(request, back, email, REFUSED, status=401)
    places = await members.memberships(merchant.id)
    if not places:
        return _form(request, back, email, NO_SHOP, status=403)
    claims = ConsoleClaims(merchant_id=merchant.id, shop_id=places[0].shop_id)
    return to_page(request, safe_way_back(back), console_signer, claims)


@post("/console/sign-out", status_code=303, include_in_schema=False)
async def sign_out(
    request: AnyRequest, members: NamedDependency[Members], console_signer: NamedDependency[TokenSigner[ConsoleClaims]]
) -> Redirect:
    """Forget the cookie, and refuse it from now on wherever else it may be."""
    require_own_form(request)
    if claims := console_signer.read(request.cookies.get(COOKIE, "")):
        await members.sign_out(claims.merchant_id)
    gone = _cookie(request, "", 0)
    return Redirect("/console/sign-in", status_code=303, cookies=[gone], headers=HEADERS)


@get("/console/assets/{name:str}", include_in_schema=False)
async def show_asset(name: FromPath[str]) -> Response[bytes]:
    """A style sheet or script under its content's own name; it never changes."""
    stem, _, rest = name.partition(".")
    given_hash, _, kind = rest.partition(".")
    file = f"{stem}.{kind}"
    if kind not in ASSET_TYPES or not is_asset(file) or given_hash != asset_hash(file):
        raise NotFound
    return Response(
        (ASSETS / file).read_bytes(),
        media_type=ASSET_TYPES[kind],
        headers={"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"},
    )


def to_page(
    request: AnyRequest, path: str, console_signer: TokenSigner[ConsoleClaims], claims: ConsoleClaims
) -> Redirect:
    """Go to a page as this merchant in this shop."""
    token = console_signer.sign(claims, lifetime_s=COOKIE_LIFETIME_S)
    return Redirect(path, status_code=303, cookies=[_cookie(request, token, COOKIE_LIFETIME_S)], headers=HEADERS)


def safe_way_back(path: str) -> str:
    """Only a page of the console: anything else would let a link send people elsewhere."""
    is_ours = path == "/console" or path.startswith(("/console/", "/console?"))
    return path if is_ours and "\\" not in path and path.isprintable() else "/console"


async def _check(request: AnyRequest, members: Members, limiter: RateLimiter, email: str, password: str) -> MerchantRow:
    hashed = hashlib.sha256(email.encode()).hexdigest()[:32]
    address = client_address(request)
    network = network_of(address) or "unknown"
    if not await limiter.require(
        (BY_ADDRESS, network), (BY_EMAIL, f"{hashed}:{network}"), share=(BY_EMAIL_ANYWHERE, hashed)
    ):
        site = network_of(address, v6_prefix=SITE_PREFIX) or "unknown"
        await limiter.require((BY_EMAIL_RESERVE, f"{hashed}:{site}"))
    if not email.isprintable() or len(email) > MAX_EMAIL or len(password) > MAX_PASSWORD:
        raise Unauthenticated(REFUSED)
    return await members.sign_in(email, password)


def _form(request: AnyRequest, back: str, email: str = "", problem: str = "", *, status: int = 200) -> Template:
    return render(request, "sign_in", status=status, back=safe_way_back(back), email=email, problem=problem)


def _cookie(request: AnyRequest, value: str, lifetime_s: int) -> Cookie:
    return Cookie(
        COOKIE,
        value=value,
        path="/",
        max_age=lifetime_s,
        httponly=True,
        samesite="lax",
        secure=request.app.state.own_origin.startswith("https://"),
    )


sign_in_router = Router(
    path="/",
    route_handlers=[show_sign_in, sign_in, sign_out, show_asset],
    exception_handlers=PAGE_ERRORS,
)
