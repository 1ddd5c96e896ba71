"""A visit to a page of the shop: whether the widget's script is there, and what keeps it from working."""

import asyncio
from collections.abc import Iterable
from html.parser import HTMLParser
from typing import Protocol
from urllib.parse import parse_qs, urljoin, urlsplit

from msgspec import Struct

from server.core.egress import EgressError, FetchedResponse
from server.shops.origins import parse_origin

MAX_PAGE_BYTES = 5 * 2**20
LOADER = "/widget.js"
PAGE_TYPES = ("text/html", "application/xhtml+xml")


class Fetcher(Protocol):
    """The guarded way to the internet (`server/core/egress.py`)."""

    async def get(self, url: str, *, max_bytes: int) -> FetchedResponse:
        """The last response of a chain of redirects. Raises EgressError."""


class Expected(Struct, frozen=True, kw_only=True):
    """What a page of the shop should have: `base_url` is Aisle's own, `keys` are the live publishable ones."""

    base_url: str
    keys: frozenset[str]
    origins: frozenset[str]


class SnippetCheck(Struct, frozen=True, kw_only=True):
    """What the visit found. `is_there` says that the script of this shop is on the page; every blocker keeps it from
    working, in a sentence that says what to do."""

    url: str
    is_there: bool
    blockers: tuple[str, ...] = ()

    @property
    def works(self) -> bool:
        """Whether nothing stands in the way, as far as a visit without a browser can see."""
        return self.is_there and not self.blockers


class _Script(Struct, frozen=True, kw_only=True):
    src: str
    key: str
    nonce: str


async def check_snippet(fetcher: Fetcher, url: str, expected: Expected) -> SnippetCheck:
    """Visit a page and look for the widget's script."""
    try:
        response = await fetcher.get(url, max_bytes=MAX_PAGE_BYTES)
    except EgressError as reason:
        return SnippetCheck(url=url, is_there=False, blockers=(f"The page could not be reached: {reason}.",))
    return await asyncio.to_thread(judge_page, response, expected)


def judge_page(response: FetchedResponse, expected: Expected) -> SnippetCheck:
    """What a fetched page says."""
    if response.status != 200:
        reason = f"The page answered with status {response.status}."
        if response.status in (401, 403, 503):
            reason += " It may be protected by a password or refuse visitors that are no browsers."
        return SnippetCheck(url=response.url, is_there=False, blockers=(reason,))
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in PAGE_TYPES:
        return SnippetCheck(url=response.url, is_there=False, blockers=(f"The address leads to {kind or 'no page'}.",))
    page = _Page(response.url)
    page.feed(response.body.decode("utf-8", "replace"))
    script = _best(page.scripts, expected)
    if script is None:
        return SnippetCheck(url=response.url, is_there=False, blockers=(_missing(page, expected),))
    if blocker := _wrong_key(script, expected):
        return SnippetCheck(url=response.url, is_there=False, blockers=(blocker,))
    blockers = [*_origin_blockers(response.url, expected), *_policy_blockers(page, response, script)]
    return SnippetCheck(url=response.url, is_there=True, blockers=tuple(blockers))


class _Page(HTMLParser):
    """Scripts of the widget and content security policies. Tags are read one by one: no tree of a hostile page."""

    def __init__(self, url: str) -> None:
        super().__init__(convert_charrefs=True)
        self.scripts: list[_Script] = []
        self.policies: list[str] = []
        self.inline: list[str] = []
        self._base, self._is_script = url, False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "base" and given.get("href"):
            self._base = _join(self._base, given["href"])
        if tag == "meta" and given.get("http-equiv", "").lower() == "content-security-policy":
            self.policies.append(given.get("content", ""))
        self._is_script = tag == "script"
        if self._is_script and (src := given.get("src", "").strip()):
            address = _join(self._base, src)
            if urlsplit(address).path.endswith(LOADER):
                key = given.get("data-key") or "".join(parse_qs(urlsplit(address).query).get("key", [])[:1])
                self.scripts.append(_Script(src=address, key=key.strip(), nonce=given.get("nonce", "")))

    def handle_endtag(self, tag: str) -> None:
        self._is_script = False

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        """As browsers do: `<![…` is a comment up to the next `>`."""
        return self.parse_bogus_comment(i, report)

    def handle_data(self, data: str) -> None:
        if self._is_script and LOADER in data.replace("\\/", "/"):
            self.inline.append(data)


def _best(scripts: Iterable[_Script], expected: Expected) -> _Script | None:
    """The script that is likeliest meant: with a key of the shop, from Aisle's own address, any."""
    ranked = sorted(
        scripts, key=lambda each: (each.key not in expected.keys, not each.src.startswith(expected.base_url))
    )
    return ranked[0] if ranked else None


