"""Addresses: the network a visitor counts as, and web addresses that may be shown."""

import ipaddress
import re
from urllib.parse import urlsplit

MAX_URL_CHARS = 2_048
"""Of a page's address that is kept with what was read there."""
_WITH_PORT = re.compile(r"(?:\[(?P<v6>[^\[\]]*)\]|(?P<v4>[0-9.]+))(?::[0-9]{1,5})?")
"""How proxies write an address with or without its port: an IPv6 address in brackets, as in URIs (RFC 3986)."""

SITE_PREFIX = 48
"""The largest IPv6 network one customer of a provider commonly gets (RFC 6177, RIPE-690): 65,536 of the /64s."""


def network_of(address: str, *, v6_prefix: int = 64) -> str | None:
    """What one visitor's address counts as, whatever its port: an IPv4 address, or the /64 (or another prefix) an IPv6
    address is in; None for neither."""
    host = address.strip()
    if written := _WITH_PORT.fullmatch(host):
        host = written["v6"] or written["v4"] or ""
    try:
        parsed = ipaddress.ip_address(host.split("%")[0])
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv6Address):
        mapped = parsed.ipv4_mapped
        return str(mapped or ipaddress.ip_network((parsed, v6_prefix), strict=False))
    return str(parsed)


def is_web_address(text: str) -> bool:
    """Whether this is an http(s) address with a host, and nothing a browser might read as something else."""
    if not text.isprintable() or any(character in text for character in ' "<>\\^`{|}'):
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
    except ValueError:
        return False
