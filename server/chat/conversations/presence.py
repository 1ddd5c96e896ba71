"""Who is there at this moment: staff at the console, and who is typing. All of it in Redis, for seconds.

Without Redis nobody is seen: the shop's hours still say whether staff are on duty.
"""

from contextlib import suppress
from uuid import UUID

from msgspec import Struct
from redis.asyncio import Redis
from redis.exceptions import RedisError

TYPING_LIVES_S = 6
ACTIVE_LIVES_S = 120
HERE_LIVES_S = 40
"""Longer than a chat that is open in a hidden tab leaves between two looks."""
MAX_NAME = 80


class Seen(Struct, frozen=True, kw_only=True):
    """What there is to see of a conversation."""

    staff_active: bool = False
    """Somebody of the shop's staff used the console in the last ACTIVE_LIVES_S."""
    staff_typing: str | None = None
    """Their name, as the shopper may read it."""
    shopper_typing: bool = False


class Presence:
    """Notes and tells. Quietly does nothing while Redis is away."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def note_staff(self, shop_id: UUID) -> None:
        """Somebody who may answer is at the console."""
        with suppress(RedisError, OSError):
            await self._redis.set(_staff_key(shop_id), b"1", ex=ACTIVE_LIVES_S)

    async def note_shopper(self, shop_id: UUID, conversation_id: UUID) -> None:
        """The shopper has the conversation before them."""
        with suppress(RedisError, OSError):
            await self._redis.set(_here_key(shop_id, conversation_id), b"1", ex=HERE_LIVES_S)

    async def is_shopper_here(self, shop_id: UUID, conversation_id: UUID) -> bool:
        """Whether they had it lately. False while Redis is away: a mail too many is better than a reply unread."""
        with suppress(RedisError, OSError):
            return bool(await self._redis.exists(_here_key(shop_id, conversation_id)))
        return False

    async def note_staff_typing(self, shop_id: UUID, conversation_id: UUID, name: str) -> None:
        """Somebody of that name writes to the shopper."""
        with suppress(RedisError, OSError):
            await self._redis.set(_typing_key(shop_id, conversation_id, "staff"), name[:MAX_NAME], ex=TYPING_LIVES_S)

    async def note_shopper_typing(self, shop_id: UUID, conversation_id: UUID) -> None:
        """The shopper writes."""
        with suppress(RedisError, OSError):
            await self._redis.set(_typing_key(shop_id, conversation_id, "shopper"), b"1", ex=TYPING_LIVES_S)

    async def forget_typing(self, shop_id: UUID, conversation_id: UUID) -> None:
        """What was being typed has been sent."""
        with suppress(RedisError, OSError):
            await self._redis.delete(*(_typing_key(shop_id, conversation_id, who) for who in ("staff", "shopper")))

    async def see(self, shop_id: UUID, conversation_id: UUID) -> Seen:
        """One round trip."""
        keys = [_staff_key(shop_id), *(_typing_key(shop_id, conversation_id, who) for who in ("staff", "shopper"))]
        try:
            staff, name, shopper = await self._redis.mget(keys)
        except (RedisError, OSError):
            return Seen()
        return Seen(
            staff_active=staff is not None,
            staff_typing=None if name is None else name.decode("utf-8", "replace"),
            shopper_typing=shopper is not None,
        )


def _staff_key(shop_id: UUID) -> str:
    return f"staff:{{{shop_id}}}"


def _here_key(shop_id: UUID, conversation_id: UUID) -> str:
    return f"here:{{{shop_id}}}:{conversation_id}"


def _typing_key(shop_id: UUID, conversation_id: UUID, who: str) -> str:
    return f"typing:{{{shop_id}}}:{conversation_id}:{who}"
