"""Connections to Redis on which nothing takes longer than `TIMEOUT_S`.

The package's own `socket_timeout` sends every command through `asyncio.wait_for`, which costs a task each and, in
Python 3.11, loses a cancellation that comes while the write ends. `asyncio.timeout` does neither.
"""

import asyncio
from typing import Any
from urllib.parse import urlsplit

from redis.asyncio import BlockingConnectionPool, Connection, Redis, SSLConnection, UnixDomainSocketConnection
from redis.asyncio.connection import parse_url
from redis.exceptions import TimeoutError as RedisTimeout

MAX_CONNECTIONS = 64
TIMEOUT_S = 2


class _Bounded:
    """A mixin that bounds the time of every read and write of a connection class."""

    async def send_packed_command(self, *args: object, **kwargs: object) -> None:
        """Write a command. Raises redis.exceptions.TimeoutError; the connection is closed then."""
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await super().send_packed_command(*args, **kwargs)  # type: ignore[misc]
        except TimeoutError:
            raise RedisTimeout("Redis takes no command") from None

    async def can_read_destructive(self) -> bool:
        """Whether an idle connection was closed by the server; asked before each use, so without waiting.

        Nothing else can be there to read: a connection whose reply was not read to its end has been closed.
        """
        reader = self._reader  # type: ignore[attr-defined]
        return reader is None or bool(reader.at_eof())

    async def read_response(self, *args: object, **kwargs: object) -> Any:
        """Read a reply. Raises redis.exceptions.TimeoutError; the connection is closed then."""
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return await super().read_response(*args, **kwargs)  # type: ignore[misc]
        except TimeoutError:
            raise RedisTimeout("Redis does not answer") from None


class _Tcp(_Bounded, Connection):
    pass


class _Tls(_Bounded, SSLConnection):
    pass


class _Unix(_Bounded, UnixDomainSocketConnection):
    pass


_CLASSES: dict[str, type[Any]] = {"redis": _Tcp, "rediss": _Tls, "unix": _Unix}


def open_redis(url: str) -> Redis:
    """A client with a pool of its own; connects when first used."""
    options: dict[str, Any] = {**parse_url(url), "connection_class": _CLASSES[urlsplit(url).scheme]}
    pool = BlockingConnectionPool(
        **options, max_connections=MAX_CONNECTIONS, timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S
    )
    return Redis.from_pool(pool)
