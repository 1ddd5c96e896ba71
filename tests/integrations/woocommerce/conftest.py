"""A shop on this machine, and our platform connected to it over plain http (OAuth) or as behind https (Basic)."""

from collections.abc import AsyncIterator, Iterator

import pytest

from integrations.woocommerce.platform import WooCommercePlatform
from server.embedded.standins.woocommerce.store import Store
from server.embedded.standins.woocommerce_server import WooCommerceStandin, running
from tests.integrations.woocommerce.woo_shop import HTTPS_URL, Connect, HeldCredentials, store_http


@pytest.fixture
def standin() -> Iterator[WooCommerceStandin]:
    with running() as served:
        yield served


@pytest.fixture
def store(standin: WooCommerceStandin) -> Store:
    return standin.store


@pytest.fixture
def credentials(store: Store) -> HeldCredentials:
    key, secret = store.key
    return HeldCredentials(consumer_key=key, consumer_secret=secret)


@pytest.fixture
async def connect(store: Store, credentials: HeldCredentials) -> AsyncIterator[Connect]:
    """Builds platforms, over https with `https=True`; closes them at the end."""
    made: list[WooCommercePlatform] = []

    def build(*, https: bool = False, held: HeldCredentials | None = None) -> WooCommercePlatform:
        store.behind_https = https
        http = store_http(store.url, https=https)
        made.append(WooCommercePlatform(HTTPS_URL if https else store.url, http, held or credentials))
        return made[-1]

    yield build
    for each in made:
        await each.close()


@pytest.fixture
def platform(connect: Connect) -> WooCommercePlatform:
    return connect(https=True)
