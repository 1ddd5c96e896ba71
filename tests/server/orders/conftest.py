"""Real Postgres with the real schema, as the app's own role; every test makes its own shop."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from uuid import UUID

import pytest

from server.core.database import Database, url_for_role
from server.core.ids import new_id
from server.embedded import EmbeddedServers
from server.migrations.migrate import migrate
from tests.server.orders.counter import Counter, Desk

APP_PASSWORD = "orders-test"


@pytest.fixture(scope="session")
def owner_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with EmbeddedServers(tmp_path_factory.mktemp("orders")) as endpoints:
        yield endpoints.database_url


@pytest.fixture(scope="session")
async def database(owner_url: str) -> AsyncIterator[Database]:
    await migrate(owner_url, "aisle_app", APP_PASSWORD)
    database = Database(url_for_role(owner_url, "aisle_app", APP_PASSWORD))
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def new_shop(database: Database) -> Callable[..., Awaitable[UUID]]:
    """A shop with the given order-access policy."""

    async def make(order_access: str = "standard", name: str = "Harbour Goods") -> UUID:
        shop_id = new_id()
        async with database.fast(shop_id) as connection:
            await connection.execute(
                "INSERT INTO shop (id, name, order_access, identity_secret) VALUES ($1, $2, $3, ''::bytea)",
                shop_id,
                name,
                order_access,
            )
        return shop_id

    return make


@pytest.fixture
def open_counter(database: Database, new_shop: Callable[..., Awaitable[UUID]]) -> Callable[..., Awaitable[Counter]]:
    """A shop, its platform and its desk in one; see `Counter`."""

    async def make(order_access: str = "standard", **desk: object) -> Counter:
        return Counter(database, await new_shop(order_access), Desk(**desk))  # type: ignore[arg-type]

    return make


@pytest.fixture
async def counter(open_counter: Callable[..., Awaitable[Counter]]) -> Counter:
    """With the standard policy."""
    return await open_counter()
