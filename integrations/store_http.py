"""HTTP to a store: time-outs, retries that honour Retry-After, a circuit breaker, and failures as PlatformError.

The httpx client is passed in, because the server has one that connects to public addresses only.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import msgspec
import stamina

from integrations.circuit_breaker import CircuitBreaker
from integrations.platform import PlatformRevoked, PlatformUnavailable
from integrations.response_body import COMPRESSION, UnreadableBody, decompress

ATTEMPTS = 4
FIRST_PAUSE_S = 0.25
PAUSE_JITTER_S = 0.25
"""Added at random to each pause, so that not all callers come back at once."""
MAX_PAUSE_S = 20.0
FAILURES_TO_OPEN = 5
OPEN_S = 20.0
MAX_OPEN_S = 600.0
MAX_RESPONSE_BYTES = 32 * 1024 * 1024
_ENCODING_HEADERS = ("content-encoding", "content-length", "transfer-encoding")
RETRIED_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})


class _AttemptFailed(PlatformUnavailable):
    """The store did not answer, or answered with one of RETRIED_STATUSES: another attempt may succeed."""

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
            count_overlapping=False,  # an order takes several requests at once: if all fail, the store has failed once
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
        params: object = None,
        content: bytes | None = None,
        attempts: int = ATTEMPTS,
        timeout_s: float = 30.0,
    ) -> httpx.Response:
        """Send a request and return the response, also of 401 and 403, unless its status is one of RETRIED_STATUSES.

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
                all_headers = {**(headers or {}), **COMPRESSION}
                request = self._client.build_request(
                    method, url, headers=all_headers, params=params, content=content, timeout=timeout_s
                )
                response = await self._receive(request)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as reason:
            raise _AttemptFailed(f"{self.name} did not answer: {_describe(reason)}") from None
        if response.status_code in RETRIED_STATUSES:
            raise _AttemptFailed(
                f"{self.name} answered {response.status_code}{_maintenance(response)}",
                retry_after_s=retry_after_s(response),
                is_throttled=response.status_code == 429,
            )
        return response

    def _refusal(self, wait_s: float, _last: Exception) -> PlatformUnavailable:
        return PlatformUnavailable(
            f"{self.name} failed several times in a row; requests to it are paused", retry_after_s=wait_s
        )

    async def _receive(self, request: httpx.Request) -> httpx.Response:
        response = await self._client.send(request, follow_redirects=False, stream=True)
        try:
            body = b"".join([chunk async for chunk in self._decompressed(response, MAX_RESPONSE_BYTES)])
        finally:
            await response.aclose()
        headers = [(name, value) for name, value in response.headers.multi_items() if name not in _ENCODING_HEADERS]
        return httpx.Response(response.status_code, headers=headers, content=body, request=request)

    async def _decompressed(self, response: httpx.Response, max_bytes: int) -> AsyncIterator[bytes]:
        """Yield the body in chunks. Raises PlatformUnavailable for one that cannot be read."""
        try:
            async for chunk in decompress(response.aiter_raw(), response.headers.get("content-encoding"), max_bytes):
                yield chunk
        except UnreadableBody as reason:
            raise PlatformUnavailable(f"{self.name} sent a response that {reason}") from None

    async def download(self, url: str, file: Path, *, max_bytes: int, timeout_s: float = 60.0) -> httpx.Response:
        """Write a response's body to a file and return the response without it. It makes one attempt: callers retry.

        Raises PlatformUnavailable, also for a body of more than `max_bytes`.
        """
        try:
            async with (
                asyncio.timeout(timeout_s),
                self._client.stream(
                    "GET", url, headers=COMPRESSION, timeout=timeout_s, follow_redirects=False
                ) as response,
            ):
                with file.open("wb") as out:
                    async for chunk in self._decompressed(response, max_bytes):
                        out.write(chunk)
                return response
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as reason:
            raise PlatformUnavailable(f"{self.name} did not answer: {_describe(reason)}") from None


def retry_after_s(response: httpx.Response) -> float | None:
    """The seconds in a response's Retry-After header; None without one, or for a date."""
    text = response.headers.get("retry-after", "").strip()
    try:
        return max(0.0, float(text)) if text else None
    except ValueError:
        return None


def _maintenance(response: httpx.Response) -> str:
    """What a 503 with a Retry-After says, which is how sites announce maintenance; "" for any other response."""
    seconds = retry_after_s(response) if response.status_code == 503 else None
    if seconds is None:
        return ""
    return f": it is in maintenance and asks to come back in {max(1, round(seconds / 60))} minutes"


def parse_json(response: httpx.Response, name: str) -> Any:
    """Decode a JSON body. Raises PlatformUnavailable for anything else, such as a login page or a proxy's error."""
    try:
        return msgspec.json.decode(response.content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise PlatformUnavailable(f"{name} answered {response.status_code} with something that is not JSON") from None


def access_refused(name: str, remedy: str) -> PlatformRevoked:
    """The error for a credential that no longer works. `remedy` says what the merchant can do about it."""
    return PlatformRevoked(f"{name} refuses our access; {remedy}")


def _retry_pause_s(error: Exception) -> float | bool:
    """The seconds that the store asks us to wait, at most MAX_PAUSE_S; True for a growing pause, False for no retry."""
    if not isinstance(error, _AttemptFailed):
        return False
    return True if error.retry_after_s is None else min(error.retry_after_s, MAX_PAUSE_S)


def _circuit_open_s(error: Exception) -> float | None:
    """The seconds to send no requests if this failure opens the circuit; None for one that is not the store's fault."""
    if not isinstance(error, _AttemptFailed) or error.is_throttled:
        return None
    return max(OPEN_S, min(error.retry_after_s or 0.0, MAX_OPEN_S))


def _describe(reason: Exception) -> str:
    """The reason in words, without addresses, which may contain secrets."""
    if isinstance(reason, httpx.ConnectError) and str(reason):
        return str(reason).splitlines()[0][:160]
    return "it took too long" if isinstance(reason, httpx.TimeoutException | TimeoutError) else type(reason).__name__
