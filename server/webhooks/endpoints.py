"""Where stores send webhooks: one route for each platform that has any. Answered as soon as the change is stored."""

from litestar import Response, Router, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from server.core.http import AnyRequest
from server.stores.platforms import PLATFORMS, StorePlatforms
from server.stores.webhook_source import StoreOf, WebhookDelivery, WebhookSource
from server.webhooks.service import Inbox

MAX_BODY_BYTES = 16 * 1024 * 1024


def _route_for_app(source: WebhookSource, store_of: StoreOf) -> HTTPRouteHandler:
    """One address for all stores, signed with the app's secret: the delivery names the store."""

    @post(
        f"/webhooks/{source.platform}", status_code=200, request_max_body_size=MAX_BODY_BYTES, include_in_schema=False
    )
    async def receive_webhook(
        request: AnyRequest, inbox: NamedDependency[Inbox], platforms: NamedDependency[StorePlatforms]
    ) -> Response[None]:
        delivery = await _delivery(request)
        secrets = platforms.get(source.platform).app_secrets
        await inbox.receive_for_app(source, secrets, store_of(delivery), delivery)
        return Response(None, status_code=200)

    return receive_webhook


def _route_for_stores(source: WebhookSource) -> HTTPRouteHandler:
    """An address and a secret for each store."""

    @post(
        f"/webhooks/{source.platform}/{{connection_id:str}}",
        status_code=200,
        request_max_body_size=MAX_BODY_BYTES,
        include_in_schema=False,
    )
    async def receive_store_webhook(
        connection_id: FromPath[str], request: AnyRequest, inbox: NamedDependency[Inbox]
    ) -> Response[None]:
        await inbox.receive_for_store(source, connection_id, await _delivery(request))
        return Response(None, status_code=200)

    return receive_store_webhook


async def _delivery(request: AnyRequest) -> WebhookDelivery:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return WebhookDelivery(headers=headers, body=await request.body())


webhooks_router = Router(
    path="/",
    route_handlers=[
        _route_for_app(source, source.store_of) if source.store_of else _route_for_stores(source)
        for source in (platform.webhooks for platform in PLATFORMS)
        if source
    ],
)
