"""The merchant's own shop over HTTP: settings and keys."""

from typing import Annotated, Any, TypeAlias
from uuid import UUID

from litestar import Response, Router, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta, Struct

from server.core.errors import FieldError, Invalid, NotFound, OriginRefused, Unauthenticated
from server.core.http import AnyRequest, request_origin
from server.core.ids import parse_id
from server.shops.launcher import LauncherAnswer, launcher_of
from server.shops.models import Caller, KeyView, Role, ShopChanges, ShopView
from server.shops.service import PREFIXES, ShopService

LAUNCHER_CACHE = "public, max-age=60"


Answers: TypeAlias = Annotated[int, Meta(ge=0, le=10**9)]


class NewKey(Struct, frozen=True):
    """`POST /v1/keys`."""

    kind: str
    name: Annotated[str, Meta(max_length=100)] = ""
    answers_per_period: Answers | None = None


class KeyChanges(Struct, frozen=True, forbid_unknown_fields=True):
    """`PATCH /v1/keys/{id}`."""

    answers_per_period: Answers | None


@get("/v1/shop", summary="The shop", tags=["shop"])
async def get_shop(caller: NamedDependency[Caller], shops: NamedDependency[ShopService]) -> ShopView:
    """Everything a merchant may set; the identity secret is shown to admins and secret keys.

    `appearance` holds what was set. `appearance_notes` names colours that cannot be read on each other, and what the
    widget shows instead.
    """
    return await shops.view(caller)


@patch("/v1/shop", summary="Change the shop", tags=["shop"])
async def change_shop(
    data: JSONBody[ShopChanges], caller: NamedDependency[Caller], shops: NamedDependency[ShopService]
) -> ShopView:
    """Only the given fields change; all or nothing.

    So it is inside `appearance` too: each setting that is named is replaced whole (a list or an object as well), the
    others stay; null takes a setting back to its default, and `"appearance": null` takes back all of them. Settings:

    - `accent`, `accent_dark`, `background`, `background_dark`: `#rrggbb`; `theme`: auto, light, dark; `font`: CSS
      families; `radius`: 0..28 px; `variables`: `--aisle-bubble`, `-bubble-ink`, `-line`, `-card`, `-muted`, `-focus`
    - `name`, `logo_url`, `avatar_url` (https), `hide_branding` (where the plan has it), `sound`, `images`, `consent`
    - `launcher`: `{icon: bubble|question|bag|sparkle|headset, icon_url, label, shape: round|squircle|pill}`;
      `position`: right, left; `offset`: `{x, y}` 0..300 px; `phone`, `desktop`: `{hidden, position, offset}`
    - `rules`: at most 20 of `{match, device, hidden, position, greeting, suggestions}`, the first that fits wins
    - `nudges`: at most 10 of `{match, device, text, after_s, scroll, exit}`; `quiet`:
      `{max_per_page_load, hours_after_close}`

    `match` is a path such as `/checkout*` or an address; `*` stands for anything.
    """
    return await shops.change(caller, data)


@get("/v1/launcher", summary="The launcher", tags=["shopper"])
async def get_launcher(
    request: AnyRequest, shops: NamedDependency[ShopService], key: FromQuery[str] = ""
) -> Response[LauncherAnswer]:
    """What the loader draws the button by; `key` is the publishable one. May be cached for a minute.

    401 for an unknown key, 403 for a page whose origin is not on the shop's list.
    """
    shop_id, _ = await shops.shop_of_key(key, "publishable")
    profile = await shops.profile(shop_id)
    origin = request_origin(request)
    if not profile.active:
        raise Unauthenticated("This shop is switched off.")
    if origin and origin != request.app.state.own_origin and origin not in profile.origins:
        raise OriginRefused(
            "This site's origin is not on the shop's list; add it in the console or with PATCH /v1/shop."
        )
    return Response(launcher_of(profile.appearance), headers={"Cache-Control": LAUNCHER_CACHE})


@get("/v1/keys", summary="Keys", tags=["shop"])
async def list_keys(caller: NamedDependency[Caller], shops: NamedDependency[ShopService]) -> dict[str, Any]:
    """Live keys; secret ones by their prefix only."""
    caller.require(Role.ADMIN)
    return {"data": await shops.list_keys(caller.shop_id), "next_cursor": None}


@post("/v1/keys", status_code=201, summary="Create a key", tags=["shop"])
async def create_key(
    data: JSONBody[NewKey], caller: NamedDependency[Caller], shops: NamedDependency[ShopService]
) -> KeyView:
    """A secret key's text is in this response and nowhere else.

    `answers_per_period` limits what shoppers may be answered by a publishable key in a period of the plan.
    """
    caller.require(Role.ADMIN)
    if data.kind not in PREFIXES:
        raise Invalid("There is no such kind of key.", errors=(FieldError("kind", f"one of {', '.join(PREFIXES)}"),))
    return await shops.add_key(
        caller.shop_id, data.kind, data.name, caller.actor, answers_per_period=data.answers_per_period
    )


@patch("/v1/keys/{key_id:str}", summary="Limit a key", tags=["shop"])
async def change_key(
    key_id: FromPath[str],
    data: JSONBody[KeyChanges],
    caller: NamedDependency[Caller],
    shops: NamedDependency[ShopService],
) -> KeyView:
    """Give a publishable key a limit of its own in answers a period, or take it away with null."""
    caller.require(Role.ADMIN)
    return await shops.limit_key(caller, _require_id(key_id), data.answers_per_period)


@delete("/v1/keys/{key_id:str}", status_code=204, summary="Revoke a key", tags=["shop"])
async def revoke_key(
    key_id: FromPath[str], caller: NamedDependency[Caller], shops: NamedDependency[ShopService]
) -> None:
    """It stops working within seconds, everywhere."""
    caller.require(Role.ADMIN)
    await shops.revoke_key(caller, _require_id(key_id))


def _require_id(text: str) -> UUID:
    found = parse_id(text)
    if found is None:
        raise NotFound
    return found


shops_router = Router(
    path="/",
    route_handlers=[
        get_shop,
        change_shop,
        list_keys,
        create_key,
        change_key,
        revoke_key,
        get_launcher,
    ],
)
