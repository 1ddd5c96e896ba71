"""The outermost layer, in plain ASGI: request ids, CORS, security headers, counting. It also covers 404s and errors.

A preflight names no shop, so it may pass when any shop lists the origin; the request itself then meets its own
shop's list and gets no CORS header when it is refused. Nothing is ever answered with `*` or with credentials.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from server.core.errors import AisleError
from server.core.ids import new_id
from server.core.metrics import Metrics

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

ALLOWED_METHODS = b"GET, POST, DELETE, OPTIONS"
ALLOWED_HEADERS = b"authorization, content-type, last-event-id, idempotency-key, user-agent, x-ai-sdk-version"
PREFLIGHT_LIFETIME_S = b"600"
SHOPPER_PATHS = ("/v1/sessions", "/v1/chat", "/v1/launcher")
SECURITY_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"cross-origin-resource-policy", b"cross-origin"),
]


class Edge:
    """The ASGI application around Litestar's."""

    def __init__(
        self,
        app: Callable[[Any, Any, Any], Awaitable[None]],
        *,
        is_listed_origin: Callable[[str], Awaitable[bool]],
        metrics: Callable[[], Metrics | None],
    ) -> None:
        self._app, self._is_listed_origin, self._metrics = app, is_listed_origin, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        request_id = str(new_id())
        scope.setdefault("state", {})["request_id"] = request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        origin = _header(scope, b"origin")
        listed = False
        if origin and scope["path"].startswith(SHOPPER_PATHS):
            try:
                listed = await self._is_listed_origin(origin.decode("latin-1"))
            except AisleError:  # the database is away: the application says so itself, a preflight may come again
                if scope["method"] == "OPTIONS":
                    return await _send_unavailable(send)
            if scope["method"] == "OPTIONS":
                return await _preflight(send, origin if listed else None)
        await self._app(scope, receive, self._sender(scope, send, origin if listed else None, request_id))
        return None

    def _sender(self, scope: Scope, send: Send, origin: bytes | None, request_id: str) -> Send:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message["headers"]}
                security = [header for header in SECURITY_HEADERS if header[0] not in given]
                headers = [*message["headers"], *security, (b"x-request-id", request_id.encode())]
                if scope["path"].startswith(SHOPPER_PATHS):
                    headers.append((b"vary", b"Origin"))
                    if origin and scope["state"].get("refused_code") != "origin_refused":
                        headers += _cors(origin)
                if metrics := self._metrics():
                    metrics.requests.labels(status=str(message["status"])).inc()
                message = message | {"headers": headers}
            await send(message)

        return send_with_headers


def _cors(origin: bytes) -> list[tuple[bytes, bytes]]:
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-expose-headers", b"x-vercel-ai-ui-message-stream, x-request-id, retry-after"),
    ]


async def _preflight(send: Send, origin: bytes | None) -> None:
    headers = [(b"vary", b"Origin"), (b"content-length", b"0")]
    if origin:
        headers += [
            *_cors(origin),
            (b"access-control-allow-methods", ALLOWED_METHODS),
            (b"access-control-allow-headers", ALLOWED_HEADERS),
            (b"access-control-max-age", PREFLIGHT_LIFETIME_S),
        ]
    await send({"type": "http.response.start", "status": 204 if origin else 403, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


async def _send_unavailable(send: Send) -> None:
    headers = [(b"vary", b"Origin"), (b"content-length", b"0"), (b"retry-after", b"5")]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _header(scope: Scope, name: bytes) -> bytes | None:
    return next((value for key, value in scope["headers"] if key == name), None)
