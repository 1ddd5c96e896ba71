"""A local Stripe: the billing API the SDK talks to, hosted pages to click, a clock to move, signed webhooks.

    python -m server.embedded.standins.stripe_server --port N --webhook URL --secret whsec_... \\
        [--price aisle_pro_v1=9900:Pro]... [--metered aisle_overage_v1=2:aisle_answers]...
        [--state FILE] [--port-file F]

/v1/...             see stripe/routes.py; any secret key will do unless `key` is set
/                   its clock, customers and events, with buttons to move the clock
/c/pay/, /p/session/, /i/    Checkout, the customer portal, invoices and their PDFs
POST /_control/{name}        a method of `Controls` (stripe/controls.py), its arguments as JSON:
                             {"days": 31} to advance, {"mode": 500, "times": 2} to fail_next, ...
GET  /_control/state         the clock and counts; GET /_control/requests: the last API requests, without keys

In a test `running()` serves a `StripeStandin` from a thread; its methods may be called directly. Objects have the
shapes of API version 2026-10-28.endive. Known differences from Stripe: stripe/__init__.py.
"""

import argparse
import asyncio
import contextlib
import json
import socket
import threading
import time
import traceback
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import uvicorn

from server.embedded.standins.stripe import hosted, lifecycle, parameters, routes
from server.embedded.standins.stripe.controls import NAMES, Controls, Failure
from server.embedded.standins.stripe.faults import Fault
from server.embedded.standins.stripe.idempotency import IdempotencyKeys
from server.embedded.standins.stripe.store import Clock, Object, Store
from server.embedded.standins.stripe.webhooks import Webhooks

_KEPT_REQUESTS = 2000


class Request(msgspec.Struct, frozen=True):
    """As it came; `params` are still text, `client` is the address of the connection."""

    method: str
    path: str
    params: Object
    idempotency_key: str | None
    version: str
    client: tuple[str, int]


class Reply(msgspec.Struct):
    body: bytes
    status: int = 200
    headers: dict[str, str] = {}
    is_lost: bool = False  # the connection breaks before its last byte


class StripeStandin(Controls):
    """The ASGI application. `frozen_at` (Unix seconds) stops its clock, which then moves by `advance` only."""

    def __init__(self, *, frozen_at: int | None = None, key: str | None = None) -> None:
        self.store = Store(Clock(frozen_at))
        self.webhooks = Webhooks(self.store)
        self.keys = IdempotencyKeys(self.store)
        self.key = key
        self.failure: Failure | None = None
        self.requests: deque[Request] = deque(maxlen=_KEPT_REQUESTS)
        self.state_file: Path | None = None
        self.mistakes: list[str] = []  # of the stand-in itself: its responses to them are 500

    @property
    def url(self) -> str:
        """Its address, for the SDK's base_addresses."""
        return self.store.url

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        body = await _body(receive)
        path, headers = scope["path"], {name.decode(): value.decode() for name, value in scope["headers"]}
        if path.startswith("/_control/"):
            reply = self._control(path.removeprefix("/_control/"), body)
        elif hosted.is_page(path):
            reply = self._page(scope["method"], path, body)
        else:
            raw = body.decode() if scope["method"] == "POST" else scope["query_string"].decode()
            reply = await self._api(scope, path, raw, headers)
        told = [(name.encode(), value.encode()) for name, value in reply.headers.items()]
        told.append((b"content-length", str(len(reply.body) + reply.is_lost).encode()))
        await send({"type": "http.response.start", "status": reply.status, "headers": told})
        await send({"type": "http.response.body", "body": reply.body})

    async def _api(self, scope: dict[str, Any], path: str, raw: str, headers: dict[str, str]) -> Reply:
        authorization = headers.get("authorization", "")
        try:
            self._check_key(authorization)
            key, version = headers.get("idempotency-key"), headers.get("stripe-version", "")
            request = Request(scope["method"], path, parameters.nested(raw), key, version, tuple(scope["client"]))
        except Fault as fault:
            return _refusal(fault)
        self.requests.append(request)
        failure = self._failure(path)
        if failure and isinstance(failure.mode, int):
            return _failed(failure.mode)
        reply = self._respond(request)
        if failure:
            await asyncio.sleep(failure.hang_s if failure.mode == "hang" else 0)
            reply.is_lost = True
        return reply

    def _check_key(self, authorization: str) -> None:
        given = authorization.removeprefix("Bearer ")
        if not given.startswith(("sk_", "rk_")) or (self.key and given != self.key):
            shown = f"{given[:7]}{'*' * 8}{given[-4:]}"
            raise Fault(f"Invalid API Key provided: {shown}", status=401)

    def _failure(self, path: str) -> Failure | None:
        failure = self.failure
        if failure is None or failure.path not in path:
            return None
        failure.times -= 1
        if failure.times <= 0:
            self.failure = None
        return failure

    def _respond(self, request: Request) -> Reply:
        key = request.idempotency_key if request.method == "POST" else None
        what = request.method, request.path, request.params
        with self.store.lock:
            self.store.request = {"id": self.store.new_id("req"), "idempotency_key": key}
            sent = {"content-type": "application/json", "request-id": self.store.request["id"]}
            if key:
                sent["idempotency-key"] = key
            try:
                lifecycle.tick(self.store)
                if key and (stored := self.keys.find(key, *what)):
                    return Reply(stored.body, stored.status, {**sent, "idempotent-replayed": "true"})
                reply = Reply(_json(routes.respond(self.store, *what, self.webhooks.create)), 200, sent)
            except Fault as fault:
                reply = _refusal(fault, **sent)
            except Exception:
                self.mistakes.append(f"{what}\n{traceback.format_exc()}")
                reply = _failed(500)
            finally:
                self.store.request = {"id": None, "idempotency_key": None}
            if key:
                self.keys.save(key, *what, reply.status, reply.body)
            self._save()
        return reply

    def _page(self, method: str, path: str, body: bytes) -> Reply:
        with self.store.lock:
            lifecycle.tick(self.store)
            page = hosted.respond(self.store, method, path, body)
            self._save()
        where = {"location": page.location} if page.location else {}
        return Reply(page.body, page.status, {"content-type": page.content_type, **where})

    def _control(self, name: str, body: bytes) -> Reply:
        if name == "requests":
            return Reply(_json([msgspec.to_builtins(each) for each in self.requests]))
        if name not in NAMES:
            return Reply(_json({"error": f"unknown control {name}"}), 404)
        try:
            found = getattr(self, name)(**(msgspec.json.decode(body) if body else {}))
        except (Fault, TypeError) as error:
            return Reply(_json({"error": str(error)}), 400)
        self._save()
        return Reply(_json(found if found is not None else {}), headers={"content-type": "application/json"})

    def _save(self) -> None:
        if self.state_file:
            self.store.save(self.state_file)


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=2).encode()


