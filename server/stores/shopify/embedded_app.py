"""The app's page inside Shopify's admin, and the one request it makes.

Browsers send no cookies from a page in a foreign frame, so a session token of Shopify authenticates the request.
"""

from secrets import token_urlsafe

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.response import Template

from server.core.errors import Unauthenticated
from server.core.http import AnyRequest, bearer_token
from server.stores.shopify.admin_session import ConnectedStoreView, ShopifyAdmin, UnconnectedStoreView

ADMIN = "https://admin.shopify.com"
APP_BRIDGE = "https://cdn.shopify.com"


@get("/integrations/shopify/app", include_in_schema=False)
async def show_app(request: AnyRequest, shopify_admin: NamedDependency[ShopifyAdmin]) -> Template:
    """The app's page for the store that the address names. Only that store's admin may frame it.

    Unless Shopify has signed the address, the page is a notice that nothing may frame.
    """
    launch = shopify_admin.find_launch(request.url.query)
    nonce = token_urlsafe(16)
    if launch is None:
        return Template("stores/not_in_admin.html", context={"nonce": nonce}, headers=_headers(nonce, "'none'"))
    ancestors = f"https://{launch.shop_domain} {ADMIN}"
    context = {"nonce": nonce, "launch": launch, "own_origin": request.app.state.own_origin, "app_bridge": APP_BRIDGE}
    return Template("stores/embedded.html", context=context, headers=_headers(nonce, ancestors, APP_BRIDGE))


@post("/integrations/shopify/session", status_code=200, include_in_schema=False)
async def get_store_state(
    request: AnyRequest, shopify_admin: NamedDependency[ShopifyAdmin]
) -> Response[ConnectedStoreView | UnconnectedStoreView]:
    """The state of the store that the session token is for, as JSON."""
    token = bearer_token(request)
    if token is None:
        raise Unauthenticated("Send a session token of Shopify's admin as a bearer token.")
    return Response(await shopify_admin.describe_store(token), headers={"Cache-Control": "private, no-store"})


def _headers(nonce: str, ancestors: str, scripts: str = "") -> dict[str, str]:
    return {
        "Content-Security-Policy": f"default-src 'none'; script-src 'nonce-{nonce}' {scripts}; "
        f"style-src 'nonce-{nonce}'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        f"frame-ancestors {ancestors}",
        "Cache-Control": "private, no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }


embedded_app_router = Router(path="/", route_handlers=[show_app, get_store_state])
