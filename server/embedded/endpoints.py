"""Where the servers are: the operator's, or embedded ones. Light to import, since `aisle demo` waits for it."""

from collections.abc import Iterator
from contextlib import contextmanager

from server.core.errors import ConfigurationError
from server.core.settings import Settings
from server.embedded.errors import EmbeddedError
from server.embedded.lease import EmbeddedServers, Endpoints


@contextmanager
def endpoints(settings: Settings) -> Iterator[Endpoints]:
    """The servers of the settings; embedded ones are started (or joined) where no address is set."""
    if settings.database_url and settings.redis_url:
        yield Endpoints(settings.database_url, settings.redis_url)
        return
    servers = EmbeddedServers(settings.data_dir)
    try:
        embedded = servers.start()
    except EmbeddedError as reason:
        raise ConfigurationError(str(reason)) from None
    try:
        yield Endpoints(settings.database_url or embedded.database_url, settings.redis_url or embedded.redis_url)
    finally:
        servers.stop()
