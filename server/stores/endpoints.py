"""A shop's connected stores over HTTP."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Router, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType

from server.core.errors import NotFound
from server.core.ids import parse_id
from server.shops.models import Caller, Role
from server.stores.disconnection import StoreDisconnection
from server.stores.models import CUSTOMER_CLIENT_ID, StoreConnection
from server.stores.platforms import AnyStoreRequest, StorePlatforms
from server.stores.service import StoreService

Name = Annotated[str, Meta(max_length=100)]


class SyncRequest(Struct, frozen=True):
    """`POST /v1/connections/{id}/sync`: `full` reads everything again."""

    full: bool = False


class ConnectionChanges(Struct, frozen=True):
    """`PATCH /v1/connections/{id}`. `customer_client_id` is the client of the store's Customer Account API with which
    shoppers sign in; null ends that. Shopify only."""

    customer_client_id: Name | None | UnsetType = UNSET


@get("/v1/connections", summary="Connected stores", tags=["stores"])
async def list_connections(
    caller: NamedDependency[Caller], stores: NamedDependency[StoreService], platforms: NamedDependency[StorePlatforms]
) -> dict[str, Any]:
    """How each is and when it was read, without credentials."""
    return {
        "data": [connection_view(store, platforms) for store in await stores.list_stores(caller.shop_id)],
        "next_cursor": None,
    }


@get("/v1/connections/{connection_id:str}", summary="One connected store", tags=["stores"])
async def get_connection(
    connection_id: FromPath[str],
    caller: NamedDependency[Caller],
    stores: NamedDependency[StoreService],
    platforms: NamedDependency[StorePlatforms],
) -> dict[str, Any]:
    """Its state, its last sync, and what the merchant has to do."""
    return connection_view(await stores.get(caller.shop_id, _require_id(connection_id)), platforms)


@post("/v1/connections", status_code=201, summary="Connect a store", tags=["stores"])
async def create_connection(
    data: JSONBody[AnyStoreRequest],
    caller: NamedDependency[Caller],
    stores: NamedDependency[StoreService],
    platforms: NamedDependency[StorePlatforms],
) -> dict[str, Any]:
    """Try the store with what is given, connect it when it answers, and begin to read it."""
    caller.require(Role.ADMIN)
    store = await platforms.prepare(data)
    view = connection_view(await stores.connect(caller.shop_id, store, caller.actor), platforms)
    return view | {name: store.credentials[name] for name in store.shown_once}


@post("/v1/connections/{connection_id:str}/sync", status_code=202, summary="Read a store now", tags=["stores"])
async def sync_connection(
    connection_id: FromPath[str],
    caller: NamedDependency[Caller],
    stores: NamedDependency[StoreService],
    data: JSONBody[SyncRequest | None] = None,
) -> dict[str, Any]:
    """A job that reads what has changed, or everything."""
    caller.require(Role.ADMIN)
    full = bool(data and data.full)
    return {"job_id": await stores.enqueue_sync(caller.shop_id, _require_id(connection_id), full=full)}


@patch("/v1/connections/{connection_id:str}", summary="Change a connected store", tags=["stores"])
async def change_connection(
    connection_id: FromPath[str],
    data: JSONBody[ConnectionChanges],
    caller: NamedDependency[Caller],
    stores: NamedDependency[StoreService],
    platforms: NamedDependency[StorePlatforms],
) -> dict[str, Any]:
    """How shoppers sign in at the store; a field that is left out stays as it is."""
    caller.require(Role.ADMIN)
    found = _require_id(connection_id)
    if data.customer_client_id is UNSET:
        return connection_view(await stores.get(caller.shop_id, found), platforms)
    return connection_view(await stores.set_customer_client(caller, found, data.customer_client_id), platforms)


@delete("/v1/connections/{connection_id:str}", status_code=204, summary="Disconnect a store", tags=["stores"])
async def delete_connection(
    connection_id: FromPath[str], caller: NamedDependency[Caller], disconnection: NamedDependency[StoreDisconnection]
) -> None:
    """Its webhooks are removed, where the store can be reached, and its credentials are deleted at once; its products
    and documents stay."""
    await disconnection.disconnect(caller, _require_id(connection_id))


def connection_view(store: StoreConnection, platforms: StorePlatforms) -> dict[str, Any]:
    """A connected store as the API shows it."""
    description = platforms.describe(store)
    return {
        "id": store.id,
        "platform": store.platform,
        "name": store.name,
        "store": description.address,
        "state": store.state,
        "sync_state": store.sync_state,
        "synced_at": store.synced_at,
        "next_sync_at": store.next_sync_at,
        "every_s": store.every_s,
        "problem": store.problem,
        "notes": description.notes,
        "customer_client_id": store.settings.get(CUSTOMER_CLIENT_ID),
        "result": store.result,
        "created_at": store.created_at,
    }


def _require_id(text: str) -> UUID:
    found = parse_id(text)
    if found is None:
        raise NotFound
    return found


stores_router = Router(
    path="/",
    route_handlers=[
        list_connections,
        get_connection,
        create_connection,
        change_connection,
        sync_connection,
        delete_connection,
    ],
)
