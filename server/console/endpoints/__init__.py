"""The merchant's and staff's side over HTTP: the JSON API and the console's pages."""

from litestar import Router

from server.console.endpoints.api import api_router
from server.console.endpoints.billing import billing_pages_router
from server.console.endpoints.branding import branding_router
from server.console.endpoints.documents import documents_router
from server.console.endpoints.dry_run import dry_run_router
from server.console.endpoints.imports import imports_router
from server.console.endpoints.page import TEMPLATES, on_http_exception
from server.console.endpoints.pages import pages_router
from server.console.endpoints.products import products_router
from server.console.endpoints.settings import settings_router
from server.console.endpoints.setup import setup_router
from server.console.endpoints.sign_in import sign_in_router
from server.console.endpoints.stores import stores_pages_router

console_router = Router(
    path="/",
    route_handlers=[
        api_router,
        sign_in_router,
        pages_router,
        branding_router,
        stores_pages_router,
        billing_pages_router,
        products_router,
        imports_router,
        documents_router,
        settings_router,
        setup_router,
        dry_run_router,
    ],
)

__all__ = ["TEMPLATES", "console_router", "on_http_exception"]
