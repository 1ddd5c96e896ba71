"""HTTP requests to URLs that a merchant or a web page names: to public hosts only, on web ports, within limits.

A host is resolved once, refused when any of its addresses is not global, and the connection goes to the address
that was checked, so that a second look-up cannot lead elsewhere (DNS rebinding). Each redirect is checked anew.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urljoin

import httpcore
import httpx
from msgspec import Struct

from integrations.response_body import COMPRESSION, UnreadableBody, decompress
from server.core.addresses import is_global

WEB_PORTS = (80, 443)
MAX_REDIRECTS = 5
MAX_REQUEST_URL_CHARS = 4_000
CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 15.0
TOTAL_TIMEOUT_S = 30.0
MAX_BYTES = 10 * 2**20
MAX_ADDRESSES_TRIED = 3

Resolver = Callable[[str, int], Awaitable[Iterable[str]]]
"""Addresses of a host, as text. Raises OSError when there are none."""


class EgressError(Exception):
    """A page could not be fetched. The message says why, for the person who gave the address."""


class EgressRefused(EgressError):
    """The address is not a web address or not public. No connection was made to it."""


class EgressFailed(EgressError):
    """The request failed: no response, too slow, too large, or broken."""


class FetchedResponse(Struct, frozen=True):
    """The last response of a chain of redirects: `url` is its own address, header names are lower case."""

    status: int
    url: str
    headers: dict[str, str]
    body: bytes


async def resolve(host: str, port: int) -> list[str]:
    """Return all addresses of a host from the system's resolver. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Egress:
    """Fetches from the public internet; one for the whole process. `allow` lists "host:port" pairs that may be
    reached whatever their address and port: a shop in the same network, a test's local server."""

    def __init__(
        self,
        *,
        base_url: str = "",
        allow: Collection[str] = (),
        resolver: Resolver = resolve,
        backend: httpcore.AsyncNetworkBackend | None = None,
        total_timeout_s: float = TOTAL_TIMEOUT_S,
    ) -> None:
        self.user_agent = f"AisleBot/0.1 (+{base_url})" if base_url else "AisleBot/0.1"
        self._total_timeout_s = total_timeout_s
        self._guard = GuardedBackend(allow, resolver, backend or httpcore.AnyIOBackend())
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=_tls(),
            max_connections=20,
            max_keepalive_connections=10,
            keepalive_expiry=10,
            network_backend=self._guard,
        )

    async def get(
        self, url: str, *, max_bytes: int = MAX_BYTES, headers: Mapping[str, str] | None = None
    ) -> FetchedResponse:
        """Fetch `url`, following redirects, and return the last response, whatever its status.

        Raises EgressRefused, and EgressFailed, also for a decompressed body of more than `max_bytes`.
        """
        try:
            async with asyncio.timeout(self._total_timeout_s):
                return await self._follow(url, max_bytes, dict(headers or {}))
        except TimeoutError:
            raise EgressFailed(f"no full response within {self._total_timeout_s:g} s") from None

    def create_client(self) -> httpx.AsyncClient:
        """Create a client for a store's API, which the caller closes. It takes any method, follows no redirects and
        has the same rules about addresses; a refused one raises httpx.ConnectError."""
        return httpx.AsyncClient(
            transport=_GuardedTransport(self._guard), headers={"User-Agent": self.user_agent}, follow_redirects=False
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._pool.aclose()

    async def _follow(self, url: str, max_bytes: int, headers: dict[str, str]) -> FetchedResponse:
        for _ in range(MAX_REDIRECTS + 1):
            response = await self._fetch(self._require_fetchable(url), max_bytes, headers)
            target = response.headers.get("location")
            if response.status not in (301, 302, 303, 307, 308) or not target:
                return response
            url = _join_url(response.url, target)
        raise EgressFailed(f"more than {MAX_REDIRECTS} redirects")

    def _require_fetchable(self, text: str) -> httpx.URL:
        url = _parse_url(text)
        self._guard.require_port(url)
        return url

    async def _fetch(self, url: httpx.URL, max_bytes: int, headers: dict[str, str]) -> FetchedResponse:
        wanted = {"Accept": "*/*", **headers, "User-Agent": self.user_agent, **COMPRESSION}
        sent: list[tuple[bytes | str, bytes | str]] = list(wanted.items())
        timeouts = {
            "connect": CONNECT_TIMEOUT_S,
            "read": READ_TIMEOUT_S,
            "write": READ_TIMEOUT_S,
            "pool": READ_TIMEOUT_S,
        }
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        try:
            async with self._pool.stream("GET", target, headers=sent, extensions={"timeout": timeouts}) as response:
                found = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
                is_redirect = response.status in (301, 302, 303, 307, 308)
                body = b"" if is_redirect else await _read(response, found, max_bytes)
                return FetchedResponse(response.status, str(url), found, body)
        except httpcore.TimeoutException as error:
            raise EgressFailed(f"{url.host} did not answer in time") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, ssl.SSLError, ValueError) as error:
            raise EgressFailed(f"{url.host}: {_short(error)}") from error


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """The system's certificate authorities; reading them takes a tenth of a second."""
    return ssl.create_default_context()


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Opens TCP connections to checked addresses only. TLS above it still verifies the host name of the URL."""

    def __init__(self, allow: Collection[str], resolver: Resolver, backend: httpcore.AsyncNetworkBackend) -> None:
        self._allow = frozenset(pair.strip().lower() for pair in allow)
        self._resolver = resolver
        self._backend = backend

    def is_allowed(self, host: str, port: int) -> bool:
        """Whether the operator listed this host and port."""
        return f"{host.lower()}:{port}" in self._allow

    def require_port(self, url: httpx.URL) -> None:
        """Raises EgressRefused for a port that is neither a web port nor listed."""
        port = url.port or (443 if url.scheme == "https" else 80)
        if port not in WEB_PORTS and not self.is_allowed(url.host, port):
            raise EgressRefused(f"port {port} is not a web port; only 80 and 443 are fetched")

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to one of the host's addresses. Raises EgressRefused before any socket is opened."""
        addresses = await self._addresses(host, port)
        *others, last = addresses[:MAX_ADDRESSES_TRIED]
        for address in others:
            try:
                return await self._backend.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._backend.connect_tcp(last, port, timeout, local_address, socket_options)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Not allowed: raises EgressRefused."""
        raise EgressRefused("local sockets are not used")

    async def sleep(self, seconds: float) -> None:
        """Sleep between the pool's retries."""
        await self._backend.sleep(seconds)

    async def _addresses(self, host: str, port: int) -> list[str]:
        try:
            addresses = list(await self._resolver(host, port))
        except (OSError, UnicodeError):
            raise EgressFailed(f"{host} has no address; check its spelling") from None
        if not addresses:
            raise EgressFailed(f"{host} has no address; check its spelling")
        if not self.is_allowed(host, port) and not all(is_global(address) for address in addresses):
            raise EgressRefused(f"{host} is not a public address; an operator can list it in AISLE_EGRESS_ALLOW")
        return addresses


