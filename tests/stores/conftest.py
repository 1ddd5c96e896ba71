"""One installation that may reach the stores on this machine, for all tests of connected stores."""

import asyncio
import contextlib
import itertools
import queue
import threading
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.embedded import EmbeddedServers
from server.embedded.standins.shopify.records import generated, policy
from server.embedded.standins.shopify.shop import Shop
from server.embedded.standins.shopify.tokens import API_KEY, SECRET
from server.embedded.standins.shopify_server import ShopifyStandin, serving
from server.embedded.standins.woocommerce_server import WooCommerceStandin
from server.embedded.standins.woocommerce_server import running as woocommerce_running
from tests.installation import Installation, ShopAccess
from tests.servers import copy_demo_data, running_demo
from tests.stores.house_made import HouseMadeShop, running
from tests.waiting import PATIENCE_S, await_that

_stores = itertools.count(1)


@pytest.fixture(scope="session")
def own_shop() -> Iterator[HouseMadeShop]:
    """A shop of no platform: a feed and an order look-up of its own."""
    with running() as shop:
        yield shop


@pytest.fixture(scope="session")
def woo() -> Iterator[WooCommerceStandin]:
    """A WooCommerce shop on plain http."""
    with woocommerce_running(WooCommerceStandin(needs_https=False)) as standin:
        yield standin


@pytest.fixture(scope="session")
def shopify() -> Iterator[ShopifyStandin]:
    """Shopify, with every store one asks for."""
    with shopify_running() as standin:
        yield standin


@contextlib.contextmanager
def shopify_running() -> Iterator[ShopifyStandin]:
    """The stand-in on a thread of its own."""
    ready: queue.Queue[tuple[ShopifyStandin, asyncio.AbstractEventLoop, asyncio.Event]] = queue.Queue()

    async def serve() -> None:
        async with serving() as standin:
            over = asyncio.Event()
            ready.put((standin, asyncio.get_running_loop(), over))
            await over.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    standin, loop, over = ready.get(timeout=PATIENCE_S)
    try:
        yield standin
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)


@pytest.fixture(scope="package")
def stores_demo(
    tmp_path_factory: pytest.TempPathFactory,
    shared_folder: Path,
    own_shop: HouseMadeShop,
    woo: WooCommerceStandin,
    shopify: ShopifyStandin,
) -> Iterator[Installation]:
    """`aisle demo` that is allowed to reach the stand-ins."""
    hosts = (own_shop.address, woo.store.url.removeprefix("http://"), shopify.root.removeprefix("http://"))
    settings = {
        "AISLE_EGRESS_ALLOW": ",".join(hosts),
        "SHOPIFY_API_KEY": API_KEY,
        "SHOPIFY_API_SECRET": SECRET,
        "AISLE_SHOPIFY_ORIGIN": f"{shopify.root}/{{store}}",
    }
    data_dir = tmp_path_factory.mktemp("stores")
    copy_demo_data(shared_folder, data_dir)
    with running_demo(data_dir, settings) as demo, EmbeddedServers(data_dir) as at:
        yield Installation(demo.facts, demo.data_dir, demo.process_id, at.database_url)


@pytest.fixture
def stores(stores_demo: Installation) -> Installation:
    """The installation as this test alone knows it: with a new shop in the place of the demo's."""
    own = asdict(stores_demo.create_shop("Own", stores_demo.base_url))
    return replace(stores_demo, facts=stores_demo.facts | own)


@pytest.fixture
def store(shopify: ShopifyStandin) -> Shop:
    """A store nobody has connected."""
    shop = shopify.shop(f"store-{next(_stores)}.myshopify.com")
    shop.add(*(generated(number) for number in range(1, 4)))
    shop.policies.append(policy("REFUND_POLICY", "<p>Refunds within 33 days, unworn.</p>"))
    return shop


@pytest.fixture
def console(stores: Installation) -> Iterator[httpx.Client]:
    """The owner of this test's shop, signed in."""
    with stores.sign_in() as browser:
        yield browser


@pytest.fixture
def shop(stores: Installation) -> ShopAccess:
    """Another new shop with nothing in it."""
    return stores.create_shop("Connected", stores.base_url)


@pytest.fixture
def merchant(stores: Installation, shop: ShopAccess) -> Iterator[httpx.Client]:
    """Its merchant."""
    with stores.merchant(shop) as client:
        yield client


def await_sync(
    merchant: httpx.Client, connection_id: str, *, state: str = "synced", within_s: float = PATIENCE_S
) -> dict[str, Any]:
    """The connection once a sync has ended like this."""

    def look() -> dict[str, Any] | None:
        connection = merchant.get(f"/v1/connections/{connection_id}").json()
        return dict(connection) if connection["sync_state"] == state else None

    found: dict[str, Any] = await_that(look, f"a {state} store", within_s)
    return found
