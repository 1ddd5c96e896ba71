"""Who is there at this moment: staff at the console, the shopper in the chat, and who is typing.

All of it is in Redis, for seconds. While Redis is away nobody is seen; the shop's hours still say whether staff are on
duty.
"""

from contextlib import suppress
from uuid import UUID

from msgspec import Struct
from redis.asyncio import Redis
from redis.exceptions import RedisError

TYPING_EXPIRES_S = 6
STAFF_EXPIRES_S = 120
SHOPPER_EXPIRES_S = 40
"""Longer than the pause between two polls of a chat in a hidden tab."""
MAX_NAME = 80


class Seen(Struct, frozen=True, kw_only=True):
    """Who is there in one conversation."""

    staff_active: bool = False
    """Somebody of the shop's staff used the console in the last STAFF_EXPIRES_S."""
    staff_typing: str | None = None
    """The name of whoever of staff is typing, as the shopper may read it."""
    shopper_typing: bool = False


class Presence:
    """Records who is there. Every method does nothing while Redis is away."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def record_staff(self, shop_id: UUID) -> None:
        """Record that somebody who may reply is at the console."""
        with suppress(RedisError, OSError):
            await self._redis.set(_staff_key(shop_id), b"1", ex=STAFF_EXPIRES_S)

    async def record_shopper(self, shop_id: UUID, conversation_id: UUID) -> None:
        """Record that the shopper has the conversation open."""
        with suppress(RedisError, OSError):
            await self._redis.set(_shopper_key(shop_id, conversation_id), b"1", ex=SHOPPER_EXPIRES_S)

    async def is_shopper_here(self, shop_id: UUID, conversation_id: UUID) -> bool:
        """Whether the shopper had the conversation open lately. False while Redis is away: an unneeded mail is better
        than a reply that nobody reads."""
        with suppress(RedisError, OSError):
            return bool(await self._redis.exists(_shopper_key(shop_id, conversation_id)))
        return False

    async def record_staff_typing(self, shop_id: UUID, conversation_id: UUID, name: str) -> None:
        """Record that staff of this name are writing to the shopper."""
        with suppress(RedisError, OSError):
            await self._redis.set(_typing_key(shop_id, conversation_id, "staff"), name[:MAX_NAME], ex=TYPING_EXPIRES_S)

    async def record_shopper_typing(self, shop_id: UUID, conversation_id: UUID) -> None:
        """Record that the shopper is writing."""
        with suppress(RedisError, OSError):
            await self._redis.set(_typing_key(shop_id, conversation_id, "shopper"), b"1", ex=TYPING_EXPIRES_S)

    async def clear_typing(self, shop_id: UUID, conversation_id: UUID) -> None:
        """Record that nobody is typing any more: what was being written has been sent."""
        with suppress(RedisError, OSError):
            await self._redis.delete(*(_typing_key(shop_id, conversation_id, who) for who in ("staff", "shopper")))

    async def fetch(self, shop_id: UUID, conversation_id: UUID) -> Seen:
        """Who is there, in one round trip; nobody while Redis is away."""
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


def _shopper_key(shop_id: UUID, conversation_id: UUID) -> str:
    return f"here:{{{shop_id}}}:{conversation_id}"


def _typing_key(shop_id: UUID, conversation_id: UUID, who: str) -> str:
    return f"typing:{{{shop_id}}}:{conversation_id}:{who}"
