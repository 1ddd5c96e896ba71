"""Crawling a site, against a small real server."""

import asyncio
import gzip
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.egress import Egress
from server.knowledge.crawl import CrawledPage, CrawlProblem, crawl
from server.knowledge.sitemaps import parse_sitemap
from server.knowledge.web_links import Frontier, canonical_url, page_links

Page = bytes | tuple[int, dict[str, str], bytes]


class Site:
    """Pages by path; what is missing is a 404. Keeps what was asked for, and how many were at once."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.asked: list[str] = []
        self.port = 0
        self.busiest = 0
        self._busy = 0
        self.fallback: Callable[[str], Page] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        path = head.split(b" ")[1].decode()
        self.asked.append(path)
        self._busy += 1
        self.busiest = max(self.busiest, self._busy)
        page = self.pages.get(path) or (self.fallback(path) if self.fallback else (404, {}, b"nothing here"))
        status, headers, body = page if isinstance(page, tuple) else (200, {"Content-Type": "text/html"}, page)
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        await asyncio.sleep(0)
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        await writer.drain()
        self._busy -= 1
        writer.close()


@asynccontextmanager
async def running(site: Site) -> AsyncIterator[Egress]:
    server = await asyncio.start_server(site.serve, "127.0.0.1", 0)
    site.port = server.sockets[0].getsockname()[1]
    egress = Egress(allow=[f"127.0.0.1:{site.port}"])
    async with server:
        yield egress
    await egress.close()


class Pauses:
    """Instead of waiting, notes how long it would."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


async def read(
    site: Site, egress: Egress, path: str = "/", pages: int = 50, pauses: Pauses | None = None
) -> list[object]:
    return [found async for found in crawl(site.url + path, fetch=egress, max_pages=pages, pause=pauses or Pauses())]


def paths(found: list[object], site: Site) -> list[str]:
    return [page.url.removeprefix(site.url) for page in found if isinstance(page, CrawledPage)]


def reasons(found: list[object], site: Site) -> dict[str, str]:
    return {
        problem.url.removeprefix(site.url): problem.reason for problem in found if isinstance(problem, CrawlProblem)
    }


def links(*targets: str) -> bytes:
    return "".join(f'<p><a class="x" href="{target}">to</a>' for target in targets).encode()


async def test_by_links_breadth_first_on_the_same_host_once() -> None:
    site = Site()
    site.pages = {
        "/": links("/a?utm_source=x", "/b#part", "http://elsewhere.example/", "mailto:x@example.com", "/pic.jpg", "a"),
        "/a": links("/", "/c", "../b"),
        "/b": links("/a", "/doc.pdf", "/old", "/cart", "/c?add-to-cart=5"),
        "/c": b"<p>end",
        "/doc.pdf": (200, {"Content-Type": "application/pdf"}, b"%PDF-1.4"),
        "/old": (301, {"Location": "/a"}, b""),
    }
    async with running(site) as egress:
        found = await read(site, egress)
    assert paths(found, site) == ["/", "/a", "/b", "/c", "/doc.pdf"]
    assert next(page.content_type for page in found if isinstance(page, CrawledPage)) == "text/html"
    assert reasons(found, site) == {}
    assert site.asked.count("/c") == 1
    assert "/cart" not in site.asked
    assert site.busiest <= 2


async def test_robots_txt_is_obeyed() -> None:
    site = Site()
    site.pages = {
        "/robots.txt": b"User-agent: *\nDisallow: /private\nCrawl-delay: 120\nUser-agent: Other\nDisallow: /\n",
        "/": links("/private/x", "/open", "/turn"),
        "/open": b"<p>hi",
        "/turn": (302, {"Location": "/private/y"}, b""),
        "/private/y": b"<p>secret",
    }
    pauses = Pauses()
    async with running(site) as egress:
        found = await read(site, egress, pauses=pauses)
    assert paths(found, site) == ["/", "/open"]
    assert reasons(found, site)["/private/x"] == "robots.txt does not allow reading it"
    assert "robots.txt does not allow reading" in reasons(found, site)["/turn"]
    assert "/private/x" not in site.asked
    assert set(pauses.seconds) == {10.0}  # never the two minutes it asks for
    assert site.busiest == 1


async def test_a_robots_txt_that_fails_stops_the_crawl() -> None:
    site = Site()
    site.pages = {"/robots.txt": (503, {}, b""), "/": b"<p>hi"}
    async with running(site) as egress:
        found = await read(site, egress)
    assert reasons(found, site) == {
        "/robots.txt": "robots.txt answered with status 503, so nothing was read; try again later"
    }
    assert site.asked == ["/robots.txt"]


