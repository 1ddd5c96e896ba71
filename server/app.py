"""The HTTP process: routes, the services behind them, and the edge around them."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from babel.dates import format_date
from litestar import Litestar, Response
from litestar.di import Provide
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException
from litestar.openapi import OpenAPIConfig
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.template import TemplateConfig

from server.billing.endpoints import billing_router
from server.catalog.endpoints import catalog_router
from server.chat.languages import ALL_PHRASES
from server.chat.routes import chat_router, provide_shopper
from server.console import endpoints as console_pages
from server.console.endpoints import console_router
from server.core.edge import Edge
from server.core.http import EXCEPTION_HANDLERS, AnyRequest, StorableRequest, require_known_type
from server.core.money import format_money
from server.core.settings import Settings
from server.embedded import Endpoints
from server.health import health_router
from server.knowledge.endpoints import knowledge_router
from server.languages.detection import load_detection
from server.models.protocol import ModelUnavailable
from server.pages import TEMPLATE_FOLDERS
from server.pages.docs import docs_router
from server.pages.endpoints import pages_router
from server.pages.not_found import on_unknown_address
from server.pages.widget import WidgetFiles, widget_router
from server.privacy.endpoints import privacy_router
from server.shops.access import provide_caller
from server.shops.endpoints import shops_router
from server.shops.idempotency import IdempotentWrites, WriteServices
from server.stores.endpoints import stores_router
from server.stores.platforms import TEMPLATES as STORE_TEMPLATES
from server.stores.platforms import platform_routes
from server.webhooks.endpoints import webhooks_router
from server.wiring import Services, open_services

MAX_BODY_BYTES = 2 * 1024 * 1024
DRAIN_S = 25.0
DATABASE_PATIENCE_S = 8.0
"""With one statement: who waits for an answer is told sooner than a job gives up."""
INJECTED = {
    "sessions_service": "sessions",
    "running_turns": "running_turns",
    "stream_store": "stream_store",
    "turns": "turns",
    "dry_runs": "dry_runs",
    "conversations": "conversations",
    "handoff_service": "handoff",
    "presence": "presence",
    "pictures": "pictures",
    "limits": "limits",
    "stores": "stores",
    "disconnection": "disconnection",
    "platforms": "platforms",
    "inbox": "inbox",
    "privacy": "privacy",
    "shops": "shops",
    "members": "members",
    "catalog": "catalog",
    "knowledge": "knowledge",
    "library": "library",
    "egress": "egress",
    "sources": "sources",
    "orders": "orders",
    "jobs": "jobs",
    "metrics": "metrics",
    "database": "database",
    "redis": "redis",
    "limiter": "limiter",
    "console_signer": "console_signer",
    "billing": "money.billing",
    "overview": "money.overview",
    "payment_inbox": "money.payment_inbox",
    "alerts": "money.alerts",
    "statements": "money.statements",
    "demo": "demo",
    "staff_service": "staff_service",
    "figures": "figures",
}
"""What a handler's parameter of this name is given. No field of a request's body may have one of these names: Litestar
takes a wrong value of such a field for a mistake of ours, and answers 500."""


def _on_unknown_address(request: AnyRequest, error: HTTPException) -> Response[Any]:
    if request.url.path.startswith("/console/"):
        return console_pages.on_http_exception(request, error)
    return on_unknown_address(request, error)


OUTSIDE_ERRORS: dict[Any, Any] = {
    NotFoundException: _on_unknown_address,
    MethodNotAllowedException: _on_unknown_address,
}
"""For the whole application: a route's own handlers are not asked where no route is."""


def create_app(settings: Settings, endpoints: Endpoints) -> Edge:
    """The ASGI application; services open when the server starts and close when it has drained."""
    opened: list[Services] = []

    @asynccontextmanager
    async def lifespan(_app: Litestar) -> AsyncIterator[None]:
        load_detection()  # 0.4 s in which Python does nothing else, so not while anybody is served
        async with open_services(settings, endpoints, patience_s=DATABASE_PATIENCE_S) as services:
            opened.append(services)
            warming = asyncio.create_task(_warm_up(services))
            yield
            warming.cancel()
            await services.running_turns.drain(DRAIN_S)

    def service(name: str) -> Provide:
        return Provide(lambda: attrgetter(name)(opened[0]), sync_to_thread=False)

    widget_files = WidgetFiles()
    app = Litestar(
        route_handlers=[
            chat_router,
            shops_router,
            stores_router,
            *platform_routes(),
            webhooks_router,
            privacy_router,
            catalog_router,
            knowledge_router,
            billing_router,
            console_router,
            pages_router(),
            widget_router,
            docs_router,
            health_router,
        ],
        lifespan=[lifespan],
        dependencies={
            "shopper": Provide(provide_shopper),
            "caller": Provide(provide_caller),
            "widget_files": Provide(lambda: widget_files, sync_to_thread=False),
            **{parameter: service(name) for parameter, name in INJECTED.items()},
        },
        before_request=require_known_type,
        request_class=StorableRequest,
        exception_handlers=EXCEPTION_HANDLERS | OUTSIDE_ERRORS,
        template_config=TemplateConfig(
            directory=[*TEMPLATE_FOLDERS, console_pages.TEMPLATES, STORE_TEMPLATES], engine=JinjaTemplateEngine
        ),
        openapi_config=OpenAPIConfig(title="Aisle", version="0.1.0", path="/openapi", render_plugins=[]),
        request_max_body_size=MAX_BODY_BYTES,
        logging_config=None,  # its own would print every library's INFO lines, past JSON and redaction
    )
    app.state.trusted_proxies = settings.trusted_proxies
    app.state.own_origin = settings.base_url
    writes = IdempotentWrites(app, lambda: WriteServices(opened[0].shops, opened[0].database, opened[0].vault))
    return Edge(
        writes,
        is_listed_origin=lambda origin: opened[0].is_listed_origin(origin),
        metrics=lambda: opened[0].metrics if opened else None,
    )


async def _warm_up(services: Services) -> None:
    """Load the embedders and the known phrasings while the first visitors are still reading."""
    with suppress(ModelUnavailable):
        await services.embedders.warm_up()
        await services.reader.warm_up()
        await services.knowledge.warm_up()
    for locale in ALL_PHRASES:  # the first use of a locale reads its tables from disk
        format_money(100, "USD", locale)
        format_date(datetime.now(UTC).date(), locale=locale)
    gc.collect()
    gc.freeze()  # all that is here now stays: no later collection need walk through it
