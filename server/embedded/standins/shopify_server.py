"""A local server that speaks Shopify's Admin API, its OAuth and its webhooks.

    python -m server.embedded.standins.shopify_server --port 0 --port-file F [--products N] [--version 2026-10]

Every shop lives under its domain: an adapter's `origin` is `{root}/acme.myshopify.com`. A shop exists once it is named.

POST {origin}/admin/api/{version}/graphql.json   executed against Shopify's published schema where it is beside the
                                                 checkout, else against the part kept in shopify/admin.graphql
GET  {origin}/admin/oauth/authorize              consents at once: redirects with code, state and hmac
POST {origin}/admin/oauth/access_token           codes, session tokens, refresh tokens that rotate
GET  {origin}/.well-known/...                    where customers sign in: account/authorize, /token, /graphql
GET  /files/bulk-N.jsonl                         results of bulk operations, by Range; refuses access tokens

For those who test with it:
POST /control/{domain}  {"do": name, ...}: `products` {"count"}, `change` {"product", "facts"}, `orders`, `uninstall`,
                        `fail` {"mode", "times"}, `set` {fields of Shop}, `expire`, `webhook` {"topic", "body"}; the
                        response is the state of the shop

In the same process: `serving()` gives the `ShopifyStandin`, whose `shop(domain)` tests change directly.
"""

import argparse
import asyncio
import contextlib
import json
import re
import secrets
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import click
import uvicorn

from server.embedded.standins.shopify.records import generated, order, page, policy
from server.embedded.standins.shopify.schema import find_schema
from server.embedded.standins.shopify.shop import Shop
from server.embedded.standins.shopify.signing import callback_query
from server.embedded.standins.shopify.tokens import API_KEY

VERSION = "2026-10"
SLOW_S = 30.0
_HTML = b"<!doctype html><title>Just a moment...</title>"

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Reply(Exception):
    """Status, body and headers of what is sent, raised where it is decided."""

    def __init__(self, status: int, body: Any = b"", **headers: str) -> None:
        super().__init__(status)
        self.status, self.headers = status, headers
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()


class Break(Exception):
    """Makes uvicorn break the connection."""


class ShopifyStandin:
    """The ASGI application."""

    def __init__(self, version: str = VERSION) -> None:
        self.root = ""
        self.version = version
        self.shops: dict[str, Shop] = {}
        self.released = asyncio.Event()

    def shop(self, domain: str = "acme.myshopify.com") -> Shop:
        """The shop, made empty when it is named first."""
        if domain not in self.shops:
            self.shops[domain] = Shop(domain, self.root, find_schema(self.version))
        return self.shops[domain]

    def origin(self, domain: str = "acme.myshopify.com") -> str:
        """Where the shop's admin is reached."""
        return f"{self.root}/{domain}"

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        body = await _body(receive)
        try:
            await self._route(scope, headers, body)
        except Reply as reply:
            await _send(send, reply)

    async def _route(self, scope: dict[str, Any], headers: dict[str, str], body: bytes) -> None:
        path = scope["path"]
        if path.startswith("/files/"):
            raise self._file(path, headers)
        first, _, rest = path.removeprefix("/").partition("/")
        if first == "control":
            raise Reply(200, await self._control(self.shop(rest), json.loads(body)))
        shop = self.shop(first)
        shop.requests.append({"path": rest, "headers": headers, "body": body.decode("utf-8", "replace")})
        if rest == "admin/oauth/authorize":
            raise self._consent(shop, scope["query_string"].decode())
        if rest.startswith((".well-known/", "account/")):
            status, told, extra = shop.accounts.respond(rest, scope["query_string"].decode(), headers, body)
            raise Reply(status, told, **extra)
        failure = shop.failures.popleft() if shop.failures else None
        if failure and failure != "lost":
            await self._fail(failure)
        if rest == "admin/oauth/access_token":
            reply = Reply(*shop.tokens.ask(json.loads(body)))
        else:
            reply = self._graphql(shop, rest, headers, body)
        if failure == "lost":
            raise Break
        raise reply

    def _graphql(self, shop: Shop, rest: str, headers: dict[str, str], body: bytes) -> Reply:
        if rest != f"admin/api/{self.version}/graphql.json":
            return Reply(404, {"errors": "Not Found"})
        if not shop.tokens.is_good(headers.get("x-shopify-access-token", "")):
            return Reply(401, {"errors": "[API] Invalid API key or access token"})
        return Reply(*shop.respond(json.loads(body)))

    async def _fail(self, mode: str) -> None:
        match mode:
            case "html":
                raise Reply(200, _HTML, **{"content-type": "text/html"})
            case "nonsense":
                raise Reply(200, ["not", "GraphQL"])
            case "reset":
                raise Break
            case "slow":
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.released.wait(), SLOW_S)
                raise Break
            case "429":
                raise Reply(429, _HTML, **{"retry-after": "0.1"})
            case "302":
                raise Reply(302, b"", location="https://elsewhere.example/")
            case status:
                raise Reply(int(status), _HTML, **{"content-type": "text/html"})

    def _file(self, path: str, headers: dict[str, str]) -> Reply:
        if "x-shopify-access-token" in headers:
            return Reply(400, b"this host takes no token")
        operations = (each for shop in self.shops.values() for each in shop.operations.values())
        file = next((each.file for each in operations if each.path == path), None)
        wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", headers.get("range", ""))
        if file is None or wanted is None:
            return Reply(404 if file is None else 416)
        first, last = int(wanted[1]), int(wanted[2])
        return Reply(206, file[first : last + 1], **{"content-range": f"bytes {first}-{last}/{len(file)}"})

    def _consent(self, shop: Shop, query: str) -> Reply:
        given = {key: values[0] for key, values in parse_qs(query).items()}
        if given.get("client_id") != API_KEY:
            return Reply(400, {"error": "unknown client"})
        code = secrets.token_hex(8)
        shop.tokens.codes.add(code)
        parameters = {"code": code, "shop": shop.domain, "state": given["state"], "timestamp": str(int(time.time()))}
        signed = callback_query(parameters, shop.tokens.secrets[0])
        return Reply(302, b"", location=f"{given['redirect_uri']}?{signed}")

    async def _control(self, shop: Shop, wish: dict[str, Any]) -> dict[str, Any]:
        match wish.get("do"):
            case "products":
                shop.add(*(generated(number) for number in range(1, wish["count"] + 1)))
            case "change":
                found = shop.products[f"gid://shopify/Product/{wish['product']}"]
                shop.add({**found, **wish["facts"]})
            case "orders":
                shop.place(*(order(**facts) for facts in wish["orders"]))
            case "uninstall":
                shop.uninstall()
            case "fail":
                shop.fail(wish["mode"], wish.get("times", 1))
            case "expire":
                shop.tokens.access = ""
            case "webhook":
                await shop.send_webhook(wish["topic"], wish["body"])
            case "set":
                for name, value in wish["fields"].items():
                    setattr(shop, name, value)
        return {
            "products": len(shop.products),
            "orders": len(shop.orders),
            "requests": len(shop.requests),
            "throttled": shop.throttled,
            "subscriptions": list(shop.subscriptions.values()),
            "delivered": shop.delivered,
            "refreshes": shop.tokens.refreshes,
        }


