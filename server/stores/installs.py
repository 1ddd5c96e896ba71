"""The ways back from a platform's consent page, and the ways there that a platform itself offers."""

from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response, Router, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect

from integrations.woocommerce.auth import read_callback
from server.core.errors import AisleError, Invalid, Unauthenticated
from server.core.logging import get_logger
from server.shops.models import Caller, Role
from server.shops.service import ShopService
from server.stores.connecting import StoreRequest
from server.stores.service import StoreService
from server.stores.shopify import ShopifyInstall
from server.stores.woocommerce import PrepareWooCommerce

NONCE_COOKIE = "aisle_shopify_install"
NONCE_LIVES_S = 600
MAX_CALLBACK_BYTES = 16 * 1024
PAGE = "/console/stores"

AnyRequest = Request[Any, Any, Any]
log = get_logger("stores")


@get("/integrations/shopify/install", include_in_schema=False)
async def shopify_install(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    shopify: NamedDependency[ShopifyInstall],
    shop: FromQuery[str] = "",
) -> Redirect:
    """To Shopify's consent page. Nobody is connected by being sent here: the store's own staff have to agree there."""
    caller.require(Role.ADMIN)
    address, nonce = shopify.begin(caller.shop_id, shop)
    return Redirect(address, status_code=302, cookies=[_nonce(request, nonce, NONCE_LIVES_S)])


@get("/integrations/shopify/callback", include_in_schema=False)
async def shopify_callback(
    request: AnyRequest, caller: NamedDependency[Caller], shopify: NamedDependency[ShopifyInstall]
) -> Redirect:
    """Back from Shopify: signed by it, fresh, and begun by this browser for this shop."""
    caller.require(Role.ADMIN)
    nonce = request.cookies.get(NONCE_COOKIE, "")
    store = await shopify.finish(request.url.query, nonce, caller.shop_id, caller.actor)
    return Redirect(f"{PAGE}?connected={store.id}", status_code=303, cookies=[_nonce(request, "", 0)])


@get("/integrations/shopify/proxy/customer", include_in_schema=False)
async def shopify_customer(
    request: AnyRequest, shops: NamedDependency[ShopService], shopify: NamedDependency[ShopifyInstall]
) -> Response[Any]:
    """Who is signed in at the storefront, by Shopify's word, as the proof that opens a session for them."""
    shop_id, connection_id, customer_id = await shopify.customer_of(request.url.query)
    proof = await shops.vouch_for(shop_id, customer_id, connection_id) if customer_id else None
    return Response({"customer": proof}, headers={"Cache-Control": "private, no-store"})


@get("/integrations/woocommerce/start", include_in_schema=False)
async def woocommerce_start(url: FromQuery[str] = "") -> Redirect:
    """From the plugin's button to our own page, where the signed-in merchant sees which shop asks and agrees."""
    return Redirect(f"{PAGE}?{urlencode({'platform': 'woocommerce', 'store': url[:500]})}", status_code=303)


@get("/integrations/woocommerce/callback", include_in_schema=False)
async def woocommerce_return(success: FromQuery[str] = "") -> Redirect:
    """The merchant's browser comes back; the keys came before it."""
    told = "connected=woocommerce" if success == "1" else "refused=woocommerce"
    return Redirect(f"{PAGE}?{told}", status_code=303)


@post(
    "/integrations/woocommerce/callback",
    status_code=200,
    include_in_schema=False,
    request_max_body_size=MAX_CALLBACK_BYTES,
)
async def woocommerce_keys(
    request: AnyRequest, stores: NamedDependency[StoreService], prepare_woocommerce: NamedDependency[PrepareWooCommerce]
) -> Response[None]:
    """The shop posts the keys. Unsigned, so they count only with a state that we gave out, once, and only when the
    shop that state is for takes them. WooCommerce understands 200 and nothing else as a yes."""
    try:
        granted = read_callback(await request.body())
    except ValueError as reason:
        raise Invalid(str(reason)) from None
    attempt = await stores.consume_attempt("woocommerce", granted.state)
    if attempt is None:
        raise Unauthenticated(
            "These keys were not requested, or the request has expired; connect again from the console."
        )
    request_of = StoreRequest(platform="woocommerce", store=attempt.store)
    try:
        store = await prepare_woocommerce.try_keys(
            attempt.store, granted.consumer_key, granted.consumer_secret, request_of
        )
        await stores.connect(attempt.shop_id, store, attempt.actor)
    except AisleError as reason:
        log.warning("woocommerce_keys_refused", shop_id=str(attempt.shop_id), reason=reason.detail)
        raise
    return Response(None, status_code=200)


def _nonce(request: AnyRequest, value: str, lives_s: int) -> Cookie:
    is_https = request.app.state.own_origin.startswith("https://")
    return Cookie(
        NONCE_COOKIE, value=value, path="/integrations/shopify", max_age=lives_s, httponly=True, samesite="lax",
        secure=is_https,
    )  # fmt: skip


installs_router = Router(
    path="/",
    route_handlers=[
        shopify_install,
        shopify_callback,
        shopify_customer,
        woocommerce_start,
        woocommerce_return,
        woocommerce_keys,
    ],
)
