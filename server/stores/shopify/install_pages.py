"""Installing the Shopify app: the way to the consent page and back, and the call through a store's app proxy."""

from typing import Any

from litestar import Response, Router, get
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect

from server.core.http import AnyRequest
from server.shops.models import Caller, Role
from server.shops.service import ShopService
from server.stores.shopify.install import ShopifyInstall

NONCE_COOKIE = "aisle_shopify_install"
NONCE_LIFETIME_S = 600
PAGE = "/console/stores"


@get("/integrations/shopify/install", include_in_schema=False)
async def shopify_install(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    shopify: NamedDependency[ShopifyInstall],
    shop: FromQuery[str] = "",
) -> Redirect:
    """Redirect to Shopify's consent page, where the store's own staff agree."""
    caller.require(Role.ADMIN)
    consent = shopify.begin(caller.shop_id, shop)
    return Redirect(consent.address, status_code=302, cookies=[_nonce(request, consent.nonce, NONCE_LIFETIME_S)])


@get("/integrations/shopify/callback", include_in_schema=False)
async def shopify_callback(
    request: AnyRequest, caller: NamedDependency[Caller], shopify: NamedDependency[ShopifyInstall]
) -> Redirect:
    """Connect the store of a return from Shopify that is signed, fresh and begun by this browser for this shop."""
    caller.require(Role.ADMIN)
    nonce = request.cookies.get(NONCE_COOKIE, "")
    store = await shopify.finish(request.url.query, nonce, caller.shop_id, caller.actor)
    return Redirect(f"{PAGE}?connected={store.id}", status_code=303, cookies=[_nonce(request, "", 0)])


@get("/integrations/shopify/proxy/customer", include_in_schema=False)
async def shopify_customer(
    request: AnyRequest, shops: NamedDependency[ShopService], shopify: NamedDependency[ShopifyInstall]
) -> Response[Any]:
    """The signed assertion for the customer whom Shopify has signed in at the storefront; null for a visitor."""
    visitor = await shopify.identify_visitor(request.url.query)
    store, customer_id = visitor.store, visitor.customer_id
    proof = await shops.vouch_for(store.shop_id, customer_id, store.store_id) if customer_id else None
    return Response({"customer": proof}, headers={"Cache-Control": "private, no-store"})


def _nonce(request: AnyRequest, value: str, lifetime_s: int) -> Cookie:
    is_https = request.app.state.own_origin.startswith("https://")
    return Cookie(
        NONCE_COOKIE, value=value, path="/integrations/shopify", max_age=lifetime_s, httponly=True, samesite="lax",
        secure=is_https,
    )  # fmt: skip


install_router = Router(path="/", route_handlers=[shopify_install, shopify_callback, shopify_customer])
