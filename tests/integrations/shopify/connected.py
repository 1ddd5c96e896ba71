"""Adapters connected to the stand-in, and credentials that processes share."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from integrations.platform import PlatformRevoked
from integrations.shopify import ShopifyApp, ShopifyPlatform
from integrations.shopify.client import AdminApi
from integrations.shopify.tokens import AccessToken, TokenEndpoint
from integrations.store_http import StoreHttp
from server.embedded.standins.shopify.tokens import API_KEY, SECRET

APP = ShopifyApp(API_KEY, (SECRET,), "https://aisle.example")


def store_http() -> StoreHttp:
    """As the server makes it, but for this machine's addresses."""
    return StoreHttp(httpx.AsyncClient(trust_env=False), "Shopify")


class SharedCredentials:
    """`Credentials` in memory: what the database is to real processes."""

    def __init__(self, **kept: str) -> None:
        self.kept, self._alone = kept, asyncio.Lock()
        self.is_gone = False

    async def read(self) -> dict[str, str]:
        if self.is_gone:
            raise PlatformRevoked("the connection is gone")
        return dict(self.kept)

    @asynccontextmanager
    async def change(self) -> AsyncIterator[dict[str, str]]:
        async with self._alone:
            draft = dict(self.kept)
            yield draft
            self.kept = draft


class Connected:
    """Makes platforms and closes them."""

    def __init__(self, origin: str, domain: str, credentials: SharedCredentials) -> None:
        self._origin, self._domain, self._credentials = origin, domain, credentials
        self._made: list[ShopifyPlatform] = []

    def platform(self, **options: Any) -> ShopifyPlatform:
        """One more process. `options` as `ShopifyPlatform` takes them, and `app`."""
        app = options.pop("app", APP)
        options = {"poll_s": 0.01, "origin": self._origin, **options}
        self._made.append(ShopifyPlatform(self._domain, store_http(), self._credentials, app, **options))
        return self._made[-1]

    async def close(self) -> None:
        for platform in self._made:
            await platform.close()


def admin_api(origin: str, credentials: SharedCredentials, app: ShopifyApp = APP) -> AdminApi:
    """The bare client."""
    http = store_http()
    return AdminApi(http, origin, AccessToken(TokenEndpoint(http, origin, app), credentials))
