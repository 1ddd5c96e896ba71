"""Rate limits across processes: GCRA in one Redis script, on Redis's own clock.

GCRA (the generic cell rate algorithm) keeps one timestamp per key: the time at which the allowance would be full
again. When Redis is away every process keeps its own count at a reduced rate: neither open nor shut.
"""

import time
from typing import Any

from cachetools import LRUCache
from msgspec import Struct
from redis.asyncio import Redis
from redis.exceptions import RedisError

from server.core.errors import RateLimited

LOCAL_SHARE = 0.5
"""The part of each limit that one process allows while Redis does not answer."""
LOCAL_KEYS = 10_000
REDIS_PAUSE_S = 5.0

# KEYS: one per limit; ARGV: microseconds per request and burst, for each; then which of them is a share, or 0. All are
# looked at before any is counted. Returns the microseconds to wait, else 0, or -1 where only the share is used up.
_GCRA = """
local now_parts = redis.call('TIME')
local now = now_parts[1] * 1000000 + now_parts[2]
local share, share_wait = tonumber(ARGV[2 * #KEYS + 1]), 0
local longest, next_full = 0, {}
for i, key in ipairs(KEYS) do
  local interval, burst = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local full_at = math.max(tonumber(redis.call('GET', key) or now), now)
  local wait = full_at - now - (burst - 1) * interval
  if i == share then share_wait = wait else longest = math.max(longest, wait) end
  next_full[i] = full_at + interval
end
if longest > 0 then return math.ceil(longest) end
for i, key in ipairs(KEYS) do
  if i ~= share or share_wait <= 0 then
    redis.call('SET', key, string.format('%.0f', next_full[i]), 'PX', math.ceil((next_full[i] - now) / 1000) + 1)
  end
end
return share_wait > 0 and -1 or 0
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
        self._local: LRUCache[str, float] = LRUCache(LOCAL_KEYS)
        self._redis_away_until = 0.0

    async def require(self, *claims: tuple[Limit, str], share: tuple[Limit, str] | None = None) -> bool:
        """Count one request against every (limit, subject), or against none. Raises RateLimited with the seconds to
        wait. A `share` refuses nothing: the result is False when it is used up. All limits take one round trip."""
        named = {_key(*claim): claim[0] for claim in (*claims, *((share,) if share else ()))}
        wait_s = await self._wait_s(named, _key(*share) if share else None)
        if wait_s > 0:
            raise RateLimited("Too many requests in a short time; please wait a moment.", retry_after_s=wait_s)
        return wait_s == 0

    async def _wait_s(self, named: dict[str, Limit], share: str | None) -> float:
        """The seconds to wait; 0 for none, and a negative number when only the share is used up."""
        if time.monotonic() >= self._redis_away_until:
            numbers = [number for limit in named.values() for number in (limit.interval_us, limit.burst)]
            place = list(named).index(share) + 1 if share else 0
            try:
                return float(await self._script(keys=list(named), args=[*numbers, place])) / 1e6
            except (RedisError, OSError):
                self._redis_away_until = time.monotonic() + REDIS_PAUSE_S
        return self._local_wait_s(named, share)

    def _local_wait_s(self, named: dict[str, Limit], share: str | None) -> float:
        now, longest_s, share_wait_s, next_full = time.monotonic(), 0.0, 0.0, {}
        for key, limit in named.items():
            interval_s = limit.interval_us / 1e6 / LOCAL_SHARE
            full_at = max(self._local.get(key, now), now)
            wait_s = full_at - now - (max(1, limit.burst * LOCAL_SHARE) - 1) * interval_s
            if key == share:
                share_wait_s = wait_s
            else:
                longest_s = max(longest_s, wait_s)
            next_full[key] = full_at + interval_s
        if longest_s > 0:
            return longest_s
        for key, full_at in next_full.items():
            if key != share or share_wait_s <= 0:
                self._local[key] = full_at
        return -1 if share_wait_s > 0 else 0


def _key(limit: Limit, subject: str) -> str:
    return f"limit:{{{subject}}}:{limit.name}"
