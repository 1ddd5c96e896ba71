"""Real Postgres and Redis, as the app's own role."""

from collections.abc import AsyncIterator, Iterator

import pytest
from redis.asyncio import Redis

from server.core.database import Database
from tests.servers import SharedServers, app_url


@pytest.fixture(scope="session")
async def database(servers: SharedServers) -> AsyncIterator[Database]:
    database = Database(app_url(await servers.create_database()))
    await database.open()
    yield database
    await database.close()


@pytest.fixture(scope="session")
def redis_url(servers: SharedServers) -> Iterator[str]:
    with servers.redis_database() as url:
        yield url


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url)
    yield client
    await client.aclose()
