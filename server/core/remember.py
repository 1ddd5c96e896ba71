"""A small cache of things that may be a few seconds old."""

import time
from collections import OrderedDict
from typing import Generic, TypeVar

MAX_ENTRIES = 20_000

Key = TypeVar("Key")
Value = TypeVar("Value")


class Remembered(Generic[Key, Value]):
    """Values that may be a few seconds old; the oldest go when there are too many."""

    def __init__(self, lives_s: float) -> None:
        self._lives_s = lives_s
        self._entries: OrderedDict[Key, tuple[float, Value]] = OrderedDict()

    def get(self, key: Key) -> Value | None:
        """The value, unless it is too old or was never put."""
        entry = self._entries.get(key)
        return entry[1] if entry and entry[0] > time.monotonic() else None

    def put(self, key: Key, value: Value) -> Value:
        """Remember a value; it is returned for the caller to use at once."""
        self._entries.pop(key, None)
        self._entries[key] = (time.monotonic() + self._lives_s, value)
        if len(self._entries) > MAX_ENTRIES:
            self._entries.popitem(last=False)
        return value

    def forget(self, key: Key) -> None:
        """The value has changed."""
        self._entries.pop(key, None)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
