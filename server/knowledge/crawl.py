"""Crawls a site: obeys robots.txt, takes pages from the sitemap or follows links, two requests at a time."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

from msgspec import Struct
from protego import Protego

from integrations.page_kinds import PageKind, kind_of_address
from server.core.addresses import MAX_URL_CHARS
from server.core.egress import Egress, EgressError, FetchedResponse
from server.knowledge.sitemaps import SitePages, read_site_pages
from server.knowledge.web_links import Frontier, canonical_url, is_same_site, page_links

CONCURRENCY = 2
MAX_PAGES = 200
MAX_PAGE_BYTES = 5 * 2**20
MAX_ROBOTS_BYTES = 500_000
MAX_CRAWL_DELAY_S = 10.0
MAX_RETRY_AFTER_S = 30.0
MAX_FAILURES_IN_A_ROW = 10
PAGE_TYPES = ("text/html", "application/xhtml+xml", "application/pdf")
ROBOT = "AisleBot"
NO_ADDRESS = f"is not a web address of at most {MAX_URL_CHARS:,} characters"


class CrawledPage(Struct, frozen=True):
    """A fetched page. `url` is where redirects ended, `content_type` is lower case without parameters."""

    url: str
    data: bytes
    content_type: str


class CrawlProblem(Struct, frozen=True):
    """A page that was skipped, or the reason why a crawl ended early."""

    url: str
    reason: str


MAX_SITEMAPS_NAMED = 3
KIND_NAMES = {
    PageKind.HELP: "pages of policies and help",
    PageKind.OTHER: "other pages",
    PageKind.LIST: "lists and articles",
    PageKind.CATALOG: "pages of products and the like",
}
Found = CrawledPage | CrawlProblem
Pause = Callable[[float], Awaitable[None]]


async def crawl(
    start_url: str, *, fetch: Egress, max_pages: int = MAX_PAGES, pause: Pause = asyncio.sleep
) -> AsyncIterator[Found]:
    """Yield the pages of the site at `start_url`, at most `max_pages`, each once, and the problems.

    Only the same host is read (with or without "www."). `pause` waits between pages as robots.txt asks.
    """
    start = canonical_url(start_url)
    if start is None:
        yield CrawlProblem(start_url[:200], f"{NO_ADDRESS}; write it like https://shop.example/help")
        return
    robots = await _read_robots(start, fetch)
    if isinstance(robots, CrawlProblem):
        yield robots
        return
    crawler = _Crawler(start, fetch, robots, max_pages, pause)
    async for found in crawler.run():
        yield found


class _Crawler:
    def __init__(self, start: str, fetch: Egress, robots: Protego, max_pages: int, pause: Pause) -> None:
        self._start = start
        self._fetch = fetch
        self._robots = robots
        self._max_pages = max_pages
        self._pause = pause
        self._delay_s = min(float(robots.crawl_delay(ROBOT) or 0), MAX_CRAWL_DELAY_S)
        self._frontier = Frontier(start)
        self._delivered: set[str] = set()
        self._failures = 0

    async def run(self) -> AsyncIterator[Found]:
        listed = await read_site_pages(self._start, list(self._robots.sitemaps), self._fetch, self._max_pages)
        follows_links = not listed.pages
        has_help = any(kind_of_address(page) is PageKind.HELP for page in listed.pages)
        waiting = deque(self._frontier.admit([self._start, *listed.pages], depth=0))
        fetched = 0
        while waiting and fetched < self._max_pages:
            count = 1 if self._delay_s else CONCURRENCY
            batch = [waiting.popleft() for _ in range(min(count, len(waiting), self._max_pages - fetched))]
            fetched += len(batch)
            for (url, depth), found in zip(batch, await self._fetch_all(batch), strict=True):
                if isinstance(found, CrawledPage) and (follows_links or (url == self._start and not has_help)):
                    links = await asyncio.to_thread(page_links, found.url, found.data)
                    if follows_links:
                        waiting.extend(self._frontier.admit(links, depth + 1))
                    else:  # a sitemap of products alone: the first page leads to the shop's policies
                        waiting.extendleft(self._frontier.admit(filter(_is_help, links), depth + 1))
                if self._is_new(found):
                    yield found
                if self._failures >= MAX_FAILURES_IN_A_ROW:
                    yield CrawlProblem(url, f"{self._failures} pages in a row failed, so the crawl stops here")
                    return
            if self._delay_s and waiting:
                await self._pause(self._delay_s)
        for problem in self._left_out(listed, [url for url, _ in waiting]):
            yield problem

    def _left_out(self, listed: SitePages, waiting: list[str]) -> Iterable[CrawlProblem]:
        """What the sitemaps have besides the pages that were read."""
        for sitemap in listed.broken:
            yield CrawlProblem(sitemap, "this sitemap breaks off before its end, so pages may be missing")
        if not listed.pages or not (waiting or listed.unread):
            return
        counts = Counter(kind_of_address(url) for url in waiting)
        kinds = [f"{counts[kind]:,} {name}" for kind, name in KIND_NAMES.items() if counts[kind]]
        kinds += [f"all of {url.rpartition('/')[2]}" for url in listed.unread[:MAX_SITEMAPS_NAMED]]
        more = len(listed.unread) - MAX_SITEMAPS_NAMED
        kinds += [f"{more:,} more sitemaps"] if more > 0 else []
        left_out = ", ".join(kinds)
        yield CrawlProblem(self._start, f"the limit of {self._max_pages:,} pages was reached; left out: {left_out}")

    async def _fetch_all(self, batch: Iterable[tuple[str, int]]) -> list[Found]:
        return await asyncio.gather(*(self._page(url) for url, _ in batch))

    async def _page(self, url: str) -> Found:
        if not self._robots.can_fetch(url, ROBOT):
            return CrawlProblem(url, "robots.txt does not allow reading it")
        try:
            response = await self._get(url)
        except EgressError as error:
            self._failures += 1
            return CrawlProblem(url, str(error))
        self._failures = self._failures + 1 if response.status >= 500 or response.status == 429 else 0
        return self._judged(url, response)

    async def _get(self, url: str) -> FetchedResponse:
        """Fetch a page. One that asks for a later request is requested once more, after a pause."""
        response = await self._fetch.get(url, max_bytes=MAX_PAGE_BYTES)
        if response.status in (429, 503):
            await self._pause(_retry_after_s(response))
            response = await self._fetch.get(url, max_bytes=MAX_PAGE_BYTES)
        return response

    def _judged(self, url: str, response: FetchedResponse) -> Found:
        final = canonical_url(response.url)
        if response.status != 200:
            return CrawlProblem(url, f"answers with status {response.status}")
        if final is None:
            return CrawlProblem(url, f"leads to {response.url[:200]}, which {NO_ADDRESS}")
        if not is_same_site(final, self._start):
            return CrawlProblem(url, f"leads to another site ({final[:200]})")
        if not self._robots.can_fetch(final, ROBOT):
            return CrawlProblem(url, f"leads to {final[:200]}, which robots.txt does not allow reading")
        content_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type not in PAGE_TYPES:
            return CrawlProblem(url, f"is {content_type[:60] or 'of no stated type'}, not a page or PDF")
        return CrawledPage(final, response.body, content_type)

    def _is_new(self, found: Found) -> bool:
        """Whether a page has not been yielded yet: two addresses may redirect to one page."""
        if isinstance(found, CrawlProblem):
            return True
        is_new = found.url not in self._delivered
        self._delivered.add(found.url)
        self._frontier.mark(found.url)
        return is_new


async def _read_robots(start: str, fetch: Egress) -> Protego | CrawlProblem:
    """Fetch the site's robots.txt. Without one there are no rules; a server error is a problem (RFC 9309)."""
    url = canonical_url("/robots.txt", start) or start
    try:
        response = await fetch.get(url, max_bytes=MAX_ROBOTS_BYTES)
    except EgressError as error:
        return CrawlProblem(url, f"robots.txt could not be read, so nothing else was: {error}")
    if response.status >= 500 or response.status == 429:
        return CrawlProblem(
            url, f"robots.txt answered with status {response.status}, so nothing was read; try again later"
        )
    # Windows editors begin a file with a byte order mark, which would hide the first line
    text = response.body.decode("utf-8-sig", "replace") if response.status == 200 else ""
    is_page = text.lstrip()[:1] == "<"  # a shop that answers every address with its home page has no rules
    return await asyncio.to_thread(Protego.parse, "" if is_page else text)


def _is_help(url: str) -> bool:
    return kind_of_address(url) is PageKind.HELP


def _retry_after_s(response: FetchedResponse) -> float:
    stated = response.headers.get("retry-after", "")
    return min(float(stated) if stated.isdecimal() else 2.0, MAX_RETRY_AFTER_S)
