"""Addresses that do not exist: a page for browsers, a problem for API clients."""

from typing import Any

from litestar import Response
from litestar.exceptions import HTTPException
from litestar.response import Template

from server.core.errors import NotFound
from server.core.http import AnyRequest, on_aisle_error, on_http_exception

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
API = "/v1/"
"""Below it everybody gets a problem."""


def on_not_found(request: AnyRequest, error: NotFound) -> Response[Any]:
    """Exception handler for what a public page did not find."""
    return _page(error.detail) if _is_browser(request) else on_aisle_error(request, error)


def on_unknown_address(request: AnyRequest, error: HTTPException) -> Response[Any]:
    """Exception handler for what no route takes."""
    is_page = error.status_code == NotFound.status and _is_browser(request)
    return _page("") if is_page else on_http_exception(request, error)


def _page(detail: str) -> Template:
    context = {"detail": detail}
    return Template("pages/not_found.html", context=context, headers=HEADERS, status_code=NotFound.status)


def _is_browser(request: AnyRequest) -> bool:
    """Whether the caller reads HTML rather than JSON: a browser says so, an API client takes what comes first."""
    offered = ["application/problem+json", "application/json", "text/html"]
    is_html_preferred = request.accept.best_match(offered) == "text/html"
    return is_html_preferred and request.method in ("GET", "HEAD") and not request.url.path.startswith(API)
