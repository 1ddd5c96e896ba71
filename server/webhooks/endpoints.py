"""Where stores tell of changes. Answered as soon as the change is stored; nothing is worked through here."""

from typing import Any

from litestar import Request, Response, Router, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from server.webhooks.service import Delivery, Inbox
from server.webhooks.sources import SHOPIFY, WOOCOMMERCE, ShopifySecrets, shop_domain

MAX_BODY_BYTES = 16 * 1024 * 1024

AnyRequest = Request[Any, Any, Any]


@post("/webhooks/shopify", status_code=200, request_max_body_size=MAX_BODY_BYTES, include_in_schema=False)
async def shopify_webhook(
    request: AnyRequest, inbox: NamedDependency[Inbox], shopify_secrets: NamedDependency[ShopifySecrets]
) -> Response[None]:
    """Signed with the app's secret, which all stores share: the header names the store, our directory its owner."""
    delivery = await _delivery(request)
    await inbox.take_of_app(SHOPIFY, shopify_secrets.secrets, shop_domain(delivery), delivery)
    return Response(None, status_code=200)


@post(
    "/webhooks/woocommerce/{connection_id:str}",
    status_code=200,
    request_max_body_size=MAX_BODY_BYTES,
    include_in_schema=False,
)
async def woocommerce_webhook(
    connection_id: FromPath[str], request: AnyRequest, inbox: NamedDependency[Inbox]
) -> Response[None]:
    """Signed with the connection's own secret; the ping at creation is not signed at all."""
    await inbox.take_of_store(WOOCOMMERCE, connection_id, await _delivery(request))
    return Response(None, status_code=200)


async def _delivery(request: AnyRequest) -> Delivery:
    return Delivery(headers={name.lower(): value for name, value in request.headers.items()}, body=await request.body())


webhooks_router = Router(path="/", route_handlers=[shopify_webhook, woocommerce_webhook])
