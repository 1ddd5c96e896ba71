"""`Idempotency-Key`: a write that is sent twice happens once and gets its response twice.

Wraps the application. The first response below 500 is stored for a day, sealed (it may contain a new secret key), and
sent again for the same key and the same request. The same key with another request is refused, and so is a repeat that
arrives while the first request is still being processed.
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

import msgspec

from server.core.crypto import Vault
from server.core.database import Database
from server.core.errors import AisleError, Conflict, FieldError, Invalid, Malformed
from server.core.http import PROBLEM_TYPE, problem_body, problem_headers
from server.core.logging import get_logger
from server.shops import storage
from server.shops.service import ShopService

WRITES = ("POST", "PUT", "PATCH", "DELETE")
MAX_KEY = 255
MAX_BODY_BYTES = 60 * 1024 * 1024
MAX_STORED_BYTES = 256 * 1024

log = get_logger("http")

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]


class StoredResponse(msgspec.Struct, frozen=True):
    """A response as it is sent again."""

    status: int
    content_type: str
    body: str


class WriteServices(msgspec.Struct, frozen=True):
    """What IdempotentWrites needs of the server's services."""

    shops: ShopService
    database: Database
    vault: Vault


class IdempotentWrites:
    """Wraps the application. `services` is called per request, because services open with the server."""

    def __init__(self, app: App, services: Callable[[], WriteServices]) -> None:
        self._app, self._services = app, services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on that is not a merchant's write with a key."""
        found = _key_and_token(scope) if scope["type"] == "http" else None
        if found is None:
            return await self._app(scope, receive, send)
        key, token = found
        try:
            return await self._once(scope, receive, send, key, token)
        except AisleError as error:
            return await _send_response(
                send, error.status, PROBLEM_TYPE, problem_body(scope, error), problem_headers(error)
            )

    async def _once(self, scope: Scope, receive: Receive, send: Send, key: str, token: str) -> None:
        services = self._services()
        shop_id, _ = await services.shops.shop_of_key(token, "secret")
        if len(key) > MAX_KEY:
            raise Malformed(f"Idempotency-Key is longer than {MAX_KEY} characters.")
        body = await _read(receive)
        route = f"{scope['method']} {scope['path']}"
        digest = hashlib.sha256(scope.get("query_string", b"") + b"\0" + body).digest()
        async with services.database.session(shop_id) as session:
            first = await storage.claim_idempotency_key(session, shop_id, route, key, digest)
        if not first:
            return await self._replay_response(send, shop_id, route, key, digest)
        response = _Recorder(send)
        try:
            await self._app(scope, _replay(body, receive), response)
        finally:
            stored = response.storable_response()
            sealed = services.vault.seal(shop_id, msgspec.json.encode(stored).decode()) if stored else None
            try:
                async with services.database.session(shop_id) as session:
                    await storage.settle_idempotency_key(
                        session, shop_id, route, key, stored.status if stored else None, sealed
                    )
            except AisleError as reason:  # the response is on its way already; the claim ends by itself after minutes
                log.warning("idempotency_key_not_settled", reason=reason.code)
            await response.send_end()
        return None

    async def _replay_response(self, send: Send, shop_id: UUID, route: str, key: str, digest: bytes) -> None:
        services = self._services()
        async with services.database.session(shop_id) as session:
            row = await storage.find_idempotency_key(session, shop_id, route, key)
        if row is None or row.body is None:
            raise Conflict(
                "The first request with this Idempotency-Key is still running; try again shortly.",
                retry_after_s=2,
            )
        if row.request_hash != digest:
            error = FieldError("Idempotency-Key", "was used for another request; use a new key")
            raise Invalid("This Idempotency-Key belongs to a different request.", errors=(error,))
        stored = msgspec.json.decode(services.vault.open(shop_id, row.body), type=StoredResponse)
        await _send_response(
            send, stored.status, stored.content_type, stored.body.encode(), {"idempotent-replayed": "true"}
        )


class _Recorder:
    """Sends a response on and records it. The end is held back until `send_end`, so that whoever has read the whole
    response and sends the request again finds it stored."""

    def __init__(self, send: Send) -> None:
        self._send, self._status, self._type, self._body = send, 0, "", b""
        self._end: Message | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = {bytes(name).lower(): bytes(value) for name, value in message["headers"]}
            self._type = headers.get(b"content-type", b"application/json").decode("latin-1")
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                self._end = message
                return
        await self._send(message)

    async def send_end(self) -> None:
        """Send what was held back."""
        if self._end is not None:
            await self._send(self._end)

    def storable_response(self) -> StoredResponse | None:
        """The response, if it is to be stored: after a failure of ours the request may be sent again."""
        if not 200 <= self._status < 500 or self._status == 429 or len(self._body) > MAX_STORED_BYTES:
            return None
        return StoredResponse(self._status, self._type, self._body.decode())


def _key_and_token(scope: Scope) -> tuple[str, str] | None:
    if scope["method"] not in WRITES or not scope["path"].startswith("/v1/"):
        return None
    headers = {bytes(name): bytes(value).decode("latin-1") for name, value in scope["headers"]}
    key, authorization = headers.get(b"idempotency-key"), headers.get(b"authorization", "")
    token = authorization.partition(" ")[2].strip()
    return (key, token) if key and token.startswith("sk_") else None


async def _read(receive: Receive) -> bytes:
    body, more = bytearray(), True
    while more and len(body) <= MAX_BODY_BYTES:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    return again


async def _send_response(send: Send, status: int, content_type: str, body: bytes, more: Mapping[str, str]) -> None:
    named = {"content-type": content_type, "content-length": str(len(body)), **more}
    headers = [(name.encode(), value.encode()) for name, value in named.items()]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
