"""A cache for values that may be some seconds old."""

import time
from typing import Generic, TypeVar

from cachetools import TTLCache

MAX_ENTRIES = 20_000

Key = TypeVar("Key")
Value = TypeVar("Value")


class ExpiringCache(Generic[Key, Value]):
    """Keeps each value for `lifetime_s` seconds; beyond `max_entries` the least recently used ones leave."""

    def __init__(self, lifetime_s: float, *, max_entries: int = MAX_ENTRIES) -> None:
        self._entries: TTLCache[Key, Value] = TTLCache(max_entries, lifetime_s, timer=time.monotonic)

    def get(self, key: Key) -> Value | None:
        """The value; None when it has expired or was never put."""
        return self._entries.get(key)

    def put(self, key: Key, value: Value) -> Value:
        """Cache a value and return it."""
        self._entries[key] = value
        return value

    def invalidate(self, key: Key) -> None:
        """Remove a value that has changed."""
        self._entries.pop(key, None)

    def clear(self) -> None:
        """Remove all values."""
        self._entries.clear()
