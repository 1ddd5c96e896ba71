"""Sitemaps (sitemaps.org): the pages that a site lists."""

import asyncio
import io
import zlib
from xml.etree.ElementTree import ParseError

from server.core.egress import Egress, EgressError
from server.knowledge.web_links import canonical_url, is_same_site

MAX_SITEMAPS = 50
MAX_SITEMAP_BYTES = 20 * 2**20
_MAX_INDEX_DEPTH = 3


async def sitemap_pages(start: str, named: list[str], fetch: Egress, max_pages: int) -> list[str]:
    """Return addresses on the site of `start` from the sitemaps in robots.txt, or else from /sitemap.xml.

    Empty when there is none that can be read; at most a few times `max_pages`.
    """
    waiting = [(url, 0) for text in named or ["/sitemap.xml"] if (url := canonical_url(text, start))]
    seen: set[str] = set()
    pages: dict[str, None] = {}
    while waiting and len(seen) < MAX_SITEMAPS and len(pages) < max_pages * 3:
        url, depth = waiting.pop(0)
        if url in seen or not is_same_site(url, start):
            continue
        seen.add(url)
        found, inner = await _read(url, fetch)
        pages.update(dict.fromkeys(page for page in found if is_same_site(page, start)))
        if depth < _MAX_INDEX_DEPTH:
            waiting += [(sitemap, depth + 1) for sitemap in inner]
    return list(pages)


async def _read(url: str, fetch: Egress) -> tuple[list[str], list[str]]:
    try:
        response = await fetch.get(url, max_bytes=MAX_SITEMAP_BYTES)
    except EgressError:
        return [], []
    return await asyncio.to_thread(parse_sitemap, response.body) if response.status == 200 else ([], [])


def parse_sitemap(data: bytes) -> tuple[list[str], list[str]]:
    """Return (pages, further sitemaps) of a sitemap or index, gzip or not. A damaged one is read up to the damage."""
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import iterparse

    pages: list[str] = []
    sitemaps: list[str] = []
    within = ""
    try:
        for event, element in iterparse(io.BytesIO(_unpacked(data)), events=("start", "end")):
            name = str(element.tag).rpartition("}")[2]
            if event == "start":
                within = name if name in ("url", "sitemap") else within
                continue
            address = canonical_url((element.text or "").strip()) if name == "loc" else None
            if address:
                (sitemaps if within == "sitemap" else pages).append(address)
            if name in ("url", "sitemap"):
                element.clear()
    except (ParseError, DefusedXmlException, ValueError, zlib.error):
        pass
    return pages, sitemaps


def _unpacked(data: bytes) -> bytes:
    if not data.startswith(b"\x1f\x8b"):
        return data
    return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(data, MAX_SITEMAP_BYTES)
