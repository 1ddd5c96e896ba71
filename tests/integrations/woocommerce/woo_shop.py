"""What the tests of the WooCommerce connection share."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx

from integrations.store_http import StoreHttp
from integrations.woocommerce.client import WooClient
from integrations.woocommerce.platform import WooCommercePlatform

HTTPS_URL = "https://shop.example"


class HeldCredentials:
    """Credentials in memory."""

    def __init__(self, **held: str) -> None:
        self.held = dict(held)

    async def read(self) -> dict[str, str]:
        return dict(self.held)

    @asynccontextmanager
    async def change(self) -> AsyncIterator[dict[str, str]]:
        newest = dict(self.held)
        yield newest
        self.held = newest


class BehindTls(httpx.AsyncHTTPTransport):
    """Takes what is meant for https://shop.example to the shop on this machine, as a proxy that ends TLS does."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = httpx.URL(url)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(scheme="http", host=self._url.host, port=self._url.port)
        return await super().handle_async_request(request)


def store_http(url: str, *, https: bool) -> StoreHttp:
    """For the shop on this machine at `url`, asked by its https address when `https`."""
    transport = BehindTls(url) if https else httpx.AsyncHTTPTransport()
    return StoreHttp(httpx.AsyncClient(transport=transport, trust_env=False), "the shop's WooCommerce")


def client_of(url: str, credentials: HeldCredentials, *, https: bool = True) -> WooClient:
    """The bare client."""
    return WooClient(HTTPS_URL if https else url, store_http(url, https=https), credentials)


Connect = Callable[..., WooCommercePlatform]
