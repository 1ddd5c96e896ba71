"""Databases as a managed server has them: their owner is no superuser, and pgvector was made by an administrator."""

import gzip
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from server.core.crypto import app_role_password
from server.core.database import Database, url_for_role
from tests.servers import SharedServers

DUMPS = Path(__file__).parent / "dumps"
OWNER_PASSWORD = "owner"
SECRET_KEY = "a-key-of-the-upgrade-test-not-a-secret-0001"
"""The key that the dumped installation ran with."""
ROLE_OF_DUMP = "aisle_app"


@dataclass(frozen=True)
class House:
    """One database with its owner; roles belong to the whole server, so each database has names of its own."""

    admin_url: str
    url: str
    redis_url: str
    owner: str
    app_role: str

    @asynccontextmanager
    async def admin(self) -> AsyncIterator[asyncpg.Connection]:
        """A superuser's connection."""
        connection = await asyncpg.connect(self.admin_url)
        try:
            yield connection
        finally:
            await connection.close()

    @property
    def app_url(self) -> str:
        return url_for_role(self.url, self.app_role, app_role_password(SECRET_KEY))

    @property
    def environment(self) -> dict[str, str]:
        """Settings of a process that works here."""
        return {
            "AISLE_ENV": "production",
            "AISLE_SECRET_KEY": SECRET_KEY,
            "AISLE_DATABASE_URL": self.url,
            "AISLE_REDIS_URL": self.redis_url,
            "AISLE_APP_ROLE": self.app_role,
        }

    @asynccontextmanager
    async def database(self, pool_size: int = 2) -> AsyncIterator[Database]:
        """The app's own door."""
        database = Database(self.app_url, pool_size=pool_size)
        await database.open()
        try:
            yield database
        finally:
            await database.close()

    async def restore(self, revision: str) -> None:
        """What an installation at this revision left, as the owner restores it."""
        async with self.admin() as admin:
            await admin.execute(f"CREATE ROLE {self.app_role} LOGIN PASSWORD '{app_role_password(SECRET_KEY)}'")
        sql = gzip.decompress((DUMPS / f"{revision}.sql.gz").read_bytes()).decode()
        connection = await asyncpg.connect(self.url)
        await connection.execute(sql.replace(ROLE_OF_DUMP, self.app_role))
        await connection.close()


@asynccontextmanager
async def made_house(servers: SharedServers, rights: str, *, has_vector: bool = True) -> AsyncIterator[House]:
    name = f"house_{secrets.token_hex(4)}"
    owner = f"{name}_owner"
    admin = await asyncpg.connect(servers.admin_url)
    await admin.execute(f"CREATE ROLE {owner} LOGIN {rights} PASSWORD '{OWNER_PASSWORD}'")
    await admin.execute(f"CREATE DATABASE {name} OWNER {owner}")
    admin_url = urlunsplit(urlsplit(servers.admin_url)._replace(path=f"/{name}"))
    owner_url = url_for_role(admin_url, owner, OWNER_PASSWORD)
    try:
        with servers.redis_database() as redis_url:
            house = House(admin_url, owner_url, redis_url, owner, f"{name}_app")
            if has_vector:
                async with house.admin() as inside:
                    await inside.execute("CREATE EXTENSION vector")
            yield house
    finally:
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await admin.execute(f"DROP ROLE IF EXISTS {name}_app")
        await admin.execute(f"DROP ROLE {owner}")
        await admin.close()


@pytest.fixture
async def house(servers: SharedServers) -> AsyncIterator[House]:
    """The owner may make roles, and nothing else."""
    async with made_house(servers, "CREATEROLE") as made:
        yield made


@pytest.fixture
async def plain_house(servers: SharedServers) -> AsyncIterator[House]:
    """The owner may not even make roles."""
    async with made_house(servers, "") as made:
        yield made


@pytest.fixture
async def bare_house(servers: SharedServers) -> AsyncIterator[House]:
    """Nobody has made the extension."""
    async with made_house(servers, "CREATEROLE", has_vector=False) as made:
        yield made
