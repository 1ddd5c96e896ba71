"""Who waits for a database connection: a crowd is served, a server that hangs is not waited for."""

import asyncio
from contextlib import suppress

import asyncpg
import pytest

from server.core.connection_queue import ConnectionQueue
from server.core.errors import DatabaseBusy, NotFound


def queue_of(size: int, *, stalled_s: float = 60.0, longest_s: float = 60.0) -> ConnectionQueue:
    return ConnectionQueue(size, stalled_s=stalled_s, longest_s=longest_s)


async def let_others_run() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


class Clock:
    """The event loop's clock, which the test may put forward."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        loop = asyncio.get_running_loop()
        real, self._ahead_s = loop.time, 0.0
        monkeypatch.setattr(loop, "time", lambda: real() + self._ahead_s)

    async def advance(self, seconds: float) -> None:
        await let_others_run()
        self._ahead_s += seconds
        await let_others_run()


@pytest.fixture
async def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


class Holder:
    """Holds a place from the moment it gets one until it is told to leave."""

    def __init__(self, queue: ConnectionQueue) -> None:
        self.is_in, self._leaves = False, asyncio.Event()
        self._error: BaseException | None = None
        self.task = asyncio.create_task(self._hold(queue))

    async def _hold(self, queue: ConnectionQueue) -> None:
        async with queue:
            self.is_in = True
            await self._leaves.wait()
            if self._error:
                raise self._error

    async def leave(self, error: BaseException | None = None) -> None:
        self._error = error
        self._leaves.set()
        with suppress(Exception, asyncio.CancelledError):
            await self.task


async def test_so_many_are_in_at_once_and_the_others_follow_in_order() -> None:
    queue = queue_of(2)
    holders = [Holder(queue) for _ in range(5)]
    for gone in range(5):
        await let_others_run()
        assert [holder.is_in for holder in holders] == [place < gone + 2 for place in range(5)]
        await holders[gone].leave()


async def test_a_queue_that_moves_is_waited_in_longer_than_one_that_stands(clock: Clock) -> None:
    queue = queue_of(1, stalled_s=8.0, longest_s=60.0)
    holders = [Holder(queue) for _ in range(8)]
    for holder in holders:
        await clock.advance(6.0)
        assert holder.is_in
        await holder.leave()


async def test_a_queue_that_stands_is_left(clock: Clock) -> None:
    queue = queue_of(1, stalled_s=8.0)
    first, second = Holder(queue), Holder(queue)
    await clock.advance(7.0)
    assert not second.task.done()
    await clock.advance(1.1)
    with pytest.raises(TimeoutError):
        await second.task
    await first.leave()


@pytest.mark.parametrize(
    "error",
    [asyncpg.QueryCanceledError(), TimeoutError(), ConnectionResetError(), asyncio.CancelledError()],
    ids=lambda error: type(error).__name__,
)
async def test_transactions_that_a_dead_server_ends_move_nothing(clock: Clock, error: BaseException) -> None:
    queue = queue_of(1, stalled_s=8.0)
    first, second, third = Holder(queue), Holder(queue), Holder(queue)
    await clock.advance(6.0)
    await first.leave(error)
    await let_others_run()
    assert second.is_in
    await clock.advance(2.1)
    with pytest.raises(TimeoutError):
        await third.task
    await second.leave()


async def test_a_refusal_of_our_own_is_a_transaction_that_ended_well() -> None:
    queue = queue_of(1, stalled_s=60.0)
    first, second = Holder(queue), Holder(queue)
    await let_others_run()
    await first.leave(NotFound("There is no such order."))
    await let_others_run()
    assert second.is_in
    await second.leave()


async def test_nobody_waits_longer_than_the_longest_wait(clock: Clock) -> None:
    queue = queue_of(1, stalled_s=8.0, longest_s=20.0)
    holders = [Holder(queue) for _ in range(5)]
    for holder in holders[:3]:
        await clock.advance(6.0)
        await holder.leave()
    await clock.advance(2.1)
    with pytest.raises(DatabaseBusy):
        await holders[4].task
    await holders[3].leave()


async def test_one_who_gives_up_leaves_its_place_to_the_next() -> None:
    queue = queue_of(1)
    first, second, third = Holder(queue), Holder(queue), Holder(queue)
    await let_others_run()
    second.task.cancel()
    await asyncio.wait([second.task])
    await first.leave()
    await let_others_run()
    assert third.is_in and not second.is_in
    await third.leave()


async def test_one_who_is_cancelled_when_its_turn_comes_passes_it_on() -> None:
    queue = queue_of(1)
    first, second, third = Holder(queue), Holder(queue), Holder(queue)
    await let_others_run()
    first._leaves.set()
    await asyncio.sleep(0)  # the first has left and the second's turn has come, which it does not know yet
    second.task.cancel()
    await let_others_run()
    assert third.is_in and not second.is_in
    await third.leave()
