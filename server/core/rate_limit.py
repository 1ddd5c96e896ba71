"""Rate limits that hold across processes: GCRA in one Redis script, on Redis's own clock.

GCRA (the generic cell rate algorithm) keeps one timestamp per key: the time at which the allowance would be full
again. When Redis is away every process keeps its own count at a reduced rate: neither open nor shut.
"""

import time
from collections import OrderedDict
from typing import Any

from msgspec import Struct
from redis.asyncio import Redis
from redis.exceptions import RedisError

from server.core.errors import RateLimited

LOCAL_SHARE = 0.5
"""Of the limit, per process, while Redis does not answer."""
LOCAL_KEYS = 10_000
REDIS_PAUSE_S = 5.0

# KEYS[1]; ARGV: microseconds per request, burst. Returns 0, or the microseconds to wait.
_GCRA = """
local now_parts = redis.call('TIME')
local now = now_parts[1] * 1000000 + now_parts[2]
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local wait = full_at + interval - burst * interval - now
if wait > 0 then return math.ceil(wait) end
local next_full = full_at + interval
redis.call('SET', KEYS[1], string.format('%.0f', next_full), 'PX', math.ceil((next_full - now) / 1000) + 1)
return 0
"""


class Limit(Struct, frozen=True):
    """`per_minute` requests in the long run, at most `burst` at once."""

    name: str
    per_minute: float
    burst: int

    @property
    def interval_us(self) -> float:
        """Microseconds between two requests at the long-run rate."""
        return 60e6 / self.per_minute


class RateLimiter:
    """Counts requests by limit and subject."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._script: Any = redis.register_script(_GCRA)
        self._local: OrderedDict[str, float] = OrderedDict()
        self._redis_away_until = 0.0

    async def require(self, limit: Limit, subject: str) -> None:
        """Count one request. Raises RateLimited with the seconds to wait."""
        wait_s = await self._wait_s(limit, f"limit:{{{subject}}}:{limit.name}")
        if wait_s > 0:
            raise RateLimited("Too many requests in a short time; please wait a moment.", retry_after_s=wait_s)

    async def _wait_s(self, limit: Limit, key: str) -> float:
        if time.monotonic() >= self._redis_away_until:
            try:
                return float(await self._script(keys=[key], args=[limit.interval_us, limit.burst])) / 1e6
            except (RedisError, OSError):
                self._redis_away_until = time.monotonic() + REDIS_PAUSE_S
        return self._local_wait_s(limit, key)

    def _local_wait_s(self, limit: Limit, key: str) -> float:
        now, interval_s = time.monotonic(), limit.interval_us / 1e6 / LOCAL_SHARE
        full_at = max(self._local.get(key, now), now)
        wait_s = full_at + interval_s - max(1, limit.burst * LOCAL_SHARE) * interval_s - now
        if wait_s > 0:
            return wait_s
        self._local[key] = full_at + interval_s
        self._local.move_to_end(key)
        if len(self._local) > LOCAL_KEYS:
            self._local.popitem(last=False)
        return 0
