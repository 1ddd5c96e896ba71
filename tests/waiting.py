"""Waiting for a condition, never for a time: tests end as soon as what they wait for is there."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

POLL_S = 0.05
PATIENCE_S = 60.0
"""Long enough for a machine that is three times busier than the suite alone makes it."""

Found = TypeVar("Found")


def await_that(
    look: Callable[[], Found | None], what: str, within_s: float = PATIENCE_S, poll_s: float = POLL_S
) -> Found:
    """Returns the first truthy result of `look`, which is called every `poll_s` seconds.

    Raises AssertionError that names `what` after `within_s` seconds.
    """
    deadline = time.monotonic() + within_s
    while not (found := look()):
        assert time.monotonic() < deadline, f"waited {within_s} s in vain for {what}"
        time.sleep(poll_s)
    return found


async def await_that_async(
    look: Callable[[], Awaitable[Found | None]], what: str, within_s: float = PATIENCE_S, poll_s: float = POLL_S
) -> Found:
    """As `await_that`, for a `look` that is awaited."""
    deadline = time.monotonic() + within_s
    while not (found := await look()):
        assert time.monotonic() < deadline, f"waited {within_s} s in vain for {what}"
        await asyncio.sleep(poll_s)
    return found
