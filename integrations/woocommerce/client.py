"""Requests to one shop's REST API, and what its responses mean: no failure is ever read as "not there"."""

import asyncio
import base64
import logging
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping
from decimal import Decimal
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec

from integrations.platform import Credentials, PlatformRevoked, PlatformUnavailable
from integrations.store_http import ATTEMPTS, StoreHttp, access_refused
from integrations.woocommerce.oauth import Pairs, signed

PER_PAGE = 100
"""The most WooCommerce gives; 101 is refused."""

MAX_PAUSE_S = 20.0
NO_ROUTE = "rest_no_route"
EXACT_JSON = msgspec.json.Decoder(float_hook=Decimal)
"""Prices of order lines come as JSON numbers: as binary fractions they would not be what the shop wrote."""

SAME_PAGE_AGAIN = (
    "gives the same page of a list again and again, so nobody can tell where it ends; a cache or firewall in front of "
    "it ignores the page number"
)
MAX_NOTICE_BYTES = 65_536
MAX_STARTS = 50
"""Places behind warnings at which data is looked for."""
_NOTICE = re.compile(rb"<b>(?:Warning|Notice|Deprecated|Strict Standards|Fatal error|Parse error)</b>:|"
                     rb"(?:^|\n)(?:PHP )?(?:Warning|Notice|Deprecated|Strict Standards): ")  # fmt: skip
_DATA_START = re.compile(rb"(?:^|[>\s\xbf])([\[{])")
_NO_SUCH_PAGE = frozenset({"rest_post_invalid_page_number", "rest_invalid_page_number"})
_FIRST_PAUSE_S = 0.5
_CLOCKS = re.compile(r"nonce|timestamp", re.IGNORECASE)


