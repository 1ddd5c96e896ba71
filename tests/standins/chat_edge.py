"""Who may ask the chat stand-in from where, as the real edge has it, and what headers its hostile pages come with.

`POST /_control {"origins": [...]}` lists further origins, `{"launcher": {...}}` changes the launcher's answer.
"""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

SHOPPER_PATHS = ("/v1/sessions", "/v1/chat", "/v1/launcher")
TRUSTED_TYPES = "require-trusted-types-for 'script'; trusted-types 'none'; base-uri 'none'"
PAGE_HEADERS = {
    "strict": {
        "Content-Security-Policy": "default-src 'none'; script-src 'nonce-shop' {aisle}; style-src 'nonce-shop'; "
        f"frame-src {{aisle}}; connect-src {{aisle}}; {TRUSTED_TYPES}"
    },
    "nonce": {
        "Content-Security-Policy": "default-src 'none'; script-src 'nonce-shop'; style-src 'nonce-shop'; "
        f"frame-src {{aisle}}; {TRUSTED_TYPES}"
    },
    "dynamic": {
        "Content-Security-Policy": "default-src 'none'; script-src 'nonce-shop' 'strict-dynamic'; "
        "frame-src {aisle}; connect-src {aisle}; require-trusted-types-for 'script'; trusted-types shop"
    },
    "narrow": {"Content-Security-Policy": "script-src {aisle}/widget.js"},
    "isolated": {
        "Cross-Origin-Embedder-Policy": "require-corp",
        "Cross-Origin-Opener-Policy": "same-origin",
    },
}
KEYS = ("pk_demo", "pk_other")
LAUNCHER: dict[str, Any] = {
    "accent": "#18181b",
    "ink": "#ffffff",
    "accent_dark": "#f4f4f5",
    "ink_dark": "#18181b",
    "theme": "auto",
    "icon": "bubble",
    "icon_url": None,
    "label": None,
    "shape": "squircle",
    "radius": None,
    "position": "right",
    "offset": {"x": 20, "y": 20},
    "phone": {"hidden": False, "position": "right", "offset": {"x": 20, "y": 20}},
    "desktop": {"hidden": False, "position": "right", "offset": {"x": 20, "y": 20}},
    "rules": [],
    "nudges": [],
    "quiet": {"max_per_page_load": 1, "hours_after_close": 24},
    "consent": False,
}


def listed_origins(request: web.BaseRequest, faults: Mapping[str, Any]) -> list[str]:
    """The shop's own and those that a test has added."""
    return [f"http://127.0.0.1:{request.url.port}", *(faults.get("origins") or [])]


def guard(app: web.Application, faults: Mapping[str, Any]) -> None:
    """Adds CORS for listed origins, preflights, and the launcher's answer."""

    async def allow(request: web.Request, response: web.StreamResponse) -> None:
        origin = request.headers.get("Origin")
        if origin in listed_origins(request, faults) and request.path.startswith(SHOPPER_PATHS):
            response.headers["Access-Control-Allow-Origin"] = str(origin)
            response.headers["Access-Control-Allow-Headers"] = "authorization, content-type, last-event-id"
            response.headers["Access-Control-Allow-Methods"] = "GET, POST, DELETE, OPTIONS"

    async def preflight(_request: web.Request) -> web.Response:
        return web.Response(status=204)

    async def launcher(request: web.Request) -> web.Response:
        origin = request.headers.get("Origin")
        own = f"{request.scheme}://{request.host}"
        refused = origin is not None and origin != own and origin not in listed_origins(request, faults)
        if request.query.get("key") not in KEYS:
            return web.json_response({"code": "unauthenticated"}, status=401)
        answer = {"code": "origin_refused"} if refused else LAUNCHER | (faults.get("launcher") or {})
        headers = {"Vary": "Origin", "Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "cross-origin"}
        return web.json_response(answer, status=403 if refused else 200, headers=headers)

    app.on_response_prepare.append(allow)
    app.router.add_get("/v1/launcher", launcher)
    app.router.add_route("OPTIONS", "/v1/{rest:.*}", preflight)
