"""Real Postgres and Redis, as the app's own role."""

from collections.abc import AsyncIterator, Iterator

import pytest
from redis.asyncio import Redis

from server.core.database import Database, url_for_role
from server.embedded import EmbeddedServers, Endpoints
from server.migrations.migrate import migrate

APP_PASSWORD = "webhooks-test"


@pytest.fixture(scope="session")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoints]:
    with EmbeddedServers(tmp_path_factory.mktemp("webhooks")) as endpoints:
        yield endpoints


@pytest.fixture(scope="session")
async def database(at: Endpoints) -> AsyncIterator[Database]:
    await migrate(at.database_url, "aisle_app", APP_PASSWORD)
    database = Database(url_for_role(at.database_url, "aisle_app", APP_PASSWORD))
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def redis(at: Endpoints) -> AsyncIterator[Redis]:
    client = Redis.from_url(at.redis_url)
    yield client
    await client.aclose()
