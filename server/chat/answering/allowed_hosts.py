"""Which hosts an answer may link to: those its own sources live on."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from server.chat.models import Source


def allowed_hosts(sources: Iterable[Source]) -> frozenset[str]:
    """Hosts (with port, as in a URL) of the sources' addresses."""
    return frozenset(urlsplit(source.url).netloc.lower() for source in sources if source.url)
