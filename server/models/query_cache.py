"""A cache of query vectors that asks for the same text only once at a time."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from hashlib import blake2b

from server.models.protocol import Vector

DEFAULT_ENTRIES = 8192
"""About 14 MB of vectors: shoppers of one shop ask the same things."""


class QueryCache:
    """Least recently used goes first. One event loop only.

    Keyed by a digest, so that no shopper's words stay in memory. A text has the same vector in every shop.
    """

    def __init__(self, embed: Callable[[str], Awaitable[Vector]], entries: int = DEFAULT_ENTRIES) -> None:
        self._embed = embed
        self._entries = entries
        self._vectors: OrderedDict[bytes, Vector] = OrderedDict()
        self._running: dict[bytes, asyncio.Task[Vector]] = {}

    async def get(self, text: str) -> Vector:
        """The text's vector, read-only. White space does not tell texts apart. Errors are not remembered."""
        text = " ".join(text.split())
        key = blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()
        vector = self._vectors.get(key)
        if vector is None:
            # Shielded: a caller who gives up must not take the vector from the others who wait for it.
            return await asyncio.shield(self._task(key, text))
        self._vectors.move_to_end(key)
        return vector

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
        if len(self._vectors) > self._entries:
            self._vectors.popitem(last=False)
        return vector


def _retrieve_error(task: asyncio.Task[Vector]) -> None:
    """Without this asyncio complains about an error that every waiting caller left behind."""
    if not task.cancelled():
        task.exception()
