"""The console's routes on a real Postgres and Redis, in an application of their own."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from litestar import Litestar
from redis.asyncio import Redis

from server.chat.conversations.presence import Presence
from server.core.crypto import Vault
from server.core.database import Database
from server.core.rate_limit import RateLimiter
from server.core.tokens import TokenSigner
from server.shops.access import ConsoleClaims
from server.shops.service import ShopService
from tests.server.console.house import OWN_ORIGIN, SECRET, KnownThings, ShopUnderTest, console_app, new_shop
from tests.servers import SharedServers, app_url


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def owner_url(servers: SharedServers) -> str:
    """The schema, as its owner sees it."""
    return await servers.create_database()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def database(owner_url: str) -> AsyncIterator[Database]:
    """The schema, as the app role sees it."""
    database = Database(app_url(owner_url))
    await database.open()
    yield database
    await database.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def redis(servers: SharedServers) -> AsyncIterator[Redis]:
    """Counts sign-ins."""
    with servers.redis_database() as url:
        redis = Redis.from_url(url)
        yield redis
        await redis.aclose()


@pytest.fixture(scope="session")
def shops(database: Database) -> ShopService:
    """The tenants."""
    return ShopService(database, Vault((SECRET,)))


@pytest.fixture(scope="session")
def signer() -> TokenSigner[ConsoleClaims]:
    """Signs the console's cookie."""
    return TokenSigner((SECRET,), "console", ConsoleClaims)


@pytest.fixture(scope="session")
def known(database: Database, owner_url: str) -> KnownThings:
    """Products and documents."""
    return KnownThings(database, owner_url)


@pytest.fixture(scope="session")
def app(
    database: Database, redis: Redis, shops: ShopService, signer: TokenSigner[ConsoleClaims], known: KnownThings
) -> Litestar:
    """The console's routes."""
    return console_app(database, RateLimiter(redis), shops, signer, Presence(redis), known=known)


@pytest_asyncio.fixture(loop_scope="session")
async def client(app: Litestar, redis: Redis) -> AsyncIterator[httpx.AsyncClient]:
    """A browser or a server that has shown nothing yet; limits begin anew."""
    await redis.flushdb()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=OWN_ORIGIN) as client:
        yield client


@pytest_asyncio.fixture(loop_scope="session")
async def shop(database: Database, shops: ShopService, signer: TokenSigner[ConsoleClaims]) -> ShopUnderTest:
    """A shop with an owner, an agent and a viewer."""
    return await new_shop("Fern & Field", database, shops, signer)


@pytest_asyncio.fixture(loop_scope="session")
async def other(database: Database, shops: ShopService, signer: TokenSigner[ConsoleClaims]) -> ShopUnderTest:
    """Somebody else's."""
    return await new_shop("Elsewhere", database, shops, signer)
