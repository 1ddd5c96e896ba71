"""The merchant's own shop over HTTP: settings and keys."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Router, delete, get, patch, post
from msgspec import Meta, Struct

from server.core.errors import FieldError, Invalid, NotFound
from server.core.ids import parse_id
from server.shops.models import Caller, KeyView, Role, ShopChanges, ShopView
from server.shops.service import PREFIXES, ShopService


class NewKey(Struct, frozen=True):
    """`POST /v1/keys`."""

    kind: str
    name: Annotated[str, Meta(max_length=100)] = ""


@get("/v1/shop", summary="The shop", tags=["shop"])
async def get_shop(caller: Caller, shops: ShopService) -> ShopView:
    """Everything a merchant may set; the identity secret is told to admins and secret keys."""
    return await shops.view(caller)


@patch("/v1/shop", summary="Change the shop", tags=["shop"])
async def change_shop(data: ShopChanges, caller: Caller, shops: ShopService) -> ShopView:
    """Only the given fields change; all or nothing."""
    return await shops.change(caller, data)


@get("/v1/keys", summary="Keys", tags=["shop"])
async def list_keys(caller: Caller, shops: ShopService) -> dict[str, Any]:
    """Live keys; secret ones by their prefix only."""
    caller.require(Role.ADMIN)
    return {"data": await shops.list_keys(caller.shop_id), "next_cursor": None}


@post("/v1/keys", status_code=201, summary="Make a key", tags=["shop"])
async def create_key(data: NewKey, caller: Caller, shops: ShopService) -> KeyView:
    """A secret key's text is in this answer and nowhere else."""
    caller.require(Role.ADMIN)
    if data.kind not in PREFIXES:
        raise Invalid("No such kind of key.", errors=(FieldError("kind", f"one of {', '.join(PREFIXES)}"),))
    return await shops.add_key(caller.shop_id, data.kind, data.name, caller.actor)


@delete("/v1/keys/{key_id:str}", status_code=204, summary="Revoke a key", tags=["shop"])
async def revoke_key(key_id: str, caller: Caller, shops: ShopService) -> None:
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
        revoke_key,
    ],
)
