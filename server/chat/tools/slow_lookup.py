"""A sign of life while a shop's order system takes its time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import TypeVar

SLOW_S = 2.5
"""A store on ordinary hosting has answered by then; whoever still waits is told that it goes on."""

T = TypeVar("T")


class StillWaiting:
    """Comes in place of the answer while there is none."""


async def answer_or_wait(answer: Awaitable[T], slow_s: float = SLOW_S) -> AsyncIterator[T | StillWaiting]:
    """The answer, after one StillWaiting when it takes longer than `slow_s`. Raises what the answer raises."""
    task = asyncio.ensure_future(answer)
    try:
        await asyncio.wait({task}, timeout=slow_s)
        if not task.done():
            yield StillWaiting()
        yield await task
    finally:
        task.cancel()
