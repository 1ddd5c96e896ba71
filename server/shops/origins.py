"""Origins: which pages may use a shop. Compared as browsers print them, never by prefix or suffix."""

import ipaddress
import re
from urllib.parse import urlsplit

from server.core.errors import FieldError, Invalid

DEFAULT_PORTS = {"http": 80, "https": 443}
MAX_ORIGINS = 50
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9._-]{0,252})")


def parse_origin(text: str) -> str | None:
    """`scheme://host[:port]` as a browser's Origin header prints it, or None when it is not an origin."""
    try:
        parts = urlsplit(text.strip())
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode()
    except (ValueError, UnicodeError):
        return None
    if parts.scheme not in DEFAULT_PORTS or not host or parts.path not in ("", "/"):
        return None
    if parts.query or parts.fragment or parts.username is not None:
        return None
    is_ip6 = ":" in host and _is_ip6(host)
    if not (is_ip6 or _HOST.fullmatch(host)):
        return None  # origins travel in Content-Security-Policy headers: no character there may mean anything else
    shown_host = f"[{host}]" if is_ip6 else host
    shown_port = f":{port}" if port and port != DEFAULT_PORTS[parts.scheme] else ""
    return f"{parts.scheme}://{shown_host}{shown_port}"


def require_origins(texts: tuple[str, ...]) -> tuple[str, ...]:
    """All as origins, without doubles. Raises Invalid naming each that is not one."""
    if len(texts) > MAX_ORIGINS:
        raise Invalid("Too many origins.", errors=(FieldError("origins", f"at most {MAX_ORIGINS}"),))
    origins = [parse_origin(text) for text in texts]
    wrong = tuple(
        FieldError(f"origins[{index}]", f"{text!r} is not an origin; write https://shop.example, nothing after it")
        for index, (text, origin) in enumerate(zip(texts, origins, strict=True))
        if origin is None
    )
    if wrong:
        raise Invalid("Some origins are not valid; nothing was changed.", errors=wrong)
    return tuple(dict.fromkeys(origin for origin in origins if origin))


def _is_ip6(text: str) -> bool:
    try:
        return "%" not in text and ipaddress.ip_address(text).version == 6
    except ValueError:
        return False
