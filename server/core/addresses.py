"""Network addresses: a visitor's network, the public internet, and web addresses that are safe to show."""

import ipaddress
import re
from urllib.parse import urlsplit

MAX_URL_CHARS = 2_048
"""The longest web address of a page that is stored."""
_WITH_PORT = re.compile(r"(?:\[(?P<v6>[^\[\]]*)\]|(?P<v4>[0-9.]+))(?::[0-9]{1,5})?")
"""How proxies write an address with or without its port: an IPv6 address in brackets, as in URIs (RFC 3986)."""

SITE_PREFIX = 48
"""The largest IPv6 network one customer of a provider commonly gets (RFC 6177, RIPE-690): 65,536 of the /64s."""

# Source: the IANA special-purpose address registries. Python's own `is_global` differs between versions.
_DENIED_V4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
# Inside 2000::/3: protocol assignments with Teredo and ORCHID, documentation, 6to4 (carries any IPv4 address).
_DENIED_V6 = tuple(
    ipaddress.IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)


def network_of(address: str, *, v6_prefix: int = 64) -> str | None:
    """The network that a visitor is counted under, without the port: an IPv4 address, or the /64 (or another prefix)
    of an IPv6 address; None for anything else."""
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
    """Whether the text is an http(s) address with a host that every browser reads the same way."""
    if not text.isprintable() or any(character in text for character in ' "<>\\^`{|}'):
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
    except ValueError:
        return False


def is_global(address: str) -> bool:
    """Whether an IP address belongs to the public internet. IPv4 inside IPv6, in any form, does not."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv4Address):
        return not any(ip in network for network in _DENIED_V4)
    return ip in _GLOBAL_V6 and not any(ip in network for network in _DENIED_V6)
