"""Answers that tell nothing by how long they took."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import ceil
from time import monotonic

from msgspec import Struct


class Pace(Struct, frozen=True):
    """Work is released `floor_s` after it began; what takes longer, at the next step of `step_s` after that.

    The floor covers our few round trips to the database and a platform's usual answer, so the steps are the exception;
    they are wide, because only an answer near the edge of one can tell anything.
    """

    floor_s: float = 0.5
    step_s: float = 1.5

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Hold back the end of the block, also when it ends with an error, until the next release."""
        started = monotonic()
        try:
            yield
        except Exception:
            await self.hold(started)
            raise
        await self.hold(started)

    async def hold(self, started: float) -> None:
        """Wait for the next release of work begun at `started` (seconds of the monotonic clock)."""
        await asyncio.sleep(self.remaining_s(monotonic() - started))

    def remaining_s(self, took_s: float) -> float:
        """Seconds until the next release of work that took `took_s` seconds."""
        steps = max(0, ceil((took_s - self.floor_s) / self.step_s))
        return self.floor_s + steps * self.step_s - took_s
