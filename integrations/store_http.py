"""HTTP to a store: time-outs, retries that honour Retry-After, a circuit breaker, and failures as PlatformError.

The httpx client is passed in: the server's one connects to public addresses only.
"""

import asyncio
import time
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import msgspec
import stamina

from integrations.circuit_breaker import CircuitBreaker
from integrations.platform import PlatformRevoked, PlatformUnavailable

ATTEMPTS = 4
FIRST_PAUSE_S = 0.25
PAUSE_JITTER_S = 0.25
"""Added at random to each pause, so that not all callers come back at once."""
MAX_PAUSE_S = 20.0
FAILURES_TO_OPEN = 5
OPEN_S = 20.0
MAX_OPEN_S = 600.0
MAX_ANSWER_BYTES = 32 * 1024 * 1024
COMPRESSION = {"Accept-Encoding": "gzip"}
_ENCODING_HEADERS = ("content-encoding", "content-length", "transfer-encoding")
RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})


class _AttemptFailed(PlatformUnavailable):
    """The store did not answer, or asked to come later: another attempt may help."""

    def __init__(self, reason: str, retry_after_s: float | None = None, *, is_throttled: bool = False) -> None:
        super().__init__(reason, retry_after_s)
        self.is_throttled = is_throttled


class StoreHttp:
    """Sends requests to one store. It follows no redirects: a store has the address that the merchant gave."""

    def __init__(self, client: httpx.AsyncClient, name: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`name` is used in messages for staff: "Shopify", "the shop's WooCommerce"."""
        self._client, self.name = client, name
        self._circuit = CircuitBreaker(
            open_s=_circuit_open_s,
            refusal=self._refusal,
            failures_to_open=FAILURES_TO_OPEN,
            count_overlapping=False,  # an order is read in several requests at once: the store failed once
            clock=clock,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Any = None,
        content: bytes | None = None,
        attempts: int = ATTEMPTS,
        timeout_s: float = 30.0,
    ) -> httpx.Response:
        """Send a request and return the response, unless its status is one of RETRIED. 401 and 403 are returned too.

        Raises PlatformUnavailable after the last attempt, and at once while the circuit is open. Pass `attempts=1`
        where a shopper waits.
        """
        retrying = stamina.AsyncRetryingCaller(
            attempts=attempts,
            timeout=None,
            wait_initial=FIRST_PAUSE_S,
            wait_jitter=PAUSE_JITTER_S,
            wait_max=MAX_PAUSE_S,
        )

        async def attempt() -> httpx.Response:
            with self._circuit.guard():
                return await self._attempt(method, url, headers, params, content, timeout_s)

        return await retrying(_retry_pause_s, attempt)

    async def _attempt(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        params: Any,
        content: bytes | None,
        timeout_s: float,
    ) -> httpx.Response:
        try:
            async with asyncio.timeout(timeout_s):
                named = {**(headers or {}), **COMPRESSION}
                request = self._client.build_request(
                    method, url, headers=named, params=params, content=content, timeout=timeout_s
                )
                answer = await self._receive(request)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as reason:
            raise _AttemptFailed(f"{self.name} did not answer: {_short(reason)}") from None
        if answer.status_code in RETRIED:
            raise _AttemptFailed(
                f"{self.name} answered {answer.status_code}",
                retry_after_s=retry_after_s(answer),
                is_throttled=answer.status_code == 429,
            )
        return answer

    def _refusal(self, wait_s: float, _last: Exception) -> PlatformUnavailable:
        return PlatformUnavailable(
            f"{self.name} failed several times in a row; requests to it are paused", retry_after_s=wait_s
        )

    async def _receive(self, request: httpx.Request) -> httpx.Response:
        answer = await self._client.send(request, follow_redirects=False, stream=True)
        try:
            body = b"".join([chunk async for chunk in self._decompressed(answer, MAX_ANSWER_BYTES)])
        finally:
            await answer.aclose()
        headers = [(name, value) for name, value in answer.headers.multi_items() if name not in _ENCODING_HEADERS]
        return httpx.Response(answer.status_code, headers=headers, content=body, request=request)

    async def _decompressed(self, answer: httpx.Response, max_bytes: int) -> AsyncIterator[bytes]:
        """Yield the body in chunks, decompressed at most once and never beyond the limit: a store may be hostile."""
        encoding = answer.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("identity", "gzip"):
            raise PlatformUnavailable(f"{self.name} compressed its response in an unsupported way")
        decompressor = zlib.decompressobj(zlib.MAX_WBITS | 16) if encoding == "gzip" else None
        left = max_bytes
        async for chunk in answer.aiter_raw():
            try:
                plain = decompressor.decompress(chunk, left + 1) if decompressor else chunk
            except zlib.error:
                raise PlatformUnavailable(f"{self.name} sent a damaged answer") from None
            left -= len(plain)
            if left < 0:
                raise PlatformUnavailable(f"{self.name} sent more than {max_bytes:,} bytes")
            yield plain

    async def download(self, url: str, file: Path, *, max_bytes: int, timeout_s: float = 60.0) -> httpx.Response:
        """Write a body to a file and return the response without it. There is one attempt: callers retry themselves.

        Raises PlatformUnavailable, also for a body of more than `max_bytes`.
        """
        try:
            async with (
                asyncio.timeout(timeout_s),
                self._client.stream(
                    "GET", url, headers=COMPRESSION, timeout=timeout_s, follow_redirects=False
                ) as answer,
            ):
                with file.open("wb") as out:
                    async for chunk in self._decompressed(answer, max_bytes):
                        out.write(chunk)
                return answer
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as reason:
            raise PlatformUnavailable(f"{self.name} did not answer: {_short(reason)}") from None


def retry_after_s(answer: httpx.Response) -> float | None:
    """The seconds in a response's Retry-After header; None without one, or for a date."""
    text = answer.headers.get("retry-after", "").strip()
    try:
        return max(0.0, float(text)) if text else None
    except ValueError:
        return None


def json_of(answer: httpx.Response, name: str) -> Any:
    """Decode a JSON body. Raises PlatformUnavailable for anything else, such as a login page or a proxy's error."""
    try:
        return msgspec.json.decode(answer.content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise PlatformUnavailable(f"{name} answered {answer.status_code} with something that is not JSON") from None


def refused(name: str, how_to_mend: str) -> PlatformRevoked:
    """The error for a credential that no longer works."""
    return PlatformRevoked(f"{name} refuses our access; {how_to_mend}")


def _retry_pause_s(error: Exception) -> float | bool:
    """The seconds that the store asks us to wait, at most MAX_PAUSE_S; True for a growing pause, False for no retry."""
    if not isinstance(error, _AttemptFailed):
        return False
    return True if error.retry_after_s is None else min(error.retry_after_s, MAX_PAUSE_S)


def _circuit_open_s(error: Exception) -> float | None:
    """How long a store is left alone whose failures end with this one; None where the store is in good health."""
    if not isinstance(error, _AttemptFailed) or error.is_throttled:
        return None
    return max(OPEN_S, min(error.retry_after_s or 0.0, MAX_OPEN_S))


def _short(reason: Exception) -> str:
    """The reason in words, without addresses, which may contain secrets."""
    if isinstance(reason, httpx.ConnectError) and str(reason):
        return str(reason).splitlines()[0][:160]
    return "it took too long" if isinstance(reason, httpx.TimeoutException | TimeoutError) else type(reason).__name__