class _WithoutKeys(logging.Filter):
    """Takes keys out of the addresses that httpx logs."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(map(_without_keys, record.args))
        return True


def _without_keys(value: object) -> object:
    return value.copy_with(query=None) if isinstance(value, httpx.URL) and "consumer_secret" in value.params else value


_HTTPX_LOG, _WITHOUT_KEYS = logging.getLogger("httpx"), _WithoutKeys()


class Declined(PlatformUnavailable):
    """The shop understood and said no, with WordPress's `code`. Whoever knows what a code means catches it; to
    everybody else it is a response that could not be had."""

    def __init__(self, name: str, status: int, code: str) -> None:
        super().__init__(f"{name} answered {status} {code}")
        self.status, self.code = status, code


class Page(msgspec.Struct, frozen=True):
    """One page of a list; `total` and `pages` as its headers say, None where they do not."""

    rows: list[dict[str, Any]]
    total: int | None
    pages: int | None


class WooClient:
    """Speaks to `store_url` (no slash at its end) with the keys that `credentials` hold at the moment of each call.

    Every method raises PlatformUnavailable or PlatformRevoked; Declined, an Unavailable, where a code was given.
    `attempts=1` for whoever waits.
    """

    _has_query_keys = False
    """The shop's server drops the Authorization header, so that keys go into the query, over https."""

    def __init__(
        self, store_url: str, http: StoreHttp, credentials: Credentials, *, now: Callable[[], float] = time.time
    ) -> None:
        self.store_url = store_url.rstrip("/")
        self.name = http.name
        self._http, self._credentials, self._now = http, credentials, now
        self._is_https = urlsplit(store_url).scheme == "https"

    async def close(self) -> None:
        """Give connections back."""
        await self._http.close()

    async def get(self, path: str, params: Mapping[str, object] | None = None, *, attempts: int = ATTEMPTS) -> Any:
        """The decoded JSON of `/wp-json/{path}`; its decimals are exact `Decimal`s."""
        return self._decoded(await self._request("GET", path, params, attempts=attempts))

    async def post(self, path: str, body: Mapping[str, object]) -> Any:
        """Never repeated by itself: a lost response may hide a success."""
        return self._decoded(await self._request("POST", path, None, body, attempts=1))

    async def delete(self, path: str) -> None:
        """Remove for good what is at `path`; what is gone already is gone."""
        try:
            self._decoded(await self._request("DELETE", path, {"force": "true"}))
        except Declined as declined:
            if declined.status not in (404, 410):
                raise

    async def page(
        self,
        path: str,
        params: Mapping[str, object],
        number: int = 1,
        *,
        per_page: int = PER_PAGE,
        attempts: int = ATTEMPTS,
        or_end: bool = False,
    ) -> Page:
        """One page of a list, counted from 1. With `or_end` a page behind the last is empty, also where WordPress
        declines to give one."""
        wanted = {**params, "per_page": per_page, "page": number}
        response = await self._request("GET", path, wanted, attempts=attempts)
        try:
            rows = self._decoded(response)
        except Declined as declined:
            if not (or_end and number > 1 and declined.code in _NO_SUCH_PAGE):
                raise
            rows = []
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise PlatformUnavailable(f"{self.name} answered with something that is not a list")
        return Page(rows, _count(response, "x-wp-total"), _count(response, "x-wp-totalpages"))

    async def pages(self, path: str, params: Mapping[str, object], *, attempts: int = ATTEMPTS) -> AsyncIterator[Page]:
        """Every page of a list, until one says that it is the last, or holds less than the first where none says
        so: hosts that take the headers away give fewer rows than are asked for too."""
        number, first_rows = 1, PER_PAGE
        before: Page | None = None
        while True:
            page = await self.page(path, params, number, attempts=attempts, or_end=True)
            if before and page.rows and page.rows == before.rows:
                raise PlatformUnavailable(f"{self.name} {SAME_PAGE_AGAIN}")
            yield page
            first_rows = len(page.rows) if number == 1 else first_rows
            if is_last(page, number, first_rows):
                return
            number, before = number + 1, page

    async def _request(
        self,
        method: str,
        path: str,
        params: Mapping[str, object] | None,
        body: Mapping[str, object] | None = None,
        *,
        attempts: int = ATTEMPTS,
    ) -> httpx.Response:
        keys = await self._keys() if path.startswith("wc/v3") else None
        if keys is None:
            return await self._send(method, path, params, body, None, attempts)
        if self._is_https:
            return await self._send_over_tls(method, path, params, body, keys, attempts)
        for attempt in range(attempts - 1):
            try:
                return await self._send(method, path, params, body, keys, 1)
            except PlatformUnavailable as failure:
                asked_s = failure.retry_after_s
                await asyncio.sleep(min(MAX_PAUSE_S, _FIRST_PAUSE_S * 2**attempt if asked_s is None else asked_s))
        return await self._send(method, path, params, body, keys, 1)

    async def _send_over_tls(
        self,
        method: str,
        path: str,
        params: Mapping[str, object] | None,
        body: Mapping[str, object] | None,
        keys: tuple[str, str],
        attempts: int,
    ) -> httpx.Response:
        """With the keys in the Authorization header; in the query where the server does not pass the header on, which
        looks like a request without keys."""
        if not self._has_query_keys:
            response = await self._send(method, path, params, body, keys, attempts)
            if response.status_code != 401 or not _is_without_keys(response):
                return response
        _HTTPX_LOG.addFilter(_WITHOUT_KEYS)
        key, secret = keys
        in_query = {**(params or {}), "consumer_key": key, "consumer_secret": secret}
        response = await self._send(method, path, in_query, body, None, attempts)
        self._has_query_keys = self._has_query_keys or response.status_code not in (401, 403)
        return response

    async def _send(
        self,
        method: str,
        path: str,
        params: Mapping[str, object] | None,
        body: Mapping[str, object] | None,
        keys: tuple[str, str] | None,
        attempts: int,
    ) -> httpx.Response:
        url = f"{self.store_url}/wp-json/{path}"
        headers = {"accept": "application/json"}
        query: Pairs = _pairs(params or {})
        if keys and self._is_https:
            headers["authorization"] = "Basic " + base64.b64encode(":".join(keys).encode()).decode()
        elif keys:
            query = signed(method, url, query, *keys)
        content = None
        if body is not None:
            content, headers["content-type"] = msgspec.json.encode(body), "application/json"
        return await self._http.send(
            method, url, headers=headers, params=query or None, content=content, attempts=attempts
        )

    async def _keys(self) -> tuple[str, str]:
        keys = await self._credentials.read()
        key, secret = keys.get("consumer_key"), keys.get("consumer_secret")
        if not key or not secret:
            raise access_refused(self.name, "no keys are kept for it; connect the shop again")
        return key, secret

    def _decoded(self, response: httpx.Response) -> Any:
        status = response.status_code
        if 300 <= status < 400:
            target = urlsplit(response.headers.get("location", "")).netloc.rpartition("@")[2] or "another page"
            raise PlatformUnavailable(f"{self.name} redirects to {target}; connect the shop with that address")
        try:
            body = EXACT_JSON.decode(response.content.removeprefix(b"\xef\xbb\xbf"))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            body = _behind_notices(response.content)
        if body is None:
            raise PlatformUnavailable(f"{self.name} answered {status} with {_describe_page(response)}") from None
        if status >= 400:
            raise self._refusal(response, body)
        return body

    def _refusal(self, response: httpx.Response, body: object) -> PlatformUnavailable | PlatformRevoked:
        error = body if isinstance(body, dict) else {}
        code, message = str(error.get("code") or "without a code")[:100], str(error.get("message") or "")
        status = response.status_code
        if code == "rate_limit_exceeded":
            return PlatformUnavailable(f"{self.name} asks us to slow down", retry_after_s=self._wait_s(response))
        if status not in (401, 403) or not code.startswith(("woocommerce_", "wc_")):
            return Declined(self.name, status, code)
        if code == "woocommerce_rest_authentication_error" and _CLOCKS.search(message):
            return PlatformUnavailable(f"{self.name} rejects the time of our signature; its clock may be wrong")
        return access_refused(self.name, _mend(response.request.method, code))

    def _wait_s(self, response: httpx.Response) -> float | None:
        """The Store API's own headers: seconds, or the Unix time at which the limit starts anew."""
        for header, base in (("ratelimit-retry-after", 0.0), ("retry-after", 0.0), ("ratelimit-reset", self._now())):
            text = response.headers.get(header, "")
            if text.isdigit():
                return max(0.0, int(text) - base)
        return None


