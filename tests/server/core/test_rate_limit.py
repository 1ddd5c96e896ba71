"""Limits that hold across processes, and what is left of them while Redis is away."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from server.core.errors import RateLimited
from server.core.ids import new_id
from server.core.rate_limit import Limit, RateLimiter
from tests.servers import SharedServers

SLOW = Limit("slow", per_minute=6, burst=4)
WIDE = Limit("wide", per_minute=600, burst=100)


@pytest.fixture(scope="module")
async def redis(servers: SharedServers) -> AsyncIterator[Redis]:
    with servers.redis_database() as url:
        client = Redis.from_url(url)
        yield client
        await client.aclose()


@pytest.fixture
def subject() -> str:
    return str(new_id())


async def passed(limiter: RateLimiter, *claims: tuple[Limit, str], tries: int = 20) -> int:
    """How many of so many requests in a row are let through."""
    count = 0
    for _ in range(tries):
        try:
            await limiter.require(*claims)
        except RateLimited:
            continue
        count += 1
    return count


async def test_a_burst_passes_and_no_more(redis: Redis, subject: str) -> None:
    assert await passed(RateLimiter(redis), (SLOW, subject)) == SLOW.burst


async def test_two_processes_share_one_allowance(redis: Redis, subject: str) -> None:
    first, second = RateLimiter(redis), RateLimiter(redis)
    assert await passed(first, (SLOW, subject), tries=3) + await passed(second, (SLOW, subject)) == SLOW.burst


async def test_the_wait_is_told(redis: Redis, subject: str) -> None:
    limiter = RateLimiter(redis)
    await passed(limiter, (SLOW, subject), tries=SLOW.burst)
    with pytest.raises(RateLimited) as refused:
        await limiter.require((SLOW, subject))
    assert refused.value.retry_after_s is not None
    assert 0 < refused.value.retry_after_s <= 60 / SLOW.per_minute


async def test_a_refused_request_costs_no_other_limit(redis: Redis, subject: str) -> None:
    limiter = RateLimiter(redis)
    assert await passed(limiter, (SLOW, subject), (WIDE, subject), tries=60) == SLOW.burst
    assert await passed(limiter, (WIDE, subject), tries=WIDE.burst) >= WIDE.burst - SLOW.burst


@pytest.mark.parametrize("away", [False, True])
async def test_a_share_refuses_nothing_and_is_counted_only_with_the_rest(
    redis: Redis, subject: str, *, away: bool
) -> None:
    nobody_there = Redis.from_url("redis://127.0.0.1:1/0")
    limiter = RateLimiter(nobody_there if away else redis)
    share = (Limit("share", per_minute=1 / 60, burst=4), subject)
    wide, narrow = (Limit("wide", per_minute=60_000, burst=1_000), subject), (Limit("no", 1 / 60, 2), f"{subject}-2")
    room = 2 if away else 4
    assert [await limiter.require(wide, share=share) for _ in range(6)] == [True] * room + [False] * (6 - room)
    other = (share[0], f"{subject}-3")
    with pytest.raises(RateLimited):
        for _ in range(5):
            await limiter.require(narrow, share=other)
    left = [await limiter.require(wide, share=other) for _ in range(room)].count(True)
    assert left == room - (1 if away else 2)  # what was refused took nothing of the share


@pytest.mark.parametrize("away", [False, True])
async def test_the_first_request_passes_at_any_rate(redis: Redis, subject: str, *, away: bool) -> None:
    nobody_there = Redis.from_url("redis://127.0.0.1:1/0")
    limiter = RateLimiter(nobody_there if away else redis)
    for number in range(300):
        await limiter.require((Limit("single", per_minute=60 / (0.1 + number * 7.3), burst=1), f"{subject}-{number}"))
    await nobody_there.aclose()


async def test_without_redis_half_the_limit_holds_in_each_process(subject: str) -> None:
    nobody_there = Redis.from_url("redis://127.0.0.1:1/0")
    limiter = RateLimiter(nobody_there)
    assert await passed(limiter, (SLOW, subject), (WIDE, subject)) == SLOW.burst // 2
    await nobody_there.aclose()
