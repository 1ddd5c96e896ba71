"""The queue for database connections: first come, first served, with a bound on the wait."""

import asyncio
from collections import deque
from types import TracebackType

from server.core.database_errors import TROUBLE
from server.core.errors import DatabaseBusy


class ConnectionQueue:
    """Admits `size` holders at a time, in order of arrival: `async with queue: ...`.

    A crowd is no outage: while transactions end well the queue moves, and everybody waits up to `longest_s` seconds
    (then DatabaseBusy). When none has ended well for `stalled_s` seconds the server is taken to be away (TimeoutError).
    """

    def __init__(self, size: int, *, stalled_s: float, longest_s: float) -> None:
        self._free = size
        self._stalled_s, self._longest_s = stalled_s, longest_s
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._moved_at = 0.0

    async def __aenter__(self) -> None:
        if self._free:
            self._free -= 1
            return
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await self._wait(place)
        except BaseException:
            if place.done():  # it came just as its holder was cancelled
                self._admit_next()
            else:
                self._waiting.remove(place)
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if not isinstance(error, (*TROUBLE, asyncio.CancelledError)):
            self._moved_at = asyncio.get_running_loop().time()
        self._admit_next()

    async def _wait(self, place: asyncio.Future[None]) -> None:
        now = asyncio.get_running_loop().time
        joined = now()
        while not place.done():
            stalls_at = max(joined, self._moved_at) + self._stalled_s
            left_s = min(stalls_at, joined + self._longest_s) - now()
            if left_s <= 0:
                if now() < stalls_at:
                    raise DatabaseBusy
                raise TimeoutError(f"no transaction ended well for {self._stalled_s:g} s")
            await asyncio.wait([place], timeout=left_s)

    def _admit_next(self) -> None:
        if self._waiting:
            self._waiting.popleft().set_result(None)
        else:
            self._free += 1