def _missing(page: _Page, expected: Expected) -> str:
    if any(expected.base_url in text.replace("\\/", "/") for text in page.inline):
        return (
            "The page has a script that adds the widget later, such as a tag manager's. Only a browser can see whether "
            "it does: open the page and look for the button."
        )
    return (
        "The line is not on this page. Paste it before </body> in the theme; if you have, empty the caches of your "
        "shop and check again."
    )


def _wrong_key(script: _Script, expected: Expected) -> str:
    if not script.key:
        return "The line is there without its key: something dropped data-key. Write widget.js?key=… instead."
    if script.key not in expected.keys:
        return (
            f"The line is there with the key {script.key[:11]}…, which is not a live key of this shop. Paste it again."
        )
    return ""


def _origin_blockers(url: str, expected: Expected) -> list[str]:
    parts = urlsplit(url)
    origin = parse_origin(f"{parts.scheme}://{parts.netloc}")
    if origin is None or origin in expected.origins or origin == expected.base_url:
        return []
    return [f"{origin} is not on the list of sites, so the button is not shown there. Add it above."]


def _policy_blockers(page: _Page, response: FetchedResponse, script: _Script) -> list[str]:
    header = response.headers.get("content-security-policy", "")
    own = urlsplit(script.src)
    host = f"{own.scheme}://{own.netloc}"
    blocked: dict[str, None] = {}
    for policy in [*header.split(","), *page.policies]:
        rules = _rules(policy)
        if not _allows_script(rules, script, response.url):
            blocked["script-src"] = None
        if not _allows_host(_first(rules, "frame-src", "child-src", "default-src"), host, response.url):
            blocked["frame-src"] = None
        if not _allows_host(_first(rules, "connect-src", "default-src"), host, response.url):
            blocked["connect-src"] = None
    return [f"The page's content security policy blocks the widget: add {host} to {name}." for name in blocked]


def _rules(policy: str) -> dict[str, list[str]]:
    """The directives of a policy; of several of one name the first counts (CSP level 3, 2.2.1)."""
    rules: dict[str, list[str]] = {}
    for directive in policy.split(";"):
        name, *sources = directive.split()[:200] or [""]
        rules.setdefault(name.lower(), sources)
    return rules


def _first(rules: dict[str, list[str]], *names: str) -> list[str] | None:
    return next((rules[name] for name in names if name in rules), None)


def _allows_script(rules: dict[str, list[str]], script: _Script, page_url: str) -> bool:
    sources = _first(rules, "script-src-elem", "script-src", "default-src")
    if sources is None or (script.nonce and f"'nonce-{script.nonce}'" in sources):
        return True
    if "'strict-dynamic'" in sources:
        return False
    return _allows_host(sources, script.src, page_url)


def _allows_host(sources: list[str] | None, address: str, page_url: str) -> bool:
    """Whether a source list lets an address pass, by scheme, host and path (CSP level 3, 6.7.2.8)."""
    return sources is None or any(_matches(source.lower(), address, page_url) for source in sources)


def _matches(source: str, address: str, page_url: str) -> bool:
    to, page = urlsplit(address.lower()), urlsplit(page_url.lower())
    if source == "'self'":
        return (to.scheme, to.netloc) == (page.scheme, page.netloc)
    if source == "*":
        return to.scheme in ("http", "https")
    if source.endswith(":") and "/" not in source:
        return source[:-1] == to.scheme or (source == "http:" and to.scheme == "https")
    if source.startswith("'"):
        return False
    scheme, has_scheme, rest = source.rpartition("://")
    host, slash, path = rest.partition("/")
    name, _, port = host.partition(":")
    if has_scheme and scheme != to.scheme and (scheme, to.scheme) != ("http", "https"):
        return False
    own_port = to.port or (443 if to.scheme == "https" else 80)
    if port not in ("", "*") and port != str(own_port):
        return False
    if not port and own_port not in (80, 443):
        return False
    wanted = to.hostname or ""
    if not (wanted.endswith(name[1:]) if name.startswith("*.") else wanted == name):
        return False
    if not slash or not path or not to.path:
        return True
    return to.path.startswith(f"/{path}") if path.endswith("/") else to.path == f"/{path}"


def _join(base: str, address: str) -> str:
    """The whole address; empty for one that no browser would open."""
    try:
        joined = urljoin(base, address)
        _ = urlsplit(joined).port
    except ValueError:
        return ""
    return joined
