"""Which server cannot be used: where it is, which setting names it, why, and how to mend it. Never a password."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import asyncpg
from msgspec import Struct
from redis.exceptions import AuthenticationError
from redis.exceptions import TimeoutError as RedisTimeout

from server.core.errors import Unavailable
from server.core.settings import Settings

_UNUSABLE = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InterfaceError,
)


class Server(Struct, frozen=True):
    """A server as the settings name it; `url` None means the embedded one, `port` is what a URL without one means."""

    name: str
    variable: str
    url: str | None
    port: int


@contextmanager
def explaining_database(settings: Settings, *, as_owner: bool = False) -> Iterator[None]:
    """Raises Unavailable with the whole story when the database cannot be reached or lets nobody in."""
    try:
        yield
    except (Unavailable, *_UNUSABLE) as reason:
        cause = reason.__context__ if isinstance(reason, Unavailable) else reason
        if not isinstance(cause, _UNUSABLE):  # it answers, and the text says already what it lacks
            raise
        raise unusable(_database(settings, as_owner=as_owner), cause, settings) from cause


def unusable(server: Server, cause: BaseException, settings: Settings) -> Unavailable:
    """The error for one server."""
    if server.url is None:
        logs = settings.data_dir / "servers"
        return Unavailable(f"cannot use {server.name}, which Aisle started: {why(cause)}; its log is in {logs}")
    return Unavailable(
        f"cannot use {server.name} at {address_of(server.url, server.port)}, set by {server.variable}: {why(cause)}; "
        "start it or correct the setting"
    )


def redis_of(settings: Settings) -> Server:
    """Redis as the settings name it."""
    return Server("Redis", "AISLE_REDIS_URL", settings.redis_url, 6379)


def address_of(url: str, port: int) -> str:
    """`host:port` of a URL, or its socket's path: nothing that could be secret."""
    parts = urlsplit(url)
    if not parts.hostname:
        return parts.path if parts.scheme == "unix" else "its local socket"
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{host}:{parts.port or port}"


def why(cause: BaseException) -> str:
    """The reason in a few words."""
    match cause:
        case asyncpg.InvalidCatalogNameError():
            return "it has no database of this name"
        case asyncpg.InvalidAuthorizationSpecificationError() | AuthenticationError():
            return "it rejects the role or the password"
        case asyncpg.TooManyConnectionsError():
            return "all its connections are in use"
        case asyncpg.PostgresError() | asyncpg.InterfaceError():
            return " ".join(str(cause).split())
        case socket.gaierror():
            return "its host name is unknown"
        case TimeoutError() | RedisTimeout():
            return "no response in time"
        case OSError(errno=int(number)):
            return os.strerror(number).lower()
    return "it answers like some other kind of server"


def _database(settings: Settings, *, as_owner: bool) -> Server:
    if settings.app_database_url and not as_owner:
        return Server("the database", "AISLE_APP_DATABASE_URL", settings.app_database_url, 5432)
    return Server("the database", "AISLE_DATABASE_URL", settings.database_url, 5432)