class _GuardedTransport(httpx.AsyncHTTPTransport):
    """httpx over the guarded backend."""

    def __init__(self, guard: GuardedBackend) -> None:
        super().__init__(verify=_tls())  # its own would read the authorities: 30 ms of CPU for each client
        self._guard = guard
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=_tls(),
            max_connections=10,
            max_keepalive_connections=4,
            keepalive_expiry=15,
            network_backend=guard,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            self._guard.require_port(request.url)
            return await super().handle_async_request(request)
        except EgressError as reason:
            raise httpx.ConnectError(str(reason), request=request) from None


def _parse_url(text: str) -> httpx.URL:
    if len(text) > MAX_REQUEST_URL_CHARS:
        raise EgressRefused(f"the address is longer than {MAX_REQUEST_URL_CHARS:,} characters")
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, UnicodeError, ValueError):
        raise EgressRefused("this is not a web address") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise EgressRefused("only http:// and https:// addresses are fetched")
    if url.userinfo:
        raise EgressRefused("addresses with a user name and password are not fetched")
    return url


def _join_url(base: str, target: str) -> str:
    try:
        return urljoin(base, target.strip())
    except ValueError:
        raise EgressRefused("the redirect does not lead to a web address") from None


async def _read(response: httpcore.Response, headers: dict[str, str], max_bytes: int) -> bytes:
    """Return the decompressed body. Raises EgressFailed for one that cannot be read."""
    try:
        chunks = decompress(response.aiter_stream(), headers.get("content-encoding"), max_bytes)
        return b"".join([chunk async for chunk in chunks])
    except UnreadableBody as reason:
        raise EgressFailed(f"the response {reason}") from None


def _short(error: Exception) -> str:
    return str(error).split("\n")[0][:160] or "the connection broke"
