"""Postgres that restarts: both doors say so, as 503, and work again afterwards."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from server.core.crypto import app_role_password
from server.core.database import Database, url_for_role
from server.core.errors import Unavailable
from server.core.ids import new_id
from tests.installation import Installation

PATIENCE_S = 20
SSL_REQUEST = 80877103


def fatal(sqlstate: str, message: str) -> bytes:
    """An ErrorResponse (PostgreSQL documentation, "Message Formats")."""
    fields = b"".join(
        kind + value.encode() + b"\x00"
        for kind, value in ((b"S", "FATAL"), (b"V", "FATAL"), (b"C", sqlstate), (b"M", message))
    )
    return b"E" + struct.pack("!i", len(fields) + 5) + fields + b"\x00"


REFUSALS = {
    "starting up": fatal("57P03", "the database system is starting up"),
    "not yet accepting": fatal("57P03", "the database system is not yet accepting connections"),
    "shutting down": fatal("57P03", "the database system is shutting down"),
    "too many": fatal("53300", "sorry, too many clients already"),
}


class Restarting:
    """In front of a real server: passes everything on, until `refusal` is what whoever connects is told."""

    def __init__(self, host: str, port: int) -> None:
        self._upstream = (host, port)
        self._writers: set[asyncio.StreamWriter] = set()
        self.refusal = b""
        self.refused = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with suppress(OSError, asyncio.IncompleteReadError):
            await (self._refuse(reader, writer) if self.refusal else self._pass_on(reader, writer))
        writer.close()

    def cut(self) -> None:
        """Ends every connection, as a server does that stops at once."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _refuse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length, code = struct.unpack("!ii", await reader.readexactly(8))
        if code == SSL_REQUEST:
            writer.write(b"N")
            (length,) = struct.unpack("!i", await reader.readexactly(4))
            length += 4
        await reader.readexactly(length - 8)
        self.refused += 1
        writer.write(self.refusal)
        await writer.drain()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream_reader, upstream_writer = await asyncio.open_connection(*self._upstream)
        await asyncio.gather(_copy(reader, upstream_writer), _copy(upstream_reader, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


@pytest.fixture(scope="module")
def app_url(installation: Installation) -> str:
    secret = (installation.data_dir / "secret.key").read_text().strip()
    return url_for_role(installation.owner_url, "aisle_app", app_role_password(secret))


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    database = Database(url, pool_size=2)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


async def ask(database: Database) -> None:
    async with database.global_session() as session:
        await session.exec(text("SELECT 1"))  # type: ignore[call-overload]


async def ask_fast(database: Database) -> None:
    async with database.connection(new_id()) as connection:
        await connection.fetchval("SELECT 1")


@pytest.mark.parametrize("refusal", REFUSALS)
@pytest.mark.parametrize("connected", [True, False], ids=["with a connection", "without one"])
async def test_a_server_that_takes_no_connections_is_unavailable(app_url: str, refusal: str, connected: bool) -> None:
    parts = urlsplit(app_url)
    server = Restarting(parts.hostname or "", parts.port or 0)
    async with await asyncio.start_server(server.serve, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        url = urlunsplit(parts._replace(netloc=f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{port}"))
        async with opened(url) as database:
            if connected:
                await ask(database)
            server.refusal = REFUSALS[refusal]
            server.cut()
            for door in (ask, ask_fast):
                before = server.refused
                with pytest.raises(Unavailable):
                    await door(database)
                assert server.refused > before
            server.refusal = b""
            await ask(database)
            await ask_fast(database)
        server.cut()


async def test_a_server_that_ends_a_statement_is_unavailable(installation: Installation, app_url: str) -> None:
    owner = await asyncpg.connect(installation.owner_url)
    try:
        async with opened(app_url) as database:
            pid = asyncio.get_running_loop().create_future()

            async def sleep() -> None:
                async with database.global_session() as session:
                    pid.set_result((await session.exec(text("SELECT pg_backend_pid()"))).scalar())  # type: ignore[call-overload]
                    await session.exec(text("SELECT pg_sleep(60)"))  # type: ignore[call-overload]

            sleeping = asyncio.create_task(sleep())
            async with asyncio.timeout(PATIENCE_S):
                while not await owner.fetchval(  # noqa: ASYNC110 (known to Postgres only)
                    "SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'PgSleep'", await pid
                ):
                    await asyncio.sleep(0.01)
                await owner.execute("SELECT pg_terminate_backend($1)", await pid)
                with pytest.raises(Unavailable):
                    await sleeping
            await ask(database)
    finally:
        await owner.close()


async def test_a_statement_that_is_wrong_is_no_outage(app_url: str) -> None:
    async with opened(app_url) as database:
        with pytest.raises(DBAPIError):
            async with database.global_session() as session:
                await session.exec(text("SELECT nothing_of_the_kind"))  # type: ignore[call-overload]
