"""The hosts that an answer may link to: those of its own sources."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from server.chat.models import Source


def allowed_hosts(sources: Iterable[Source]) -> frozenset[str]:
    """The hosts of the sources' addresses, each with its port where the address has one."""
    return frozenset(urlsplit(source.url).netloc.lower() for source in sources if source.url)
