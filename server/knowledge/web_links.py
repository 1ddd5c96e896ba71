"""Addresses of pages: makes them canonical, finds them in a page, and recognises endless mazes.

Links are found by a regular expression, not by selectolax: its parser takes time quadratic in the attributes of one tag
(129 KB: 0.9 s, a page may have megabytes) and in depth, and a guard in front of it costs more than it saves. Of 460 KB
with 1,500 links the guard alone takes 29 ms, parser and selector 12 ms, the expression with canonical_url 37 ms.
"""

import html
import re
from collections import Counter
from collections.abc import Iterable
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

from server.core.addresses import MAX_URL_CHARS

MAX_LINK_DEPTH = 8
MAX_PATH_PARTS = 10
MAX_SAME_PART = 3
MAX_QUERIES_PER_PATH = 20
MAX_WAITING = 20_000

_TRACKING = re.compile(r"utm_\w+|[gf]clid|msclkid|mc_[ce]id|_ga|ref|srsltid|sessionid|phpsessid|sid|_pos|_sid|_ss")
_ACTING = re.compile(r"add-to-cart|add_to_wishlist|remove_item|action|logout|replytocom|_wpnonce|orderby|filter_\w+")
"""Parameters of links that change something in a shop, or only sort pages that are read already."""
_NOT_PAGES = re.compile(
    r"\.(?:jpe?g|png|gif|webp|avif|svg|ico|css|js|mjs|json|xml|rss|atom|zip|gz|mp[34]|m4a|webm|mov|avi|woff2?|ttf|eot"
    r"|docx?|xlsx?|pptx?|csv|exe|dmg|apk)$",
    re.IGNORECASE,
)
_ACTING_PATHS = re.compile(
    r"/(?:cart|checkout|basket|log-?out|log-?in|wp-login\.php|wp-admin|account|my-account)(?:/|$)"
)
_ENCODED_DOT = re.compile("%2e", re.IGNORECASE)
_TAG = re.compile(r"<(a|area|base)\b([^<>]{1,4000})>", re.IGNORECASE)
_HREF = re.compile(
    r"""(?:^|\s)href\s{0,9}=\s{0,9}(?:"([^"]{0,2048})"|'([^']{0,2048})'|([^\s"'>]{1,2048}))""", re.IGNORECASE
)


def canonical_url(text: str, base: str | None = None) -> str | None:
    """The one way to write an address: lower-case host, no fragment, default port or tracking parameters, the others
    in order. None for what is no http(s) address, or is longer than MAX_URL_CHARS."""
    try:
        parts = urlsplit(urljoin(base, text.strip()) if base else text.strip())
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host or parts.username is not None or len(text) > MAX_URL_CHARS:
        return None
    is_default = port in (None, 443 if parts.scheme == "https" else 80)
    host = f"[{host}]" if ":" in host else host
    query = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True, max_num_fields=200)
        if not _TRACKING.fullmatch(name.lower())
    ]
    path = quote(_without_dots(parts.path), safe="/%:@!$&'()*+,;=~-._")
    address = host if is_default else f"{host}:{port}"
    written = urlunsplit((parts.scheme, address, path, urlencode(sorted(query)), ""))
    return written if len(written) <= MAX_URL_CHARS else None


def _without_dots(path: str) -> str:
    """Resolve "." and ".." in a path, also where a dot is written %2e."""
    path = _ENCODED_DOT.sub(".", path)
    if "/." not in path:
        return path or "/"
    steps: list[str] = []
    for step in path.split("/")[1:]:
        if step == "..":
            steps = steps[:-1]
        elif step != ".":
            steps.append(step)
    return "/" + "/".join(steps)


def is_same_site(url: str, other: str) -> bool:
    """Whether two addresses have the same host and port; "www." and http or https make no difference."""
    return _site(url) == _site(other)


def _site(url: str) -> tuple[str, int | None]:
    parts = urlsplit(url)
    return (parts.hostname or "").removeprefix("www."), parts.port


def page_links(url: str, data: bytes) -> list[str]:
    """Return the canonical targets of an HTML page's links, in order, each once, in time linear in the page's size."""
    if data[:5] == b"%PDF-":
        return []
    base = url
    links: dict[str, None] = {}
    for tag, attributes in _TAG.findall(data.decode("utf-8", "replace")):
        found = _HREF.search(attributes)
        if not found:
            continue
        href = html.unescape(found[1] or found[2] or found[3] or "")
        if tag.lower() == "base":
            base = canonical_url(href, url) or url
        elif link := canonical_url(href, base):
            links[link] = None
    return list(links)


class Frontier:
    """Selects the addresses to request: on the site, not seen yet, and not part of an endless maze."""

    def __init__(self, start: str) -> None:
        self._start = start
        self._seen: set[str] = set()
        self._queries: Counter[str] = Counter()

    def mark(self, url: str) -> None:
        """Mark a page as read, by the address it was found at."""
        self._seen.add(_without_scheme(url))

    def admit(self, urls: Iterable[str], depth: int) -> list[tuple[str, int]]:
        """Return the addresses to fetch, with their depth in links from the start."""
        if depth > MAX_LINK_DEPTH:
            return []
        return [(url, depth) for url in urls if self._is_worth_it(url)]

    def _is_worth_it(self, url: str) -> bool:
        key = _without_scheme(url)
        if key in self._seen or len(self._seen) > MAX_WAITING or not is_same_site(url, self._start):
            return False
        self._seen.add(key)
        return url == self._start or not self._is_trap(url)

    def _is_trap(self, url: str) -> bool:
        parts = urlsplit(url)
        steps = [step for step in parts.path.split("/") if step]
        if _NOT_PAGES.search(parts.path) or _ACTING_PATHS.search(parts.path.lower()):
            return True
        if len(steps) > MAX_PATH_PARTS or max(Counter(steps).values(), default=0) >= MAX_SAME_PART:
            return True
        if any(_ACTING.fullmatch(name.lower()) for name, _ in parse_qsl(parts.query, keep_blank_values=True)):
            return True
        self._queries[parts.path] += bool(parts.query)
        return self._queries[parts.path] > MAX_QUERIES_PER_PATH


def _without_scheme(url: str) -> str:
    return url.partition("://")[2].removeprefix("www.")
