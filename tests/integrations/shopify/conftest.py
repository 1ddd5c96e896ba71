"""A Shopify shop of its own for each test, and as many connected processes as it wants."""

import itertools
from collections.abc import AsyncIterator, Callable

import pytest

from integrations.shopify import ShopifyPlatform
from server.embedded.standins.shopify.shop import Shop
from server.embedded.standins.shopify_server import ShopifyStandin, serving
from tests.integrations.shopify.connected import Connected, SharedCredentials

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
async def standin() -> AsyncIterator[ShopifyStandin]:
    """One server for all tests."""
    async with serving() as running:
        yield running


@pytest.fixture
def shop(standin: ShopifyStandin) -> Shop:
    """An empty shop."""
    return standin.shop(f"shop-{next(_numbers)}.myshopify.com")


@pytest.fixture
def credentials(shop: Shop) -> SharedCredentials:
    """An install that has just happened."""
    granted = shop.tokens.grant()
    return SharedCredentials(
        access_token=granted["access_token"],
        refresh_token=granted["refresh_token"],
        expires_at="2126-01-01T00:00:00+00:00",
        scope=granted["scope"],
    )


@pytest.fixture
async def connect(
    standin: ShopifyStandin, shop: Shop, credentials: SharedCredentials
) -> AsyncIterator[Callable[..., ShopifyPlatform]]:
    """Makes platforms, each with its own connections as a process of its own has them."""
    house = Connected(standin.origin(shop.domain), shop.domain, credentials)
    yield house.platform
    await house.close()


@pytest.fixture
def platform(connect: Callable[..., ShopifyPlatform]) -> ShopifyPlatform:
    """One connected platform."""
    return connect()
