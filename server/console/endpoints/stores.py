"""The page of connected stores: connect one, see how it goes, read it now, take it away."""

from typing import Any
from urllib.parse import urlsplit

import msgspec
from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template

from integrations.woocommerce.auth import consent_url, normalise_store_url
from server.console.endpoints.api import require_id
from server.console.endpoints.page import HEADERS, PAGE_ERRORS, AnyRequest, Visitor, provide_visitor, render
from server.core.errors import Conflict, Invalid
from server.stores.connecting import Connecting, StoreRequest
from server.stores.customer_sign_in import CALLBACK
from server.stores.models import CUSTOMER_CLIENT_ID, shown_address
from server.stores.service import StoreService
from server.stores.shopify import ShopifyInstall

PAGE = "/console/stores"
FIELDS = ("platform", "name", "store", "consumer_key", "consumer_secret", "feed_url", "orders_url")
SECRET_FIELDS = ("consumer_key", "consumer_secret")

Form = URLEncodedBody[dict[str, str]]


@get(PAGE, include_in_schema=False)
async def show_stores(
    request: AnyRequest,
    visitor: NamedDependency[Visitor],
    stores: NamedDependency[StoreService],
    shopify: NamedDependency[ShopifyInstall],
) -> Template:
    """All connected stores, and the ways to connect one. A link may name a store to begin with."""
    given = {name: request.query_params.get(name, "")[:500] for name in ("platform", "store")}
    return await _page(request, visitor, stores, shopify, given=given, came=request.query_params.get("connected", ""))


@post(f"{PAGE}/connect", status_code=303, include_in_schema=False)
async def connect_store(
    request: AnyRequest,
    data: Form,
    visitor: NamedDependency[Visitor],
    stores: NamedDependency[StoreService],
    connecting: NamedDependency[Connecting],
    shopify: NamedDependency[ShopifyInstall],
) -> Response[Any]:
    """Connect by what was typed in."""
    given = {name: value.strip() for name in FIELDS if (value := data.get(name, "")).strip()}
    visitor.require_set_up()
    try:
        wanted = msgspec.convert(given, StoreRequest)
        store = await connecting.prepare(wanted)
        made = await stores.connect(visitor.caller.shop_id, store, visitor.caller.actor)
    except (Invalid, Conflict, msgspec.ValidationError) as reason:
        shown = {name: value for name, value in given.items() if name not in SECRET_FIELDS}
        return await _page(request, visitor, stores, shopify, given=shown, problem=_words(reason))
    if store.told_once:
        secret = store.credentials[store.told_once[0]]
        return await _page(request, visitor, stores, shopify, given={}, secret=secret)
    return Redirect(f"{PAGE}?connected={made.id}", status_code=303, headers=HEADERS)


@post(f"{PAGE}/consent", status_code=200, include_in_schema=False)
async def ask_for_consent(
    request: AnyRequest,
    data: Form,
    visitor: NamedDependency[Visitor],
    stores: NamedDependency[StoreService],
    shopify: NamedDependency[ShopifyInstall],
) -> Template:
    """A link to the shop's own consent page: a form may not lead to another site, a link may."""
    visitor.require_set_up()
    own: str = request.app.state.own_origin
    given = {"platform": "woocommerce", "store": data.get("store", "").strip()}
    try:
        store_url = normalise_store_url(given["store"])
        state = await stores.create_attempt(visitor.caller, "woocommerce", store_url)
        back = f"{own}/integrations/woocommerce/callback"
        address = consent_url(store_url, state=state, callback_url=back, return_url=back)
    except ValueError as reason:
        return await _page(request, visitor, stores, shopify, given=given, problem=str(reason))
    consent = {"address": address, "store": urlsplit(store_url).netloc}
    return await _page(request, visitor, stores, shopify, given=given, consent=consent)


@post(f"{PAGE}/{{connection_id:str}}/sync", status_code=303, include_in_schema=False)
async def sync_store(
    connection_id: FromPath[str], visitor: NamedDependency[Visitor], stores: NamedDependency[StoreService]
) -> Redirect:
    """Read it now."""
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
    shopify: NamedDependency[ShopifyInstall],
) -> Response[Any]:
    """With which client shoppers sign in at the store; an empty one ends it."""
    visitor.require_set_up()
    client_id = data.get(CUSTOMER_CLIENT_ID, "").strip() or None
    try:
        await stores.set_customer_client(visitor.caller, require_id(connection_id), client_id)
    except Invalid as reason:
        return await _page(request, visitor, stores, shopify, given={}, problem=_words(reason))
    return Redirect(PAGE, status_code=303, headers=HEADERS)


@post(f"{PAGE}/{{connection_id:str}}/disconnect", status_code=303, include_in_schema=False)
async def disconnect_store(
    connection_id: FromPath[str], visitor: NamedDependency[Visitor], stores: NamedDependency[StoreService]
) -> Redirect:
    """Forget it; what was read stays."""
    await stores.disconnect(visitor.caller, require_id(connection_id))
    return Redirect(PAGE, status_code=303, headers=HEADERS)


async def _page(
    request: AnyRequest,
    visitor: Visitor,
    stores: StoreService,
    shopify: ShopifyInstall,
    *,
    given: dict[str, str],
    problem: str = "",
    consent: dict[str, str] | None = None,
    came: str = "",
    secret: str = "",
) -> Template:
    return render(
        request,
        "stores",
        visitor=visitor,
        status=422 if problem else 200,
        address=shown_address,
        stores=await stores.list_stores(visitor.caller.shop_id),
        given=given,
        problem=problem,
        consent=consent,
        came=came,
        secret=secret,
        has_shopify=shopify.is_possible,
        callback=f"{request.app.state.own_origin}{CALLBACK}",
        has_consent=request.app.state.own_origin.startswith("https://"),
    )


def _words(reason: Exception) -> str:
    if isinstance(reason, Invalid) and reason.errors:
        return " ".join(f"{error.message}." for error in reason.errors)
    return str(getattr(reason, "detail", "Something that was typed in cannot be used."))


stores_pages_router = Router(
    path="/",
    route_handlers=[show_stores, connect_store, ask_for_consent, sync_store, set_sign_in, disconnect_store],
    dependencies={"visitor": Provide(provide_visitor)},
    exception_handlers=PAGE_ERRORS,
)
