"""Requests to a store: what is tried again, when, and when the store is left alone."""

import asyncio
import gzip
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from integrations.platform import PlatformUnavailable
from integrations.store_http import FAILURES_TO_OPEN, OPEN_S, StoreHttp

URL = "https://shop.example/api"


class Store:
    """A store that answers what it is given, the last answer for ever, and counts the requests."""

    def __init__(self, *answers: httpx.Response) -> None:
        self.answers = list(answers)
        self.requests = 0
        self.now = 1000.0
        self.http = StoreHttp(httpx.AsyncClient(transport=httpx.MockTransport(self._answer)), "Shop", clock=self._clock)

    def _clock(self) -> float:
        return self.now

    async def _answer(self, _request: httpx.Request) -> httpx.Response:
        self.requests += 1
        await asyncio.sleep(0)
        response = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return httpx.Response(response.status_code, headers=response.headers, stream=httpx.ByteStream(b"{}"))

    async def get(self, attempts: int = 1) -> httpx.Response:
        return await self.http.send("GET", URL, attempts=attempts)

    async def fail(self, times: int) -> None:
        for _ in range(times):
            self.now += 1
            with pytest.raises(PlatformUnavailable):
                await self.get()


def down(retry_after: str = "0") -> httpx.Response:
    return httpx.Response(503, headers={"retry-after": retry_after})


async def test_an_outage_that_passes_is_not_noticed() -> None:
    store = Store(down(), httpx.Response(429, headers={"retry-after": "0"}), httpx.Response(200))
    assert (await store.get(attempts=4)).status_code == 200
    assert store.requests == 3


async def test_the_pause_that_the_store_asks_for_is_made() -> None:
    store = Store(down("0.3"), httpx.Response(200))
    started = time.monotonic()
    await store.get(attempts=2)
    assert time.monotonic() - started >= 0.3


async def test_without_a_wish_of_the_store_the_pauses_are_short_and_random() -> None:
    store = Store(httpx.Response(500), httpx.Response(200))
    started = time.monotonic()
    await store.get(attempts=2)
    assert 0.25 <= time.monotonic() - started < 5


async def test_the_last_failure_is_raised_with_what_the_store_asked_for() -> None:
    store = Store(down())
    with pytest.raises(PlatformUnavailable, match="Shop answered 503") as raised:
        await store.get(attempts=3)
    assert (store.requests, raised.value.retry_after_s) == (3, 0.0)


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 422, 501])
async def test_an_answer_that_another_attempt_cannot_change_comes_back_at_once(status: int) -> None:
    store = Store(httpx.Response(status))
    assert (await store.get(attempts=4)).status_code == status
    assert store.requests == 1


async def test_a_store_that_failed_in_a_row_is_left_alone() -> None:
    store = Store(down())
    await store.fail(FAILURES_TO_OPEN)
    with pytest.raises(PlatformUnavailable, match="are paused") as raised:
        await store.get(attempts=4)
    assert store.requests == FAILURES_TO_OPEN
    assert raised.value.retry_after_s == OPEN_S


async def test_a_store_that_asks_for_longer_is_left_alone_for_longer() -> None:
    store = Store(down("120"))
    await store.fail(FAILURES_TO_OPEN)
    store.now += OPEN_S + 1
    with pytest.raises(PlatformUnavailable, match="are paused") as raised:
        await store.get()
    assert raised.value.retry_after_s == 120 - OPEN_S - 1


async def test_one_request_decides_whether_the_store_is_back() -> None:
    store = Store(down())
    await store.fail(FAILURES_TO_OPEN)
    store.now += OPEN_S
    await store.fail(1)
    with pytest.raises(PlatformUnavailable, match="are paused"):
        await store.get()
    store.now += OPEN_S
    store.answers = [httpx.Response(200)]
    assert (await store.get()).status_code == 200
    assert (await store.get()).status_code == 200


@pytest.mark.parametrize("harmless", [lambda: httpx.Response(429), lambda: httpx.Response(200)], ids=["429", "200"])
async def test_patience_asked_for_is_no_failure(harmless: Callable[[], httpx.Response]) -> None:
    store = Store(harmless())
    for _ in range(2 * FAILURES_TO_OPEN):
        await asyncio.gather(store.get(), return_exceptions=True)
    assert store.requests == 2 * FAILURES_TO_OPEN


async def test_requests_under_way_together_fail_once() -> None:
    store = Store(down())
    for _ in range(FAILURES_TO_OPEN - 1):
        pending = [asyncio.create_task(store.get()) for _ in range(3)]
        await asyncio.sleep(0)
        store.now += 1
        await asyncio.gather(*pending, return_exceptions=True)
        store.now += 1
    assert store.requests == 3 * (FAILURES_TO_OPEN - 1)


@pytest.mark.parametrize("missing", [1, 8, 40], ids=lambda missing: f"{missing} bytes")
async def test_a_compressed_response_that_ends_too_early_is_no_response(tmp_path: Path, missing: int) -> None:
    """Half of a catalog must not pass for the whole of it: what is missing would be taken for deleted."""
    whole = gzip.compress(b"".join(b'{"id": "%d"}\n' % number for number in range(2_000)))

    def answer(_request: httpx.Request) -> httpx.Response:
        stream = httpx.ByteStream(whole[:-missing])
        return httpx.Response(200, headers={"content-encoding": "gzip"}, stream=stream)

    http = StoreHttp(httpx.AsyncClient(transport=httpx.MockTransport(answer)), "Shop")
    with pytest.raises(PlatformUnavailable, match="ends too early"):
        await http.send("GET", URL, attempts=1)
    with pytest.raises(PlatformUnavailable, match="ends too early"):
        await http.download(URL, tmp_path / "bulk.jsonl", max_bytes=10**6)
