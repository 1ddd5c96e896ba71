"""Addresses: the network a visitor counts as, and web addresses that may be shown."""

import ipaddress
from urllib.parse import urlsplit


def network_of(address: str) -> str | None:
    """What one visitor's address counts as: an IPv4 address, or the /64 an IPv6 address is in; None for neither."""
    try:
        parsed = ipaddress.ip_address(address.strip().split("%")[0])
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv6Address):
        mapped = parsed.ipv4_mapped
        return str(mapped or ipaddress.ip_network((parsed, 64), strict=False))
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
