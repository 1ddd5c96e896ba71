"""The console's page of connected stores: to connect one, see its state, synchronize or disconnect it."""

from typing import Any

import msgspec
from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template

from server.console.endpoints.api import require_id
from server.console.endpoints.page import HEADERS, PAGE_ERRORS, Visitor, provide_visitor, render
from server.core.errors import Conflict, Invalid, NotFound
from server.core.http import AnyRequest
from server.stores.connect_form import Consent
from server.stores.disconnection import StoreDisconnection
from server.stores.models import CUSTOMER_CLIENT_ID
from server.stores.platforms import PLATFORMS, REQUEST_FIELDS, AnyStoreRequest, StorePlatforms
from server.stores.service import StoreService
from server.stores.shopify.customer_sign_in import CALLBACK

PAGE = "/console/stores"
TYPED_FIELDS = tuple(name for name in REQUEST_FIELDS if name != "every_s")
SECRET_FIELDS = {field.name for each in PLATFORMS if each.form for field in each.form.fields if field.is_secret}

Form = URLEncodedBody[dict[str, str]]


@get(PAGE, include_in_schema=False)
async def show_stores(
    request: AnyRequest,
    visitor: NamedDependency[Visitor],
    stores: NamedDependency[StoreService],
    platforms: NamedDependency[StorePlatforms],
) -> Template:
    """Show all connected stores and a form for each platform. Query parameters may fill in `platform` and `store`."""
    given = {name: request.query_params.get(name, "")[:500] for name in ("platform", "store")}
    return await _page(
        request, visitor, stores, platforms, given=given, connected=request.query_params.get("connected", "")
    )


@post(f"{PAGE}/connect", status_code=303, include_in_schema=False)
async def connect_store(
    request: AnyRequest,
    data: Form,
    visitor: NamedDependency[Visitor],
    stores: NamedDependency[StoreService],
    platforms: NamedDependency[StorePlatforms],
) -> Response[Any]:
    """Connect a store with the values of a form."""
    given = {name: value.strip() for name in TYPED_FIELDS if (value := data.get(name, "")).strip()}
    visitor.require_set_up()
    try:
        store = await platforms.prepare(msgspec.convert(given, AnyStoreRequest))
        made = await stores.connect(visitor.caller.shop_id, store, visitor.caller.actor)
    except (Invalid, Conflict, msgspec.ValidationError) as reason:
        shown = {name: value for name, value in given.items() if name not in SECRET_FIELDS}
        return await _page(request, visitor, stores, platforms, given=shown, problem=_describe_problem(reason))
    if store.shown_once:
        secret = store.credentials[store.shown_once[0]]
        return await _page(request, visitor, stores, platforms, given={}, secret=secret)
    return Redirect(f"{PAGE}?connected={made.id}", status_code=303, headers=HEADERS)


@post(f"{PAGE}/consent", status_code=200, include_in_schema=False)
async def show_consent_link(
    request: AnyRequest,
    data: Form,
    visitor: NamedDependency[Visitor],
    stores: NamedDependency[StoreService],
    platforms: NamedDependency[StorePlatforms],
) -> Template:
    """Show a link to the store's consent page. It is a link, because the content security policy of the console's pages
    does not let a form lead to another site."""
    visitor.require_set_up()
    given = {"platform": data.get("platform", ""), "store": data.get("store", "").strip()}
    platform = platforms.find(given["platform"])
    form = platform.form if platform else None
    if platform is None or form is None or form.consent is None or form.consent.link:
        raise NotFound
    try:
        consent = await platform.begin_consent(visitor.caller, given["store"])
    except (Invalid, ValueError) as reason:
        return await _page(request, visitor, stores, platforms, given=given, problem=_describe_problem(reason))
    return await _page(request, visitor, stores, platforms, given=given, consent=consent)


@post(f"{PAGE}/{{connection_id:str}}/sync", status_code=303, include_in_schema=False)
async def sync_store(
    connection_id: FromPath[str], visitor: NamedDependency[Visitor], stores: NamedDependency[StoreService]
) -> Redirect:
    """Enqueue a full synchronization of a store."""
    visitor.require_set_up()
    await stores.enqueue_sync(visitor.caller.shop_id, require_id(connection_id), full=True)
    return Redirect(PAGE, status_code=303, headers=HEADERS)


@post(f"{PAGE}/{{connection_id:str}}/sign-in", status_code=303, include_in_schema=False)
async def set_sign_in(
    request: AnyRequest,
    connection_id: FromPath[str],
    data: Form,
    visitor: NamedDependency[Visitor],
    stores: NamedDependency[StoreService],
    platforms: NamedDependency[StorePlatforms],
) -> Response[Any]:
    """Set the id of the client with which shoppers sign in at the store. An empty one switches their sign-in off."""
    visitor.require_set_up()
    client_id = data.get(CUSTOMER_CLIENT_ID, "").strip() or None
    try:
        await stores.set_customer_client(visitor.caller, require_id(connection_id), client_id)
    except Invalid as reason:
        return await _page(request, visitor, stores, platforms, given={}, problem=_describe_problem(reason))
    return Redirect(PAGE, status_code=303, headers=HEADERS)


@post(f"{PAGE}/{{connection_id:str}}/disconnect", status_code=303, include_in_schema=False)
async def disconnect_store(
    connection_id: FromPath[str],
    visitor: NamedDependency[Visitor],
    disconnection: NamedDependency[StoreDisconnection],
) -> Redirect:
    """Disconnect a store; its products and documents stay."""
    await disconnection.disconnect(visitor.caller, require_id(connection_id))
    return Redirect(PAGE, status_code=303, headers=HEADERS)


async def _page(
    request: AnyRequest,
    visitor: Visitor,
    stores: StoreService,
    platforms: StorePlatforms,
    *,
    given: dict[str, str],
    problem: str = "",
    consent: Consent | None = None,
    connected: str = "",
    secret: str = "",
) -> Template:
    return render(
        request,
        "stores",
        visitor=visitor,
        status=422 if problem else 200,
        describe=platforms.describe,
        platforms=[each for each in platforms.list_platforms() if each.form],
        stores=await stores.list_stores(visitor.caller.shop_id),
        given=given,
        problem=problem,
        consent=consent,
        connected=connected,
        secret=secret,
        callback=f"{request.app.state.own_origin}{CALLBACK}",
    )


def _describe_problem(reason: Exception) -> str:
    if isinstance(reason, Invalid) and reason.errors:
        return " ".join(f"{error.message}." for error in reason.errors)
    if isinstance(reason, Conflict | Invalid):
        return reason.detail
    return str(reason) if type(reason) is ValueError else "Something that you typed in cannot be used."


stores_pages_router = Router(
    path="/",
    route_handlers=[show_stores, connect_store, show_consent_link, sync_store, set_sign_in, disconnect_store],
    dependencies={"visitor": Provide(provide_visitor)},
    exception_handlers=PAGE_ERRORS,
)
