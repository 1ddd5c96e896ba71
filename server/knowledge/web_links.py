"""URLs of pages: writes them in one way, finds them in a page, and recognises crawler traps.

Links are found by a regular expression, not by selectolax: its parser takes time quadratic in the attributes of one tag
(0.9 s for 129 KB, and a page may have megabytes) and in the depth of nesting, and a check before it costs more than it
saves. For 460 KB with 1,500 links the check alone takes 29 ms, parser and selector take 12 ms, and the expression with
canonical_url takes 37 ms.
"""

import html
import re
from collections import Counter
from collections.abc import Iterable
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

from server.core.addresses import MAX_URL_CHARS

MAX_LINK_DEPTH = 8
MAX_PATH_SEGMENTS = 10
MAX_REPEATED_SEGMENT = 3
MAX_QUERIES_PER_PATH = 20
MAX_URLS = 20_000

_TRACKING_PARAMETERS = re.compile(
    r"utm_\w+|[gf]clid|msclkid|mc_[ce]id|_ga|ref|srsltid|sessionid|phpsessid|sid|_pos|_sid|_ss"
)
_NON_PAGE_PARAMETERS = re.compile(
    r"add-to-cart|add_to_wishlist|remove_item|action|logout|replytocom|_wpnonce|orderby|filter_\w+"
)
"""Query parameters of links that change something in a shop, or only sort and filter pages that are read already."""
_NON_PAGE_FILES = re.compile(
    r"\.(?:jpe?g|png|gif|webp|avif|svg|ico|css|js|mjs|json|xml|rss|atom|zip|gz|mp[34]|m4a|webm|mov|avi|woff2?|ttf|eot"
    r"|docx?|xlsx?|pptx?|csv|exe|dmg|apk)$",
    re.IGNORECASE,
)
_NON_PAGE_PATHS = re.compile(
    r"/(?:cart|checkout|basket|log-?out|log-?in|wp-login\.php|wp-admin|account|my-account)(?:/|$)"
)
_ENCODED_DOT = re.compile("%2e", re.IGNORECASE)
_TAG = re.compile(r"<(a|area|base)\b([^<>]{1,4000})>", re.IGNORECASE)
_HREF = re.compile(
    r"""(?:^|\s)href\s{0,9}=\s{0,9}(?:"([^"]{0,2048})"|'([^']{0,2048})'|([^\s"'>]{1,2048}))""", re.IGNORECASE
)


def canonical_url(text: str, base: str | None = None) -> str | None:
    """A URL in the one way we write it: host in lower case, parameters sorted, without fragment, default port and
    tracking parameters. None for what is no http(s) URL, or is longer than MAX_URL_CHARS."""
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
        if not _TRACKING_PARAMETERS.fullmatch(name.lower())
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
    segments: list[str] = []
    for segment in path.split("/")[1:]:
        if segment == "..":
            segments = segments[:-1]
        elif segment != ".":
            segments.append(segment)
    return "/" + "/".join(segments)


def is_same_site(url: str, other: str) -> bool:
    """Whether two URLs have the same host and port, with or without "www."; the scheme makes no difference."""
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
    """Selects the URLs to fetch: on the site of `start`, not seen yet, and no part of a crawler trap such as an endless
    calendar."""

    def __init__(self, start: str) -> None:
        self._start = start
        self._seen: set[str] = set()
        self._queries: Counter[str] = Counter()

    def mark(self, url: str) -> None:
        """Mark a page as seen, by the URL that redirects led to."""
        self._seen.add(_without_scheme(url))

    def admit(self, urls: Iterable[str], depth: int) -> list[tuple[str, int]]:
        """Return those of `urls` that should be fetched, each with `depth`, the number of links from the start. They
        count as seen from now on."""
        if depth > MAX_LINK_DEPTH:
            return []
        return [(url, depth) for url in urls if self._admits(url)]

    def _admits(self, url: str) -> bool:
        key = _without_scheme(url)
        if key in self._seen or len(self._seen) > MAX_URLS or not is_same_site(url, self._start):
            return False
        self._seen.add(key)
        return url == self._start or not self._is_trap(url)

    def _is_trap(self, url: str) -> bool:
        parts = urlsplit(url)
        segments = [segment for segment in parts.path.split("/") if segment]
        if _NON_PAGE_FILES.search(parts.path) or _NON_PAGE_PATHS.search(parts.path.lower()):
            return True
        if len(segments) > MAX_PATH_SEGMENTS or max(Counter(segments).values(), default=0) >= MAX_REPEATED_SEGMENT:
            return True
        if any(
            _NON_PAGE_PARAMETERS.fullmatch(name.lower()) for name, _ in parse_qsl(parts.query, keep_blank_values=True)
        ):
            return True
        self._queries[parts.path] += bool(parts.query)
        return self._queries[parts.path] > MAX_QUERIES_PER_PATH


def _without_scheme(url: str) -> str:
    return url.partition("://")[2].removeprefix("www.")
