import asyncio

import numpy as np
import pytest

from server.models.protocol import ModelUnavailable, Vector
from server.models.query_cache import QueryCache


class CountingEmbedder:
    """Holds every answer back until told."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.was_asked = asyncio.Event()
        self.answer = asyncio.Event()
        self.failure: Exception | None = None

    async def __call__(self, text: str) -> Vector:
        self.asked.append(text)
        self.was_asked.set()
        await self.answer.wait()
        if self.failure:
            raise self.failure
        return np.ones(384, np.float32)


async def test_a_text_is_asked_for_once_while_others_wait() -> None:
    embedder = CountingEmbedder()
    cache = QueryCache(embedder)
    waiting = [asyncio.create_task(cache.get("jacket")) for _ in range(5)]
    await embedder.was_asked.wait()
    embedder.answer.set()
    first, *others = await asyncio.gather(*waiting)
    assert embedder.asked == ["jacket"]
    assert all(other is first for other in others)


async def test_one_who_leaves_does_not_take_the_vector_from_the_others() -> None:
    embedder = CountingEmbedder()
    cache = QueryCache(embedder)
    leaving, staying = asyncio.create_task(cache.get("jacket")), asyncio.create_task(cache.get("jacket"))
    await embedder.was_asked.wait()
    leaving.cancel()
    await asyncio.wait([leaving])
    embedder.answer.set()
    assert (await staying).shape == (384,)
    assert leaving.cancelled()
    assert embedder.asked == ["jacket"]


async def test_an_error_reaches_all_who_wait_and_is_not_remembered() -> None:
    embedder = CountingEmbedder()
    embedder.failure = ModelUnavailable("down")
    embedder.answer.set()
    cache = QueryCache(embedder)
    for result in await asyncio.gather(cache.get("a"), cache.get("a"), return_exceptions=True):
        assert result is embedder.failure
    embedder.failure = None
    assert (await cache.get("a")).shape == (384,)
    assert embedder.asked == ["a", "a"]


async def test_the_least_recently_used_goes_first() -> None:
    embedder = CountingEmbedder()
    embedder.answer.set()
    cache = QueryCache(embedder, entries=2)
    for text in ("a", "b", "a", "c", "a", "b"):
        await cache.get(text)
    assert embedder.asked == ["a", "b", "c", "b"]


async def test_nothing_is_left_running_after_a_failure() -> None:
    embedder = CountingEmbedder()
    embedder.failure = ModelUnavailable("down")
    embedder.answer.set()
    cache = QueryCache(embedder)
    with pytest.raises(ModelUnavailable):
        await cache.get("a")
    assert cache._running == {}