async def test_the_sitemap_tells_which_pages_there_are() -> None:
    site = Site()
    async with running(site) as egress:
        index = f"<sitemapindex><sitemap><loc>{site.url}/s1.xml.gz</loc></sitemap></sitemapindex>".encode()
        urls = "".join(f"<url><loc>{site.url}/p{number}</loc></url>" for number in range(3))
        other = "<url><loc>http://elsewhere.example/x</loc></url>"
        site.pages = {
            "/robots.txt": f"User-agent: *\nAllow: /\nSitemap: {site.url}/maps/index.xml".encode(),
            "/maps/index.xml": index,
            "/s1.xml.gz": gzip.compress(f"<urlset>{urls}{other}</urlset>".encode()),
            "/": links("/not-in-the-sitemap"),
            **{f"/p{number}": b"<p>page" for number in range(3)},
        }
        found = await read(site, egress)
    assert paths(found, site) == ["/", "/p0", "/p1", "/p2"]


async def test_an_endless_calendar_ends() -> None:
    site = Site()
    site.pages = {"/": links("/cal/1?d=1")}

    def endless(path: str) -> Page:
        if path in ("/robots.txt", "/sitemap.xml"):
            return (404, {}, b"")
        number = len(site.asked)
        return links(f"/cal/1?d={number}", f"{path.partition('?')[0]}/deeper", f"/cal/1?d={number}x")

    site.fallback = endless
    async with running(site) as egress:
        found = await read(site, egress, pages=500)
    assert len(paths(found, site)) < 60


async def test_no_more_pages_than_asked_for() -> None:
    site = Site()
    site.fallback = lambda path: links(*(f"/{path.strip('/')}{letter}" for letter in "abcd"))
    site.pages = {"/robots.txt": b"User-agent: *\nAllow: /\n", "/sitemap.xml": (404, {}, b"")}
    async with running(site) as egress:
        found = await read(site, egress, pages=7)
    assert len(found) == 7


async def test_what_is_no_page_is_named() -> None:
    site = Site()
    site.pages = {
        "/": links("/data", "/missing", "/away", "/busy", "/large"),
        "/data": (200, {"Content-Type": "image/png"}, b"x"),
        "/away": (302, {"Location": "http://127.0.0.2:1/"}, b""),
        "/busy": (429, {"Retry-After": "7"}, b""),
        "/large": (200, {"Content-Type": "text/html"}, b"x" * (5 * 2**20 + 1)),
    }
    pauses = Pauses()
    async with running(site) as egress:
        found = await read(site, egress, pauses=pauses)
    told = reasons(found, site)
    assert told["/data"] == "is image/png, not a page or PDF"
    assert told["/missing"] == "answers with status 404"
    assert "not a web port" in told["/away"]
    assert told["/busy"] == "answers with status 429"
    assert "larger than" in told["/large"]
    assert pauses.seconds == [7.0]
    assert site.asked.count("/busy") == 2


async def test_a_site_that_breaks_is_left_alone() -> None:
    site = Site()
    site.pages = {
        "/": links(*(f"/p{number}" for number in range(40))),
        "/robots.txt": b"User-agent: *",
        "/sitemap.xml": (404, {}, b""),
    }
    site.fallback = lambda path: (500, {}, b"")
    async with running(site) as egress:
        found = await read(site, egress)
    assert "10 pages in a row failed" in [problem.reason for problem in found if isinstance(problem, CrawlProblem)][-1]
    assert len(site.asked) < 20


@pytest.mark.parametrize("url", ["help", "ftp://shop.example/", "http://u:p@shop.example/", "http://[::1", ""])
async def test_a_start_that_is_no_address(url: str) -> None:
    found = [item async for item in crawl(url, fetch=Egress())]
    assert [type(item) for item in found] == [CrawlProblem]


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("HTTP://Shop.Example:80/A/../b?z=1&a=2&utm_source=m#x", "http://shop.example/b?a=2&z=1"),
        ("https://shop.example/a/./b/../c/", "https://shop.example/a/c/"),
        ("https://shop.example", "https://shop.example/"),
        ("https://shop.example:443/é ü", "https://shop.example/%C3%A9%20%C3%BC"),
        ("https://shop.example/a%20b?gclid=9", "https://shop.example/a%20b"),
        ("https://shop.example:8443/", "https://shop.example:8443/"),
        ("https://shop.example/u/%2e%2E/secret/b", "https://shop.example/secret/b"),
        ("mailto:a@b.c", None),
        ("https://", None),
        ("https://shop.example:99999/", None),
    ],
)
def test_one_way_to_write_an_address(url: str, canonical: str | None) -> None:
    assert canonical_url(url) == canonical