def _refusal(fault: Fault, **headers: str) -> Reply:
    return Reply(_json(fault.body), fault.status, {"content-type": "application/json", **headers})


def _failed(status: int) -> Reply:
    kind, code = (
        ("api_error", None) if status >= 500 else ("invalid_request_error", "rate_limit" if status == 429 else None)
    )
    return _refusal(Fault("An unknown error occurred", status=status, kind=kind, code=code))


async def _body(receive: Any) -> bytes:
    body: bytes = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


@contextlib.contextmanager
def running(standin: StripeStandin | None = None, port: int = 0) -> Iterator[StripeStandin]:
    """Serves one on this machine from a thread, with its webhook sender; `url` is its address."""
    served = standin or StripeStandin()
    listener = socket.create_server(("127.0.0.1", port), backlog=512)
    served.store.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = uvicorn.Server(_config(served))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    served.webhooks.start()
    try:
        yield served
    finally:
        served.webhooks.stop()
        server.should_exit = True
        thread.join(10)
        listener.close()


def _config(standin: StripeStandin) -> uvicorn.Config:
    return uvicorn.Config(standin, log_level="critical", access_log=False, lifespan="off", timeout_graceful_shutdown=1)


def _prepare(standin: StripeStandin, options: argparse.Namespace) -> None:
    """State of an earlier run, then whatever prices and endpoint are not there yet."""
    if options.state and options.state.exists():
        standin.store.load(options.state)
    standin.state_file = options.state
    known = {price["lookup_key"] for price in standin.store.all("price")}
    for given in options.price:
        lookup_key, _, rest = given.partition("=")
        amount, _, name = rest.partition(":")
        if lookup_key not in known:
            standin.add_price(lookup_key, int(amount), name)
    for given in options.metered:
        lookup_key, _, rest = given.partition("=")
        amount, _, event_name = rest.partition(":")
        if lookup_key not in known:
            standin.add_metered_price(lookup_key, amount, event_name)
    if options.webhook:
        standin.store.tables.pop("webhook_endpoint", None)
        standin.webhooks.add(options.webhook, options.secret)


def _live(standin: StripeStandin) -> None:
    """What is due by the running clock happens also when nobody asks."""
    while True:
        time.sleep(1)
        standin.advance()


def main() -> None:
    """Serves until a signal comes."""
    parser = argparse.ArgumentParser(description="A local Stripe")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--port-file", type=Path)
    parser.add_argument("--webhook")
    parser.add_argument("--secret", default="whsec_standin")
    parser.add_argument("--price", action="append", default=[], metavar="LOOKUP_KEY=CENTS[:NAME]")
    parser.add_argument("--metered", action="append", default=[], metavar="LOOKUP_KEY=CENTS:EVENT_NAME")
    parser.add_argument("--state", type=Path, help="kept here, so that another run goes on")
    options = parser.parse_args()
    standin = StripeStandin()
    listener = socket.create_server(("127.0.0.1", options.port), backlog=512)
    standin.store.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    _prepare(standin, options)
    standin.webhooks.start()
    threading.Thread(target=_live, args=(standin,), daemon=True).start()
    if options.port_file:  # connections wait in the backlog until the loop runs
        temporary = options.port_file.with_suffix(".tmp")
        temporary.write_text(str(listener.getsockname()[1]))
        temporary.replace(options.port_file)
    uvicorn.Server(_config(standin)).run(sockets=[listener])


if __name__ == "__main__":
    main()
