"""Sitemaps (sitemaps.org): the pages that a site lists.

They are read by a scan for their tags and not as XML: one unescaped "&", a blank line at the start or a byte order mark
makes an XML parser lose what follows, and sites have all of these.
"""

import asyncio
import heapq
import re
import zlib
from collections.abc import Iterable

from msgspec import Struct

from integrations.page_kinds import PageKind, kind_of_address
from integrations.text import decode_entities
from server.core.egress import Egress, EgressError
from server.knowledge.web_links import canonical_url, is_same_site

MAX_SITEMAPS = 50
MAX_SITEMAP_BYTES = 20 * 2**20
MAX_ADDRESSES = 50_000
"""Of one sitemap, as the protocol has it."""
_MAX_INDEX_DEPTH = 3
_ROOT = re.compile(r"<(?:(?P<prefix>\w{1,40}):)?(?P<root>urlset|sitemapindex)[\s>]")
_DECLARED = re.compile(r"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
"""A document with entities of its own is no sitemap, and may be a bomb."""
_TEXT_LINES = re.compile(r"\s*https?://[^\s<>]+(?:\s+https?://[^\s<>]+)*\s*")
_CDATA = re.compile(r"\s{0,200}<!\[CDATA\[(.{0,4000}?)\]\]>", re.DOTALL)


class SitePages(Struct, frozen=True):
    """The pages that a site's sitemaps list, those that answers rest on first. `unread` are sitemaps that were left
    out, `broken` those that end before their end."""

    pages: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()


async def read_site_pages(start: str, named: list[str], fetch: Egress, max_pages: int) -> SitePages:
    """Return addresses on the site of `start` from the sitemaps in robots.txt, or else from /sitemap.xml.

    The sitemaps of an index are read breadth first: those of pages and policies before those of products, which are
    left out once there are a few times `max_pages`. No pages where there is no sitemap that can be read.
    """
    waiting = _Waiting(start)
    waiting.add(filter(None, (canonical_url(text, start) for text in named or ["/sitemap.xml"])), depth=0)
    lists: list[list[str]] = []
    broken: list[str] = []
    while waiting and len(lists) < MAX_SITEMAPS:
        has_enough = sum(map(len, lists)) >= max_pages * 3
        if has_enough and waiting.next_kind is PageKind.CATALOG:
            break
        url, depth = waiting.take()
        pages, inner, is_whole = await _read(url, fetch)
        if pages and not is_whole:
            broken.append(url)
        lists.append([page for page in pages if is_same_site(page, start)])
        if depth < _MAX_INDEX_DEPTH:
            waiting.add(inner, depth + 1)
    return SitePages(tuple(_in_reading_order(lists, max_pages)), waiting.urls, tuple(broken))


class _Waiting:
    """Sitemaps of the site of `start` that are still to be read, each once, by what they are for."""

    def __init__(self, start: str) -> None:
        self._start = start
        self._seen: set[str] = set()
        self._heap: list[tuple[PageKind, int, str, int]] = []

    def __bool__(self) -> bool:
        return bool(self._heap)

    @property
    def next_kind(self) -> PageKind:
        return self._heap[0][0]

    @property
    def urls(self) -> tuple[str, ...]:
        return tuple(url for _, _, url, _ in sorted(self._heap))

    def add(self, urls: Iterable[str], depth: int) -> None:
        for url in urls:
            if url not in self._seen and is_same_site(url, self._start):
                self._seen.add(url)
                heapq.heappush(self._heap, (kind_of_address(url), len(self._seen), url, depth))

    def take(self) -> tuple[str, int]:
        _, _, url, depth = heapq.heappop(self._heap)
        return url, depth


def _in_reading_order(lists: Iterable[list[str]], max_pages: int) -> list[str]:
    """Each page once. Where not all can be read: by what they are for, then one of each sitemap in turn."""
    in_turn = [(turn, page) for pages in lists for turn, page in enumerate(pages)]
    if len(in_turn) > max_pages:
        in_turn.sort(key=lambda each: (kind_of_address(each[1]), each[0]))
    return list(dict.fromkeys(page for _, page in in_turn))


async def _read(url: str, fetch: Egress) -> tuple[list[str], list[str], bool]:
    try:
        response = await fetch.get(url, max_bytes=MAX_SITEMAP_BYTES)
    except EgressError:
        return [], [], True
    if response.status != 200:
        return [], [], True
    return await asyncio.to_thread(_parse, response.body, response.url)


def parse_sitemap(data: bytes, url: str | None = None) -> tuple[list[str], list[str]]:
    """Return (pages, further sitemaps) of a sitemap or index, gzip or not, XML or a line for each address. A damaged
    one is read as far as it goes. `url` is its own address, which relative ones belong to."""
    pages, sitemaps, _ = _parse(data, url)
    return pages, sitemaps


def _parse(data: bytes, url: str | None) -> tuple[list[str], list[str], bool]:
    try:
        text = _decoded(_unpacked(data))
    except zlib.error:
        return [], [], True
    if _TEXT_LINES.fullmatch(text):
        return [address for line in text.split() if (address := canonical_url(line))], [], True
    root = _ROOT.search(text)
    if root is None or _DECLARED.search(text, 0, root.start()):
        return [], [], True
    prefix = f"{root['prefix']}:" if root["prefix"] else ""
    found: dict[str, list[str]] = {"url": [], "sitemap": []}
    within = "url" if root["root"] == "urlset" else "sitemap"
    for tag in re.finditer(rf"<{prefix}(url|sitemap|loc)(?:\s[^<>]{{0,2000}})?>", text[root.end() :]):
        if tag[1] != "loc":
            within = tag[1]
            continue
        address = canonical_url(_value(text, root.end() + tag.end()), url)
        if address:
            found[within].append(address)
        if len(found[within]) >= MAX_ADDRESSES:
            break
    return found["url"], found["sitemap"], f"</{prefix}{root['root']}" in text


def _value(text: str, start: int) -> str:
    """What stands in an element whose content begins at `start`; "" where the document ends within it."""
    if cdata := _CDATA.match(text, start):
        return cdata[1].strip()
    end = text.find("<", start)
    return decode_entities(text[start:end]).strip() if end >= 0 else ""


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8-sig", "replace")


def _unpacked(data: bytes) -> bytes:
    if not data.startswith(b"\x1f\x8b"):
        return data
    return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(data, MAX_SITEMAP_BYTES)