def is_last(page: Page, number: int, first_rows: int) -> bool:
    """Whether a list ends with this page. `first_rows` are those of the first page: where no header says how many pages
    there are, only an empty page or one with fewer rows ends a list, and a short first one ends nothing."""
    if not page.rows:
        return True
    if page.pages is not None:
        return number >= page.pages
    return number > 1 and len(page.rows) < first_rows


def _is_without_keys(response: httpx.Response) -> bool:
    """Whether WooCommerce took the request for one without keys."""
    return b'"woocommerce_rest_cannot_' in response.content or b'"rest_not_logged_in"' in response.content


def _behind_notices(content: bytes) -> Any:
    """The data behind warnings that PHP has written before it; None where there is none. An empty list behind a warning
    may be its consequence, so it counts as none."""
    if not _NOTICE.search(content[:MAX_NOTICE_BYTES]):
        return None
    for start in islice(_DATA_START.finditer(content[: MAX_NOTICE_BYTES * 2]), MAX_STARTS):
        try:
            return EXACT_JSON.decode(content[start.start(1) :]) or None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
    return None


def _describe_page(response: httpx.Response) -> str:
    """What came in place of data, and what the merchant can do about it."""
    content = response.content[:MAX_NOTICE_BYTES]
    if _NOTICE.search(content):
        return (
            "warnings of PHP in its data: a plugin or the theme causes them; set WP_DEBUG_DISPLAY to false in "
            "wp-config.php, or display_errors to off"
        )
    if response.status_code == 503 or b"maintenance" in content.lower():
        return "a page that says it is in maintenance; try again when the shop is open"
    return "a page instead of data: it is in maintenance, behind a wall, or its permalinks are set to Plain"


def _mend(method: str, code: str) -> str:
    if method != "GET":
        return "its key may only read: connect again with a key of Read/Write permission"
    if code == "woocommerce_rest_authentication_error":
        return "the key's secret or its permission is not right: connect the shop again"
    return (
        "it does not know our key, or the key's user may not see this: create a new key for an administrator under "
        "WooCommerce > Settings > Advanced > REST API and connect again"
    )


def _pairs(params: Mapping[str, object]) -> list[tuple[str, str]]:
    """Lists as `name[0]`: PHP reads no other form, and a signature must cover the very text."""
    pairs: list[tuple[str, str]] = []
    for name, value in params.items():
        if isinstance(value, list | tuple):
            pairs += [(f"{name}[{index}]", str(each)) for index, each in enumerate(value)]
        else:
            pairs.append((name, str(value)))
    return pairs


def _count(response: httpx.Response, header: str) -> int | None:
    text = response.headers.get(header, "")
    return int(text) if text.isdigit() else None
