"""SQLModel sessions that name their scope, a shop or a merchant, at the start of every transaction."""

import json
from typing import Any
from uuid import UUID

from sqlalchemy import event
from sqlalchemy.engine import Connection, ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel import Session

from server.core.connection_pool import CONNECT_TIMEOUT_S, LONGEST_QUEUE_S
from server.core.database_errors import is_read_only
from server.core.storable_text import storable_json, storable_value


def create_scoped_engine(url: str, pool_size: int, patience_s: float, server_settings: dict[str, str]) -> AsyncEngine:
    """The engine of `ScopedSession`, with as many connections as the pool of asyncpg. Nothing connects yet."""
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


def _send_storable(
    _connection: object, _cursor: object, statement: str, values: object, *_context: object
) -> tuple[str, Any]:
    """SQLAlchemy's own connections know nothing of `PooledConnection`."""
    return statement, tuple(storable_value(values)) if isinstance(values, tuple) else storable_value(values)


def _drop_read_only(context: ExceptionContext) -> None:
    """A connection to a server that takes no writes is not given back to the pool; the others are judged when used."""
    if is_read_only(context.original_exception):
        context.is_disconnect = True
        context.invalidate_pool_on_disconnect = False


class ScopedSession(Session):
    """A session that sets the scope that the policies read at the start of every transaction."""


@event.listens_for(ScopedSession, "after_begin")
def _name_scope(session: Any, _transaction: Any, connection: Connection) -> None:
    """`SET LOCAL`, not `set_config()`: the latter does not reach the workers of a sharded Postgres."""
    if scope := session.info.get("scope"):
        name, value = scope
        connection.exec_driver_sql(f"SET LOCAL {name} = '{canonical(value)}'")


def canonical(value: UUID) -> str:
    """The only text that is ever put into SQL: printed by a parsed UUID, never taken from outside."""
    if not isinstance(value, UUID):
        raise TypeError("a scope must be a UUID")
    return str(value)