async def _body(receive: Receive) -> bytes:
    body: bytes = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


async def _send(send: Send, reply: Reply) -> None:
    headers = {"content-type": "application/json", **reply.headers, "content-length": str(len(reply.body))}
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": raw})
    await send({"type": "http.response.body", "body": reply.body})


class _Guest(uvicorn.Server):
    """A server in a process whose signals belong to somebody else."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _config(standin: ShopifyStandin) -> uvicorn.Config:
    return uvicorn.Config(standin, log_level="critical", access_log=False, lifespan="off", timeout_graceful_shutdown=1)


@contextlib.asynccontextmanager
async def in_this_process(config: uvicorn.Config) -> AsyncIterator[str]:
    """Serves on a free port of this machine until the block ends; yields the address."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    server = _Guest(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


@contextlib.asynccontextmanager
async def serving(version: str = VERSION) -> AsyncIterator[ShopifyStandin]:
    """One in this process, on a free port."""
    standin = ShopifyStandin(version)
    async with in_this_process(_config(standin)) as standin.root:
        yield standin
        standin.released.set()


def sample(shop: Shop, products: int) -> None:
    """A shop to look at: generated products, two pages, an order."""
    shop.add(*(generated(number) for number in range(1, products + 1)))
    shop.policies.append(policy("REFUND_POLICY", "<p>30 days, unused.</p>"))
    shop.pages.append(page(1, "About us", "<p>Since 1980.</p>"))
    shop.place(order(1001))


def main() -> None:
    """Serves until a signal comes."""
    parser = argparse.ArgumentParser(description="A local server that speaks Shopify's Admin API")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--port-file", type=Path)
    parser.add_argument("--products", type=int, default=20)
    parser.add_argument("--version", default=VERSION)
    options = parser.parse_args()
    standin = ShopifyStandin(options.version)
    listener = socket.create_server(("127.0.0.1", options.port), backlog=2048)
    standin.root = f"http://127.0.0.1:{listener.getsockname()[1]}"
    sample(standin.shop(), options.products)
    if options.port_file:  # connections wait in the backlog until the loop runs
        temporary = options.port_file.with_suffix(".tmp")
        temporary.write_text(str(listener.getsockname()[1]))
        temporary.replace(options.port_file)
    else:
        click.echo(standin.origin())
    uvicorn.Server(_config(standin)).run(sockets=[listener])


if __name__ == "__main__":
    main()
