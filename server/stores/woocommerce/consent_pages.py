"""The routes around WooCommerce's consent page: from the plugin to the console, back from the page, and the keys that
the shop posts."""

from urllib.parse import urlencode

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect

from integrations.woocommerce.auth import read_callback
from server.core.errors import AisleError, Invalid, Unauthenticated
from server.core.http import AnyRequest
from server.core.logging import get_logger
from server.stores.service import StoreService
from server.stores.woocommerce.keys import KeyCheck, WooCommerceRequest

CALLBACK = "/integrations/woocommerce/callback"
MAX_CALLBACK_BYTES = 16 * 1024
PAGE = "/console/stores"

log = get_logger("stores")


@get("/integrations/woocommerce/start", include_in_schema=False)
async def woocommerce_start(url: FromQuery[str] = "") -> Redirect:
    """Redirect from the plugin's button to the console, where the merchant sees which shop wants to be connected."""
    return Redirect(f"{PAGE}?{urlencode({'platform': 'woocommerce', 'store': url[:500]})}", status_code=303)


@get(CALLBACK, include_in_schema=False)
async def woocommerce_return(success: FromQuery[str] = "") -> Redirect:
    """Redirect a merchant who comes back from the consent page to the console. The shop has posted the keys before."""
    result = "connected=woocommerce" if success == "1" else "refused=woocommerce"
    return Redirect(f"{PAGE}?{result}", status_code=303)


@post(
    CALLBACK,
    status_code=200,
    include_in_schema=False,
    request_max_body_size=MAX_CALLBACK_BYTES,
)
async def woocommerce_keys(
    request: AnyRequest, stores: NamedDependency[StoreService], key_check: NamedDependency[KeyCheck]
) -> Response[None]:
    """Connect the shop with the keys that it posts.

    The request is not signed. So it has to name a `state` of ours, which is valid once, and the shop that this state
    was made for has to accept the keys. WooCommerce shows the merchant an error for any status but 200.
    """
    try:
        granted = read_callback(await request.body())
    except ValueError as reason:
        raise Invalid(str(reason)) from None
    attempt = await stores.consume_attempt("woocommerce", granted.state)
    if attempt is None:
        raise Unauthenticated(
            "These keys were not requested, or the request has expired; connect again from the console."
        )
    store_request = WooCommerceRequest(platform="woocommerce", store=attempt.store)
    try:
        store = await key_check.try_keys(attempt.store, granted.consumer_key, granted.consumer_secret, store_request)
        await stores.connect(attempt.shop_id, store, attempt.actor)
    except AisleError as reason:
        log.warning("woocommerce_keys_refused", shop_id=str(attempt.shop_id), reason=reason.detail)
        raise
    return Response(None, status_code=200)


consent_router = Router(path="/", route_handlers=[woocommerce_start, woocommerce_return, woocommerce_keys])
