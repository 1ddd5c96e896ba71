"""The time limits of one step of a chat model, and the clock that enforces them."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from msgspec import Struct

from server.models.protocol import FailureKind
from server.models.upstream_errors import UpstreamError

AFTER_LAST_WORD_S = 1.0
"""How long an answer waits for the token counts, which come after its last word."""

AFTER_LAST_EVENT_S = 0.05
"""How long to wait for the end of the response, after which the connection can be used again."""

Result = TypeVar("Result")


class Deadlines(Struct, frozen=True):
    """The time limits of one step, its retry included."""

    connect_s: float = 5.0
    first_token_s: float = 10.0
    idle_s: float = 15.0
    total_s: float = 60.0


class StepClock:
    """Starts when created. `first_token_s` applies until the first `progress`, then `idle_s` between two of them."""

    def __init__(self, deadlines: Deadlines) -> None:
        self._deadlines = deadlines
        self._loop = asyncio.get_running_loop()
        started = self._loop.time()
        self._end = started + deadlines.total_s
        self._next = started + deadlines.first_token_s
        self._late = f"the model said nothing within {deadlines.first_token_s:g} s"

    def progress(self) -> None:
        """Note that the model has produced something."""
        self._next = self._loop.time() + self._deadlines.idle_s
        self._late = f"the model fell silent for {self._deadlines.idle_s:g} s"

    def allow_at_most(self, seconds: float) -> None:
        """Bound the rest of the response: the answer is complete."""
        self._next = min(self._next, self._loop.time() + seconds)

    async def within(self, work: Awaitable[Result]) -> Result:
        """Await `work`. Raises UpstreamError at the nearest deadline."""
        try:
            async with asyncio.timeout_at(min(self._next, self._end)) as limit:
                return await work
        except TimeoutError as error:
            if not limit.expired():  # somebody else's, as that of the connection
                raise
            if self._loop.time() >= self._end:
                self._late = f"the model did not finish within {self._deadlines.total_s:g} s"
            raise UpstreamError(self._late, kind=FailureKind.TIMEOUT) from error
