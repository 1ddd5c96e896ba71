"""A local WooCommerce 11 shop: REST API, webhooks and the consent page, as the real software was seen to answer.

    python -m server.embedded.standins.woocommerce_server --port 0 --port-file F [--behind-https] [--products N]
        [--orders N]

Plain http takes OAuth 1.0a only, as WooCommerce does; `--behind-https` takes Basic, as behind a proxy that ends TLS.
In a test `running()` serves one from a thread of the test's process, whose `store` may be changed directly; consent
pages then post to http addresses too, with `needs_https=False`. For others:
POST /_control/call     {"method", "arguments": {...}}: a method of `Store`, such as add_order, trash_product, refund
POST /_control/set      fields of `Store`, such as behind_https or currency
POST /_control/fail     fields of `Failure`; {} ends it
POST /_control/queue    sends the webhooks that wait
GET  /_control/state    url, keys, webhooks; GET /_control/requests: the last requests, without credentials
"""

import argparse
import contextlib
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import uvicorn

from server.embedded.standins.woocommerce import consent, hooks, rest
from server.embedded.standins.woocommerce.failures import failure
from server.embedded.standins.woocommerce.replies import Reply, Request, data, page
from server.embedded.standins.woocommerce.store import Failure, Store, Webhook

_KEPT_REQUESTS = 1000


class WooCommerceStandin:
    """The ASGI application. `prefix` is the folder a shop lives in, such as "/shop"."""

    def __init__(self, store: Store | None = None, *, prefix: str = "", needs_https: bool = True) -> None:
        self.store = store or Store()
        self.prefix, self.needs_https = prefix, needs_https
        self.requests: deque[Request] = deque(maxlen=_KEPT_REQUESTS)
        self.open = self.most_open = 0

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        request = await _request(scope, receive)
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            reply = await self._reply(request)
        finally:
            self.open -= 1
        headers = [(name.encode(), value.encode()) for name, value in reply.headers.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})

    async def _reply(self, request: Request) -> Reply:
        if request.path.startswith("/_control/"):
            return await self._control(request)
        self.requests.append(request)
        inner = msgspec.structs.replace(request, path=request.path.removeprefix(self.prefix))
        if not request.path.startswith(self.prefix):
            return page(404, "<title>Not found</title>")
        if failed := await failure(self.store, inner):
            return failed
        if inner.path == "/wc-auth/v1/authorize":
            return await consent.authorize(self.store, inner, needs_https=self.needs_https)
        if self.store.has_plain_permalinks or not inner.path.startswith("/wp-json"):
            return rest.plain_permalinks(inner)
        return await rest.respond(self.store, inner)

    async def _control(self, request: Request) -> Reply:
        given = msgspec.json.decode(request.body) if request.body else {}
        match request.path.removeprefix("/_control/"):
            case "call":
                return data(getattr(self.store, given["method"])(**given.get("arguments", {})))
            case "set":
                for name, value in given.items():
                    setattr(self.store, name, value)
            case "fail":
                self.store.failure = Failure(**given) if given else None
            case "queue":
                return data({"sent": await hooks.run_queue(self.store)})
            case "requests":
                return data([f"{each.method} {each.path}" for each in self.requests])
            case "state":
                return data(self._state())
        return data({})

    def _state(self) -> dict[str, Any]:
        key, secret = self.store.key
        webhooks: list[Webhook] = list(self.store.webhooks.values())
        return {"url": self.store.url, "consumer_key": key, "consumer_secret": secret, "webhooks": webhooks}


async def _request(scope: dict[str, Any], receive: Any) -> Request:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    raw = scope["query_string"].decode()
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    return Request(scope["method"], scope["path"], raw, dict(parse_qsl(raw, keep_blank_values=True)), headers, body)


@contextlib.contextmanager
def running(standin: WooCommerceStandin | None = None) -> Iterator[WooCommerceStandin]:
    """Serves one on a free port of this machine from a thread; `store.url` is its address."""
    served = standin or WooCommerceStandin()
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    served.store.url = f"http://127.0.0.1:{listener.getsockname()[1]}{served.prefix}"
    server = uvicorn.Server(_config(served))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


def _config(standin: WooCommerceStandin) -> uvicorn.Config:
    return uvicorn.Config(standin, log_level="critical", access_log=False, lifespan="off", timeout_graceful_shutdown=1)


def _deliver_always(store: Store, url: str) -> None:
    """Runs the queue as WordPress's cron does, soon after each change."""
    import urllib.request

    while True:
        time.sleep(0.2)
        if store.queue:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(urllib.request.Request(f"{url}/_control/queue", b""), timeout=30).close()


def main() -> None:
    """Serves until a signal comes."""
    parser = argparse.ArgumentParser(description="A local WooCommerce shop")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--port-file", type=Path)
    parser.add_argument("--behind-https", action="store_true")
    parser.add_argument("--products", type=int, default=10)
    parser.add_argument("--orders", type=int, default=10)
    options = parser.parse_args()
    listener = socket.create_server(("127.0.0.1", options.port), backlog=512)
    standin = WooCommerceStandin()
    store, url = standin.store, f"http://127.0.0.1:{listener.getsockname()[1]}"
    store.url, store.behind_https = url, options.behind_https
    store.fill(options.products)
    for _ in range(options.orders):
        store.add_order()
    threading.Thread(target=_deliver_always, args=(store, url), daemon=True).start()
    if options.port_file:  # connections wait in the backlog until the loop runs
        temporary = options.port_file.with_suffix(".tmp")
        temporary.write_text(str(listener.getsockname()[1]))
        temporary.replace(options.port_file)
    uvicorn.Server(_config(standin)).run(sockets=[listener])


if __name__ == "__main__":
    main()
