"""Postgres, always for one shop at a time.

Every transaction names its shop with `SET LOCAL app.shop_id`, which the row-level-security policies read, and every
statement names it again (`shop_id = $1`): isolation twice over. Two doors lead to the same tables:

- `session()` gives a SQLModel session, for everything that reads better with models;
- `connection()` gives an asyncpg connection, for the turn: the same transaction costs 0.4 ms of CPU instead of 1.6
  (decisions/0003). Both take the app role's connection, which the policies bind.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any
from uuid import UUID

import asyncpg
from pgvector.asyncpg import register_vector
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel.ext.asyncio.session import AsyncSession

from server.core.connection_budget import claim_name
from server.core.connection_pool import CONNECT_TIMEOUT_S, LONGEST_QUEUE_S, QUEUE_STALLED_S, Connection, Row, open_pool
from server.core.connection_queue import ConnectionQueue
from server.core.database_errors import GONE, TROUBLE, is_read_only, passing_state
from server.core.database_url import plain_url, url_for_role
from server.core.errors import ConfigurationError, DatabaseReadOnly
from server.core.scoped_session import ScopedSession, canonical, create_scoped_engine

__all__ = ["Connection", "Database", "Row", "owner_connection", "plain_url", "url_for_role"]

PATIENCE_S = 35.0
"""With one statement, when the server does not even say that it timed out; requests have less (see `app`)."""
STATEMENT_TIMEOUT_MS = 30_000
LOCK_TIMEOUT_MS = 5_000
SERVER_SETTINGS = {
    "statement_timeout": str(STATEMENT_TIMEOUT_MS),
    "lock_timeout": str(LOCK_TIMEOUT_MS),
    "idle_in_transaction_session_timeout": "30000",
}
TAKES_WRITES = "SELECT NOT pg_is_in_recovery() AND NOT current_setting('transaction_read_only')::bool"
POOLS = 2
"""`connection()` and `session()` have one each, of one size."""


class Database:
    """The app role's two pools on one database. Nothing connects before `open()`."""

    def __init__(self, url: str, *, pool_size: int = 10, patience_s: float = PATIENCE_S) -> None:
        self._url = plain_url(url)
        self._pool_size, self._patience_s = pool_size, patience_s
        self._server_settings = SERVER_SETTINGS | {"application_name": claim_name(POOLS * pool_size)}
        self._pool: Any = None
        self._engine: AsyncEngine | None = None
        self._pool_queue, self._engine_queue = (
            ConnectionQueue(pool_size, stalled_s=QUEUE_STALLED_S, longest_s=LONGEST_QUEUE_S) for _ in range(POOLS)
        )

    async def open(self) -> None:
        """Connect and refuse a role that the policies would not bind. Raises ConfigurationError, Unavailable."""
        self._pool = await open_pool(self._url, self._pool_size, self._server_settings, self._patience_s)
        self._engine = create_scoped_engine(self._url, self._pool_size, self._patience_s, self._server_settings)
        await self._refuse_unbound_role()

    async def close(self) -> None:
        """Give all connections back."""
        if self._engine:
            await self._engine.dispose()
        if self._pool:
            await self._pool.close()

    def session(self, shop_id: UUID) -> AbstractAsyncContextManager[AsyncSession]:
        """A SQLModel session in one transaction of one shop; commits at the end, rolls back on an exception."""
        return self._session(("app.shop_id", shop_id))

    def merchant_session(self, merchant_id: UUID) -> AbstractAsyncContextManager[AsyncSession]:
        """A session that sees the shops one merchant belongs to, and nothing inside them."""
        return self._session(("app.merchant_id", merchant_id))

    def global_session(self) -> AbstractAsyncContextManager[AsyncSession]:
        """A session of no shop: it sees the global look-ups (keys by hash, origins, merchants) only."""
        return self._session(None)

    @asynccontextmanager
    async def connection(self, shop_id: UUID) -> AsyncIterator[Connection]:
        """An asyncpg connection in one transaction of one shop, for the turn and its search."""
        try:
            async with self._pool_queue, self._pool.acquire() as connection:
                await connection.execute("BEGIN")
                try:
                    # a statement of its own: in one string with BEGIN a sharded Postgres would not pass it on
                    await connection.execute(f"SET LOCAL app.shop_id = '{canonical(shop_id)}'")
                    yield connection
                except BaseException as reason:
                    with suppress(*GONE):
                        await asyncio.shield(connection.execute("ROLLBACK"))
                    if is_read_only(reason):  # it may lead to yesterday's primary; the next one is made anew
                        connection.terminate()
                    raise
                await connection.execute("COMMIT")
        except TROUBLE as reason:
            if state := passing_state(reason):
                raise state from reason
            raise

    @asynccontextmanager
    async def report_connection(self, shop_id: UUID) -> AsyncIterator[Connection]:
        """Like `connection()`, without nested-loop joins, for reports over whole months: on a table that has just grown
        the planner may still expect a handful of rows and read the table once for each of them."""
        async with self.connection(shop_id) as connection:
            await connection.execute("SET LOCAL enable_nestloop = off")
            yield connection

    @property
    def pool_size(self) -> int:
        """How many transactions of `connection()` may be open at once."""
        return self._pool_size

    async def fetch(self, query: str, *values: object) -> list[Row]:
        """Look-ups of no shop: ids over all shops, and what the server says of itself. Raises Unavailable."""
        try:
            async with self._pool_queue, self._pool.acquire() as connection:
                rows: list[Row] = await connection.fetch(query, *values)
        except TROUBLE as reason:
            if state := passing_state(reason):
                raise state from reason
            raise
        return rows

    async def ping(self) -> None:
        """One round trip. Raises Unavailable, of which DatabaseReadOnly when it answers and takes no writes."""
        try:
            async with self._pool.acquire(timeout=CONNECT_TIMEOUT_S) as connection:
                is_primary = await connection.fetchval(TAKES_WRITES, timeout=CONNECT_TIMEOUT_S)
                if not is_primary:  # the next look is through a new connection, which finds today's primary
                    connection.terminate()
        except TROUBLE as reason:
            if state := passing_state(reason):
                raise state from reason
            raise
        if not is_primary:
            raise DatabaseReadOnly("The database takes no writes: it is a standby, or was made read-only.")

    @asynccontextmanager
    async def _session(self, scope: tuple[str, UUID] | None) -> AsyncIterator[AsyncSession]:
        assert self._engine, "open() comes first"
        try:
            async with (
                self._engine_queue,
                AsyncSession(
                    self._engine,
                    expire_on_commit=False,
                    sync_session_class=ScopedSession,
                    info={"scope": scope},
                ) as session,
                session.begin(),
            ):
                yield session
        except TROUBLE as reason:
            if state := passing_state(reason):
                raise state from reason
            raise

    async def _refuse_unbound_role(self) -> None:
        row = await self._pool.fetchrow(
            "SELECT rolsuper OR rolbypassrls AS unbound, "
            "EXISTS (SELECT FROM pg_class WHERE relname = 'shop' AND pg_has_role(relowner, 'MEMBER')) AS owner "
            "FROM pg_roles WHERE rolname = current_user"
        )
        if row["unbound"] or row["owner"]:
            raise ConfigurationError(
                "the app would connect as the owner of its tables or as a role that row-level security does not "
                "bind; leave AISLE_APP_DATABASE_URL unset or name a plain role in it"
            )


@asynccontextmanager
async def owner_connection(url: str) -> AsyncIterator[Any]:
    """A connection as the tables' owner, outside any transaction: for a worker's indexes, never for requests."""
    connection = await asyncpg.connect(plain_url(url), timeout=CONNECT_TIMEOUT_S)
    try:
        await register_vector(connection)
        yield connection
    finally:
        await connection.close()