@given(st.text(max_size=60))
def test_canonical_addresses_stay_as_they_are(text: str) -> None:
    for candidate in (text, f"http://shop.example/{text}", f"http://shop.example/?{text}"):
        once = canonical_url(candidate)
        assert once is None or canonical_url(once) == once


def test_links_use_the_pages_base_and_entities() -> None:
    page = b'<base href="/shop/"><a href="x?a=1&amp;b=2">1</a><A HREF=\'y\'>2</A><a href=z>3</a><a name=q>4</a>'
    assert page_links("http://s.example/", page) == [
        "http://s.example/shop/x?a=1&b=2",
        "http://s.example/shop/y",
        "http://s.example/shop/z",
    ]


def test_link_search_is_linear() -> None:

    for page in (b"<a " * 1_000_000, b"<a href=" * 400_000, b'<a href="' + b"x" * 3_000_000, b"<base <a> " * 300_000):
        started = time.process_time()
        page_links("http://s.example/", page)
        assert time.process_time() - started < 3


def test_sitemaps_that_lie_or_break() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "b">]><urlset><url><loc>http://s.example/&a;</loc></url></urlset>'
    assert parse_sitemap(bomb) == ([], [])
    assert parse_sitemap(b"<urlset><url><loc>http://s.example/1</loc></url><url><loc>htt") == (
        ["http://s.example/1"],
        [],
    )
    assert parse_sitemap(b"<html>not a sitemap</html>") == ([], [])
    assert parse_sitemap(b"\x1f\x8bbroken") == ([], [])


def test_traps_are_told_from_pages() -> None:
    frontier = Frontier("http://s.example/")
    traps = ["/a/a/a/", "/1/2/3/4/5/6/7/8/9/10/11", "/x.css", "/checkout/", "/p?add-to-cart=3", "/?orderby=price"]
    assert frontier.admit([f"http://s.example{path}" for path in traps], 1) == []
    assert len(frontier.admit([f"http://s.example/list?page={number}" for number in range(100)], 1)) == 20
    assert frontier.admit(["http://www.s.example/fine"], 1) == [("http://www.s.example/fine", 1)]
    assert frontier.admit(["http://s.example/fine", "http://s.example/other"], 9) == []


def sitemap(*addresses: str, before: str = "", root: str = "urlset") -> bytes:
    """A sitemap as sites write it, whatever stands in its addresses."""
    inner = "sitemap" if root == "sitemapindex" else "url"
    entries = "".join(f"<{inner}><loc>{address}</loc></{inner}>" for address in addresses)
    return f'{before}<?xml version="1.0"?><{root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</{root}>'.encode()


LISTED = (
    "http://s.example/returns",
    "http://s.example/q?a=1&v=2",
    "http://s.example/x?copy=1&copyright=2",
    "/shipping",
)
IMAGE = b"<image:image><image:loc>/i.jpg</image:loc></image:image>"
READ = [
    "http://s.example/returns",
    "http://s.example/q?a=1&v=2",
    "http://s.example/x?copy=1&copyright=2",
    "http://s.example/shipping",
]


@pytest.mark.parametrize(
    "data",
    [
        sitemap(*LISTED),
        sitemap(*LISTED, before="\n"),
        sitemap(*LISTED, before="\r\n \n"),
        sitemap(*LISTED, before="\ufeff"),
        sitemap(*LISTED).decode().encode("utf-16"),
        gzip.compress(sitemap(*LISTED)),
        sitemap(*(f"<![CDATA[ {address} ]]>" for address in LISTED)),
        sitemap(*(address.replace("&", "&amp;") for address in LISTED)),
        sitemap(*(f"\n   {address}\n " for address in LISTED)),
        re.sub(rb"<(/?)(url|loc)", rb"<\1sm:\2", sitemap(*LISTED)),
        sitemap(*LISTED).replace(b"</loc></url>", b"</loc>" + IMAGE + b"</url>"),
        sitemap(*LISTED).removesuffix(b"</urlset>"),
        b"<!-- made by a plugin & friends -->" + sitemap(*LISTED),
    ],
)  # fmt: skip
def test_sitemaps_as_they_are(data: bytes) -> None:
    assert parse_sitemap(data, "http://s.example/sitemap.xml") == (READ, [])


def test_a_sitemap_of_lines() -> None:
    assert parse_sitemap(b"\xef\xbb\xbfhttp://s.example/a\r\nhttp://s.example/b?x=1&y=2\n") == (
        ["http://s.example/a", "http://s.example/b?x=1&y=2"],
        [],
    )


