"""A cache of query vectors that embeds the same text only once at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from hashlib import blake2b

from cachetools import LRUCache

from server.models.protocol import Vector

DEFAULT_ENTRIES = 8192
"""About 14 MB of vectors: shoppers of one shop ask the same things."""


class QueryCache:
    """The most recently used vectors, for one event loop.

    Keyed by a digest, so that no shopper's words stay in memory. A text has the same vector in every shop.
    """

    def __init__(self, embed: Callable[[str], Awaitable[Vector]], entries: int = DEFAULT_ENTRIES) -> None:
        self._embed = embed
        self._vectors: LRUCache[bytes, Vector] = LRUCache(entries)
        self._running: dict[bytes, asyncio.Task[Vector]] = {}

    async def get(self, text: str) -> Vector:
        """The text's vector, read-only. Texts that differ in white space only share one. Errors are not cached."""
        text = " ".join(text.split())
        key = blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()
        vector = self._vectors.get(key)
        if vector is not None:
            return vector
        # Shielded: a caller who gives up must not take the vector from the others who wait for it.
        return await asyncio.shield(self._task(key, text))

    def _task(self, key: bytes, text: str) -> asyncio.Task[Vector]:
        task = self._running.get(key)
        if task is None:
            task = self._running[key] = asyncio.create_task(self._fill(key, text))
            task.add_done_callback(_retrieve_error)
        return task

    async def _fill(self, key: bytes, text: str) -> Vector:
        try:
            vector = await self._embed(text)
        finally:
            del self._running[key]
        vector.flags.writeable = False
        self._vectors[key] = vector
        return vector


def _retrieve_error(task: asyncio.Task[Vector]) -> None:
    """Retrieve a task's error, which asyncio would report when no caller has waited for it."""
    if not task.cancelled():
        task.exception()
