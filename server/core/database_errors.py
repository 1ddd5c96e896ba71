"""Which errors of Postgres are states that pass, so that whoever asked may ask again, and which are mistakes of ours.

The classes are those of PostgreSQL's appendix A (error codes). A code that is not here stays what it is: a 500.
"""

from collections.abc import Iterator

import asyncpg
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from server.core.errors import DatabaseAway, DatabaseBusy, DatabaseExhausted, DatabaseFull, DatabaseReadOnly

READ_ONLY = "25006"
_STATES: dict[str, type[DatabaseBusy | DatabaseReadOnly | DatabaseFull | DatabaseExhausted]] = {
    "55P03": DatabaseBusy,  # lock_not_available: our own lock_timeout
    "55006": DatabaseBusy,  # object_in_use
    "57014": DatabaseBusy,  # query_canceled: our own statement_timeout
    "40001": DatabaseBusy,  # serialization_failure
    "40003": DatabaseBusy,  # statement_completion_unknown
    "40P01": DatabaseBusy,  # deadlock_detected
    "25P03": DatabaseBusy,  # idle_in_transaction_session_timeout
    "25P04": DatabaseBusy,  # transaction_timeout
    READ_ONLY: DatabaseReadOnly,  # read_only_sql_transaction
    "53100": DatabaseFull,  # disk_full
    "53000": DatabaseExhausted,  # insufficient_resources
    "53200": DatabaseExhausted,  # out_of_memory
    "53300": DatabaseExhausted,  # too_many_connections
    "53400": DatabaseExhausted,  # configuration_limit_exceeded
}
GONE = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the connection died between two statements
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    ConnectionError,
    TimeoutError,
    OSError,
)
"""What the driver raises when the server is away."""
TROUBLE = (asyncpg.PostgresError, DBAPIError, PoolTimeout, *GONE)
"""All that either door to the database may raise; `passing_state` says which of it passes."""


def passing_state(reason: BaseException) -> DatabaseAway | None:
    """The error to answer with when this is a state that passes; None for a mistake of ours."""
    for error in _causes(reason):
        if state := _STATES.get(getattr(error, "sqlstate", None) or ""):
            return state()
        if isinstance(error, asyncpg.InvalidCachedStatementError):  # a migration has changed a table under our plan
            return DatabaseBusy()
    # SQLAlchemy calls few errors a disconnect: a server that is starting or shutting down is none to it
    if any(isinstance(error, (PoolTimeout, InterfaceError, *GONE)) for error in _causes(reason)):
        return DatabaseAway()
    if isinstance(reason, DBAPIError) and reason.connection_invalidated:
        return DatabaseAway()
    return None


def is_read_only(reason: BaseException) -> bool:
    """Whether this connection leads to a server that takes no writes; another may lead to today's primary."""
    return any(getattr(error, "sqlstate", None) == READ_ONLY for error in _causes(reason))


def _causes(reason: BaseException) -> Iterator[BaseException]:
    """The error itself, and the driver's own that SQLAlchemy's dialect has wrapped twice, also while connecting."""
    yield reason
    if isinstance(reason, DBAPIError) and reason.orig is not None:
        yield reason.orig
        if reason.orig.__cause__ is not None:
            yield reason.orig.__cause__