PATHS = st.lists(
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="<>]&#"), min_size=1, max_size=12).map(
        lambda text: f"http://s.example/{text.strip()}?a=1&b={len(text)}"
    ),
    max_size=6,
)


@given(PATHS, st.sampled_from(["", "\n", "\ufeff", "  "]), st.sampled_from(["urlset", "sitemapindex"]))
def test_no_address_takes_others_along(addresses: list[str], before: str, root: str) -> None:
    wanted = [found for each in addresses if (found := canonical_url(each))]
    pages, inner = parse_sitemap(sitemap(*addresses, before=before, root=root), "http://s.example/")
    assert (inner if root == "sitemapindex" else pages) == wanted


@given(st.binary(max_size=300))
def test_no_sitemap_breaks_the_reading(data: bytes) -> None:
    parse_sitemap(data, "http://s.example/")
    parse_sitemap(b"<urlset>" + data, "http://s.example/")


def test_reading_a_sitemap_is_linear() -> None:
    for data in (b"<urlset>" + b"<loc " * 500_000, b"<urlset>" + b"<loc>" * 500_000, b"<urlset " * 1_000_000):
        started = time.process_time()
        parse_sitemap(data)
        assert time.process_time() - started < 6


@pytest.mark.parametrize("bom", [b"\xef\xbb\xbf", b"\xef\xbb\xbf\n", b"", b"\xef\xbb\xbf# comment\r\n"])
@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
async def test_the_first_rule_of_robots_txt_counts_whatever_stands_before_it(bom: bytes, newline: bytes) -> None:
    site = Site()
    async with running(site) as egress:
        site.pages = {
            "/robots.txt": bom + newline.join([b"User-agent: *", b"Disallow: /shipping"]),
            "/": links("/shipping", "/returns"),
            "/returns": b"<p>r",
            "/shipping": b"<p>s",
        }
        found = await read(site, egress)
    assert paths(found, site) == ["/", "/returns"]
    assert "/shipping" not in site.asked


def shop_of(
    site: Site, products: int, *, per_sitemap: int = 1000, pages: tuple[str, ...] = ("/returns", "/versand")
) -> None:
    """An index with products before everything else, as platforms write it."""
    inner: list[str] = []
    for start in range(0, products, per_sitemap):
        name = f"/sitemap_products_{start // per_sitemap + 1}.xml"
        numbers = range(start, min(products, start + per_sitemap))
        site.pages[name] = sitemap(*(f"{site.url}/products/p{number}" for number in numbers))
        inner.append(f"{site.url}{name}")
    site.pages["/sitemap_pages_1.xml"] = sitemap(*(f"{site.url}{page}" for page in pages))
    site.pages["/sitemap_blogs_1.xml"] = sitemap(*(f"{site.url}/blogs/n/{number}" for number in range(30)))
    maps = [*inner, f"{site.url}/sitemap_pages_1.xml", f"{site.url}/sitemap_blogs_1.xml"]
    site.pages["/sitemap.xml"] = sitemap(*maps, root="sitemapindex")
    site.fallback = lambda path: b"<p>page " + path.encode()
    site.pages |= {"/robots.txt": b"User-agent: *"}


@pytest.mark.parametrize(("products", "limit"), [(5000, 200), (60_000, 50), (10, 5), (300, 40), (3, 1)])
async def test_policies_are_read_before_products_and_what_was_left_out_is_told(products: int, limit: int) -> None:
    site = Site()
    async with running(site) as egress:
        shop_of(site, products)
        found = await read(site, egress, pages=limit)
    asked = [path for path in paths(found, site) if path != "/"]
    assert asked[:2] == ["/returns", "/versand"][: limit - 1]
    assert len(asked) == limit - 1
    (left_out,) = [problem.reason for problem in found if isinstance(problem, CrawlProblem)]
    assert f"the limit of {limit:,} pages was reached; left out: " in left_out
    assert "products" in left_out


async def test_a_site_that_is_read_whole_leaves_nothing_out() -> None:
    site = Site()
    async with running(site) as egress:
        shop_of(site, 20)
        found = await read(site, egress, pages=200)
    assert len(paths(found, site)) == 53
    assert not [problem for problem in found if isinstance(problem, CrawlProblem)]


async def test_a_sitemap_of_products_alone_is_no_way_past_the_policies() -> None:
    site = Site()
    async with running(site) as egress:
        shop_of(site, 40, pages=())
        site.pages["/"] = links("/policies/refund-policy", "/pages/delivery", "/collections/all", "/products/p1")
        found = await read(site, egress, pages=10)
    assert {"/policies/refund-policy", "/pages/delivery"} <= set(paths(found, site)[:4])
