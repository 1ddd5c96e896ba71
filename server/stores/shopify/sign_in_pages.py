"""Signing in at a Shopify account, over HTTP: two calls of the chat, and the page on which the shopper comes back."""

from secrets import token_urlsafe
from typing import Annotated

import msgspec
from babel import Locale, negotiate_locale
from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.response import Template
from msgspec import Meta, Struct

from server.core.errors import AisleError
from server.core.http import AnyRequest
from server.languages import MASTER, load_records
from server.shops.identity import Shopper
from server.stores.shopify.customer_sign_in import CALLBACK, CustomerAccounts

MAX_SECRET = 200


class SignInWords(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`sign_in.toml`: the page's title, and what it says where the result was handed on, could not be, or was none."""

    title: str
    handed: str
    alone: str
    failed: str


WORDS = load_records("sign_in.toml", SignInWords)


class SignInAddress(Struct, frozen=True):
    """Where the shopper signs in: for a window of its own."""

    url: str


class SignInResult(Struct, frozen=True):
    """`POST .../sign-in/result`: the secret that the window sent."""

    result: Annotated[str, Meta(max_length=MAX_SECRET)]


class SignedIn(Struct, frozen=True):
    """What `POST /v1/sessions` takes as `customer`."""

    customer: dict[str, str]


@post(
    "/v1/chat/{conversation_id:str}/sign-in", status_code=201, summary="Sign in at the shop's account", tags=["shopper"]
)
async def begin_sign_in(
    shopper: NamedDependency[Shopper], customer_accounts: NamedDependency[CustomerAccounts]
) -> SignInAddress:
    """Where the shopper signs in; good once, for ten minutes, for this session."""
    return SignInAddress(await customer_accounts.begin(shopper))


@post("/v1/chat/{conversation_id:str}/sign-in/result", status_code=200, summary="Finish a sign-in", tags=["shopper"])
async def redeem_sign_in(
    data: JSONBody[SignInResult],
    shopper: NamedDependency[Shopper],
    customer_accounts: NamedDependency[CustomerAccounts],
) -> SignedIn:
    """The signed assertion of who signed in, for the next session. The same answer for a secret that is wrong, used,
    expired or of another session."""
    return SignedIn(await customer_accounts.redeem(shopper, data.result))


@get(CALLBACK, include_in_schema=False)
async def finish_sign_in(request: AnyRequest, customer_accounts: NamedDependency[CustomerAccounts]) -> Template:
    """The window's last page, which sends the result to our page that opened it, to no other, and closes itself."""
    state, code = (request.query_params.get(name, "") for name in ("state", "code"))
    try:
        result, status = await customer_accounts.finish(state, code), 200
    except AisleError as reason:
        result, status = "", reason.status
    nonce = token_urlsafe(16)
    own: str = request.app.state.own_origin
    context = {"nonce": nonce, "own": own, "result": result, **_words(request)}
    return Template("stores/signed_in.html", context=context, headers=_headers(nonce), status_code=status)


def _words(request: AnyRequest) -> dict[str, str]:
    accepted = request.headers.get("accept-language", "").split(",")
    wanted = [entry.partition(";")[0].strip()[:35] for entry in accepted[:20]]
    locale = negotiate_locale([tag for tag in wanted if tag], list(WORDS), sep="-") or MASTER
    direction = Locale.parse(locale).text_direction
    return {"lang": locale, "direction": direction, **msgspec.to_builtins(WORDS[locale])}


def _headers(nonce: str) -> dict[str, str]:
    return {
        "Content-Security-Policy": f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }


sign_in_router = Router(path="/", route_handlers=[begin_sign_in, redeem_sign_in, finish_sign_in])
