"""Real Postgres with the real schema, as the app's own role; every test makes its own shop."""

from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

import pytest

from server.core.database import Database
from server.core.ids import new_id
from tests.server.orders.order_shop import OrderShop, ServiceOptions
from tests.servers import SharedServers, app_url


@pytest.fixture(scope="session")
async def owner_url(servers: SharedServers) -> str:
    return await servers.create_database()


@pytest.fixture(scope="session")
async def database(owner_url: str) -> AsyncIterator[Database]:
    database = Database(app_url(owner_url))
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def new_shop(database: Database) -> Callable[..., Awaitable[UUID]]:
    """A shop with the given order-access policy."""

    async def make(order_access: str = "standard", name: str = "Harbour Goods") -> UUID:
        shop_id = new_id()
        async with database.connection(shop_id) as connection:
            await connection.execute(
                "INSERT INTO shop (id, name, order_access, identity_secret) VALUES ($1, $2, $3, ''::bytea)",
                shop_id,
                name,
                order_access,
            )
        return shop_id

    return make


@pytest.fixture
def open_shop(database: Database, new_shop: Callable[..., Awaitable[UUID]]) -> Callable[..., Awaitable[OrderShop]]:
    """A shop, its platform and its service in one; see `OrderShop`."""

    async def make(order_access: str = "standard", **service: object) -> OrderShop:
        return OrderShop(database, await new_shop(order_access), ServiceOptions(**service))  # type: ignore[arg-type]

    return make


@pytest.fixture
async def shop(open_shop: Callable[..., Awaitable[OrderShop]]) -> OrderShop:
    """With the standard policy."""
    return await open_shop()
