"""Postgres, always for one shop at a time.

Every transaction names its shop with `SET LOCAL app.shop_id`, which the row-level-security policies read, and every
statement names it again (`shop_id = $1`): isolation twice over. Two doors lead to the same tables:

- `session()` gives a SQLModel session, for everything that reads better with models;
- `connection()` gives an asyncpg connection, for the turn: the same transaction costs 0.4 ms of CPU instead of 1.6
  (decisions/0003). Both take the app role's connection, which the policies bind.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote, urlsplit, urlunsplit
from uuid import UUID

import asyncpg
from pgvector.asyncpg import register_vector
from sqlalchemy import event
from sqlalchemy.engine import Connection as SyncConnection
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel import Session
from sqlmodel.ext.asyncio.session import AsyncSession

from server.core.connection_budget import claim_name
from server.core.connection_queue import ConnectionQueue
from server.core.database_errors import GONE, TROUBLE, is_read_only, passing_state
from server.core.errors import ConfigurationError, DatabaseReadOnly, Unavailable
from server.core.storable_text import register_json_codec, storable_json, storable_value

Connection: TypeAlias = Any
"""An asyncpg connection inside a transaction (asyncpg ships no types)."""

CONNECT_TIMEOUT_S = 3.0
QUEUE_STALLED_S, LONGEST_QUEUE_S = 8.0, 30.0
"""Waiting for a connection behind others who ask: while nobody's transaction ends well, and in all."""
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
if TYPE_CHECKING:
    _PooledConnection = object
else:
    _PooledConnection = asyncpg.Connection


class _PlainConnection(_PooledConnection):
    """Our transactions leave nothing behind, so giving a connection back needs no round trip. Parameters are sent as
    Postgres can keep them."""

    def get_reset_query(self) -> str:
        return ""

    def execute(self, query: str, *values: Any, **options: Any) -> Any:
        return asyncpg.Connection.execute(self, query, *map(storable_value, values), **options)

    def executemany(self, command: str, rows: Any, **options: Any) -> Any:
        return asyncpg.Connection.executemany(self, command, map(storable_value, rows), **options)

    def fetch(self, query: str, *values: Any, **options: Any) -> Any:
        return asyncpg.Connection.fetch(self, query, *map(storable_value, values), **options)

    def fetchrow(self, query: str, *values: Any, **options: Any) -> Any:
        return asyncpg.Connection.fetchrow(self, query, *map(storable_value, values), **options)

    def fetchval(self, query: str, *values: Any, **options: Any) -> Any:
        return asyncpg.Connection.fetchval(self, query, *map(storable_value, values), **options)


async def _prepare_connection(connection: Any) -> None:
    await register_vector(connection)
    await register_json_codec(connection)


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
        try:
            self._pool = await asyncpg.create_pool(
                self._url,
                min_size=1,
                max_size=self._pool_size,
                connection_class=_PlainConnection,
                init=_prepare_connection,
                server_settings=self._server_settings,
                max_inactive_connection_lifetime=0,  # a connection knows its plans; a new one makes them again, 40 ms
                timeout=CONNECT_TIMEOUT_S,
                command_timeout=self._patience_s,
            )
        except asyncpg.InvalidPasswordError:
            raise ConfigurationError(
                "the database rejects the app role's password; run `aisle migrate` with the current AISLE_SECRET_KEY"
            ) from None
        except ValueError as reason:
            if "unknown type" in str(reason):  # pgvector is not there yet: nobody migrated
                raise Unavailable("the database has no Aisle schema yet; run `aisle migrate`") from None
            raise
        except GONE as reason:
            raise Unavailable(f"the database does not answer ({type(reason).__name__})") from None
        self._engine = _engine(self._url, self._pool_size, self._patience_s, self._server_settings)
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
                    await connection.execute(f"SET LOCAL app.shop_id = '{_canonical(shop_id)}'")
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

    async def fetch(self, query: str, *values: Any) -> list[Any]:
        """Look-ups of no shop: ids over all shops, and what the server says of itself. Raises Unavailable."""
        try:
            async with self._pool_queue, self._pool.acquire() as connection:
                rows: list[Any] = await connection.fetch(query, *values)
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
                    sync_session_class=_ScopedSession,
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


def _engine(url: str, pool_size: int, patience_s: float, server_settings: dict[str, str]) -> AsyncEngine:
    engine = create_async_engine(
        url.replace("postgresql://", "postgresql+asyncpg://", 1).replace("sslmode=", "ssl="),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=LONGEST_QUEUE_S,  # never reached: who has come through the queue finds a free one
        pool_pre_ping=True,
        hide_parameters=True,  # an error's text must not carry a shop's values into a log
        connect_args={
            "server_settings": server_settings,
            "timeout": CONNECT_TIMEOUT_S,
            "command_timeout": patience_s,
        },
        json_serializer=lambda value: storable_json(json.dumps(value)),
    )
    event.listen(engine.sync_engine, "before_cursor_execute", _send_storable, retval=True)
    event.listen(engine.sync_engine, "handle_error", _drop_read_only)
    return engine


def _send_storable(_connection: Any, _cursor: Any, statement: str, values: Any, *_context: Any) -> tuple[str, Any]:
    """SQLAlchemy's own connections know nothing of `_PlainConnection`."""
    return statement, tuple(storable_value(values)) if isinstance(values, tuple) else storable_value(values)


def _drop_read_only(context: ExceptionContext) -> None:
    """A connection to a server that takes no writes is not given back to the pool; the others are judged when used."""
    if is_read_only(context.original_exception):
        context.is_disconnect = True
        context.invalidate_pool_on_disconnect = False


class _ScopedSession(Session):
    """A session that tells the policies its scope at the start of every transaction."""


@event.listens_for(_ScopedSession, "after_begin")
def _name_scope(session: Any, _transaction: Any, connection: SyncConnection) -> None:
    """`SET LOCAL`, not `set_config()`: the latter does not reach the workers of a sharded Postgres."""
    if scope := session.info.get("scope"):
        name, value = scope
        connection.exec_driver_sql(f"SET LOCAL {name} = '{_canonical(value)}'")


def _canonical(value: UUID) -> str:
    """The only text that is ever put into SQL: printed by a parsed UUID, never taken from outside."""
    if not isinstance(value, UUID):
        raise TypeError("a scope must be a UUID")
    return str(value)


@asynccontextmanager
async def owner_connection(url: str) -> AsyncIterator[Any]:
    """A connection as the tables' owner, outside any transaction: for a worker's indexes, never for requests."""
    connection = await asyncpg.connect(plain_url(url), timeout=CONNECT_TIMEOUT_S)
    try:
        await register_vector(connection)
        yield connection
    finally:
        await connection.close()


def plain_url(url: str) -> str:
    """The address with the scheme that every client here takes."""
    return urlunsplit(urlsplit(url)._replace(scheme="postgresql"))


def url_for_role(url: str, role: str, password: str) -> str:
    """The same database, as another role."""
    parts = urlsplit(plain_url(url))
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(role)}:{quote(password)}@{host}"))
