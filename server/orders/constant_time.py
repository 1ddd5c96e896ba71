"""Answers whose duration reveals nothing about what was looked up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import ceil
from time import monotonic

from msgspec import Struct


class DurationPadding(Struct, frozen=True):
    """Pads the duration of work to `floor_s`, or to `floor_s` and a multiple of `step_s` where it takes longer.

    The floor covers our few round trips to the database and a platform's usual answer, so that steps are the exception.
    They are wide, because only an answer that ends near the edge of one reveals anything.
    """

    floor_s: float = 0.5
    step_s: float = 1.5

    @asynccontextmanager
    async def pad_block(self) -> AsyncIterator[None]:
        """Delay the end of the block, also when it raises, until its duration is padded."""
        started = monotonic()
        try:
            yield
        except Exception:
            await self.pad_since(started)
            raise
        await self.pad_since(started)

    async def pad_since(self, started: float) -> None:
        """Sleep until the duration of work that began at `started` (seconds of the monotonic clock) is padded."""
        await asyncio.sleep(self.remaining_s(monotonic() - started))

    def remaining_s(self, took_s: float) -> float:
        """Seconds that are missing from the padded duration of work that took `took_s` seconds."""
        steps = max(0, ceil((took_s - self.floor_s) / self.step_s))
        return self.floor_s + steps * self.step_s - took_s
