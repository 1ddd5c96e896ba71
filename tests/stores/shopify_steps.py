"""What happens between a merchant's browser, Shopify and Aisle, step by step."""

import asyncio
import itertools
import json
import time
import urllib.parse
from typing import Any

import asyncpg
import httpx

from server.embedded.standins.shopify.shop import Shop
from server.embedded.standins.shopify.signing import body_signature, callback_query
from server.embedded.standins.shopify.tokens import SECRET
from tests.installation import Installation
from tests.stores.conftest import await_sync

_numbers = itertools.count(1)


def begin(console: httpx.Client, store: Shop) -> dict[str, str]:
    """The parameters of the consent page the merchant is sent to."""
    away = console.get("/integrations/shopify/install", params={"shop": store.domain})
    assert away.status_code == 302, away.text
    parts = urllib.parse.urlsplit(away.headers["location"])
    assert parts.path == f"/{store.domain}/admin/oauth/authorize"
    return dict(urllib.parse.parse_qsl(parts.query))


def agree(store: Shop, asked: dict[str, str], **changes: str) -> str:
    """The signed query with which Shopify sends the merchant back."""
    code = f"code-{next(_numbers)}"
    store.tokens.codes.add(code)
    told = {"code": code, "shop": store.domain, "state": asked["state"], "timestamp": str(int(time.time()))}
    return callback_query(told | changes, SECRET)


def install(console: httpx.Client, merchant: httpx.Client, store: Shop) -> dict[str, Any]:
    back = console.get(f"/integrations/shopify/callback?{agree(store, begin(console, store))}")
    assert back.status_code == 303, back.text
    connection_id = back.headers["location"].partition("connected=")[2]
    return await_sync(merchant, connection_id)


def product_titles(merchant: httpx.Client) -> set[str]:
    return {product["title"] for product in merchant.get("/v1/products", params={"limit": 200}).json()["data"]}


def tell(store: Shop, topic: str, body: dict[str, Any]) -> list[int]:
    return asyncio.run(store.send_webhook(topic, body))


def post_compliance(stores: Installation, store: Shop, topic: str, body: dict[str, Any], secret: str = SECRET) -> int:
    raw = json.dumps(body).encode()
    headers = {
        "Content-Type": "application/json",
        "X-Shopify-Topic": topic,
        "X-Shopify-Shop-Domain": store.domain,
        "X-Shopify-Webhook-Id": f"compliance-{next(_numbers)}",
        "X-Shopify-Hmac-Sha256": body_signature(raw, secret),
    }
    return httpx.post(f"{stores.base_url}/webhooks/shopify", content=raw, headers=headers).status_code


def ask_owner(stores: Installation, query: str, *values: Any) -> list[Any]:
    """A look behind the curtain, as the tables' owner."""

    async def ask() -> list[Any]:
        owner = await asyncpg.connect(stores.owner_url)
        try:
            return list(await owner.fetch(query, *values))
        finally:
            await owner.close()

    return asyncio.run(ask())
