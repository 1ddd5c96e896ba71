"""The pool of asyncpg connections, and what asyncpg, which ships no types, gives to a feature's storage."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import asyncpg
from pgvector.asyncpg import register_vector

from server.core.database_errors import GONE
from server.core.errors import ConfigurationError, Unavailable
from server.core.storable_text import register_json_codec, storable_value

CONNECT_TIMEOUT_S = 3.0
QUEUE_STALLED_S, LONGEST_QUEUE_S = 8.0, 30.0
"""How long a transaction waits for a connection: while no other transaction ends well, and in all."""
if TYPE_CHECKING:
    _AsyncpgConnection = object
else:
    _AsyncpgConnection = asyncpg.Connection


Row: TypeAlias = Mapping[str, Any]
"""A row of a result: values by the names of the statement's columns (asyncpg.Record)."""


class Connection(Protocol):
    """A connection inside a transaction. Parameters are `$1`, `$2` in the statement."""

    async def execute(self, query: str, *values: object) -> str:
        """Run a statement; its status, such as `UPDATE 3`."""

    async def executemany(self, command: str, rows: Iterable[Iterable[Any]]) -> None:
        """Run a statement once for each row of parameters."""

    async def fetch(self, query: str, *values: object) -> list[Row]:
        """All rows."""

    async def fetchrow(self, query: str, *values: object) -> Row | None:
        """The first row; None without one."""

    async def fetchval(self, query: str, *values: object) -> Any:
        """The first column of the first row; None without a row."""


class PooledConnection(_AsyncpgConnection):
    """A connection of the pool. Our transactions leave nothing behind, so returning it needs no round trip. Parameters
    are sent as Postgres can store them."""

    def get_reset_query(self) -> str:
        return ""

    def execute(self, query: str, *values: object, **options: object) -> Any:
        return asyncpg.Connection.execute(self, query, *map(storable_value, values), **options)

    def executemany(self, command: str, rows: Any, **options: Any) -> Any:
        return asyncpg.Connection.executemany(self, command, map(storable_value, rows), **options)

    def fetch(self, query: str, *values: object, **options: object) -> Any:
        return asyncpg.Connection.fetch(self, query, *map(storable_value, values), **options)

    def fetchrow(self, query: str, *values: object, **options: object) -> Any:
        return asyncpg.Connection.fetchrow(self, query, *map(storable_value, values), **options)

    def fetchval(self, query: str, *values: object, **options: object) -> Any:
        return asyncpg.Connection.fetchval(self, query, *map(storable_value, values), **options)


async def open_pool(url: str, size: int, server_settings: dict[str, str], patience_s: float) -> Any:
    """Connect. Raises ConfigurationError when the role's password is refused, Unavailable when nobody answers or the
    database has no schema."""
    try:
        return await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=size,
            connection_class=PooledConnection,
            init=_prepare_connection,
            server_settings=server_settings,
            max_inactive_connection_lifetime=0,  # a connection knows its plans; a new one makes them again, 40 ms
            timeout=CONNECT_TIMEOUT_S,
            command_timeout=patience_s,
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


async def _prepare_connection(connection: object) -> None:
    await register_vector(connection)
    await register_json_codec(connection)
