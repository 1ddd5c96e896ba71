"""Copies of turn streams in Redis, written ahead of their readers.

Each batch of frames is stored before a client sees it. So after a crash the text that a shopper was shown can still be
saved, and any process can serve the stream. While Redis is away frames are served from the memory of one process alone.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from uuid import UUID

from msgspec import Struct
from redis.asyncio import Redis
from redis.exceptions import RedisError
from redis.typing import EncodableT, FieldT

from server.chat.stream_frames import PING_FRAME
from server.chat.turns.turn_stream import PING_AFTER_S, TurnStream
from server.core.errors import Unavailable
from server.core.ids import new_id

STREAM_EXPIRES_S = 600
POLL_S = 0.1
"""How often a reader in another process looks for new frames."""
REDIS_PAUSE_S = 5.0
"""How long nothing is stored after Redis has failed."""
MAX_SILENCE_S = 120.0
"""After this long without a frame of a turn elsewhere, its process is believed dead."""
MAX_ABSENCE_S = 2 * REDIS_PAUSE_S
"""After this long a stream that Redis does not have is not written there again."""
INCOMPLETE = -(2**31)
"""`TurnStream.stored_entries` where Redis may lack some frames: the next append stores the whole stream."""
ERASED = -1

# One round trip for a batch. KEYS: the stream, the request to stop, the conversation's erasure. ARGV: turn, index of
# the first frame, frames, whether they are the last, seconds until expiry, the turn in hex. A turn that began before
# its conversation was erased stores nothing any more and has to stop: ids are ordered in time, and the value of the
# erasure is one.
_APPEND = """
local erased_at = redis.call('GET', KEYS[3])
if erased_at and erased_at > ARGV[6] then return {-1, 1} end
if ARGV[2] == '0' then redis.call('DEL', KEYS[1], KEYS[2]) end
redis.call('XADD', KEYS[1], '*', 't', ARGV[1], 'n', ARGV[2], 'f', ARGV[3], 'e', ARGV[4])
if ARGV[2] == '0' or ARGV[4] == '1' then redis.call('EXPIRE', KEYS[1], ARGV[5]) end
return {redis.call('XLEN', KEYS[1]), redis.call('EXISTS', KEYS[2])}
"""


class StoredStream(Struct, frozen=True):
    """The frames of a conversation's latest turn so far."""

    turn_id: UUID
    frames: list[bytes]
    has_ended: bool


class StreamStore:
    """One Redis stream for each conversation, which holds its latest turn for STREAM_EXPIRES_S."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._append = redis.register_script(_APPEND)
        self._away_until = 0.0

    async def append(self, stream: TurnStream, frames: list[bytes], *, is_last: bool) -> bool:
        """Store frames that come after those of the stream; whether the turn has to stop.

        A Redis that was emptied, or that came back with less than it had, is given the whole stream again. Nothing is
        stored while Redis is away.
        """
        if time.monotonic() < self._away_until:
            stream.stored_entries = INCOMPLETE
            return False
        shop_id, conversation_id, turn_id = stream.shop_id, stream.conversation_id, stream.turn_id
        key = _stream_key(shop_id, conversation_id)
        try:
            entries, must_stop = await self._append(
                keys=[key, _stop_key(shop_id, turn_id), _erasure_key(shop_id, conversation_id)],
                args=[*_entry(turn_id, len(stream.frames), frames, is_last).values(), STREAM_EXPIRES_S, turn_id.hex],
            )
            if entries == ERASED:
                return True
            stream.stored_entries += 1
            if entries != stream.stored_entries:
                async with self._redis.pipeline(transaction=True) as pipe:
                    pipe.delete(key)
                    pipe.xadd(key, _entry(turn_id, 0, stream.frames + frames, is_last))
                    pipe.expire(key, STREAM_EXPIRES_S)
                    await pipe.execute()
                stream.stored_entries = 1
            return bool(must_stop)
        except (RedisError, OSError):
            self._away_until = time.monotonic() + REDIS_PAUSE_S
            stream.stored_entries = INCOMPLETE
            return False

    async def append_end(
        self, shop_id: UUID, conversation_id: UUID, turn_id: UUID, first: int, frames: list[bytes]
    ) -> None:
        """Store the last frames of a turn whose process is gone; `first` is the index of the first one. Nothing is
        stored while Redis is away."""
        key = _stream_key(shop_id, conversation_id)
        with suppress(RedisError, OSError):
            await self._redis.xadd(key, _entry(turn_id, first, frames, True))
            await self._redis.expire(key, STREAM_EXPIRES_S)

    async def erase(self, shop_id: UUID, conversation_id: UUID) -> None:
        """Delete a conversation's stream and stop a running turn from storing more. While Redis is away nothing is
        deleted; the stream then expires within STREAM_EXPIRES_S."""
        with suppress(RedisError, OSError):
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.set(_erasure_key(shop_id, conversation_id), new_id().hex, ex=STREAM_EXPIRES_S)
                pipe.delete(_stream_key(shop_id, conversation_id))
                await pipe.execute()

    async def list_stop_requested(self, streams: Sequence[TurnStream]) -> list[TurnStream]:
        """Those of these streams that a shopper asked another process to stop; none while Redis is away."""
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                for stream in streams:
                    pipe.exists(_stop_key(stream.shop_id, stream.turn_id))
                requested = await pipe.execute()
        except (RedisError, OSError):
            return []
        return [stream for stream, is_requested in zip(streams, requested, strict=True) if is_requested]

    async def request_stop(self, shop_id: UUID, turn_id: UUID) -> None:
        """Ask the process that runs a turn to end it, whichever it is. Raises Unavailable."""
        try:
            await self._redis.set(_stop_key(shop_id, turn_id), b"1", ex=STREAM_EXPIRES_S)
        except (RedisError, OSError):
            raise Unavailable("The answer cannot be stopped right now; it will end by itself.") from None

    async def find(self, shop_id: UUID, conversation_id: UUID) -> StoredStream | None:
        """The latest stream of a conversation; None while Redis does not have it from its beginning, or is away."""
        try:
            entries = await self._redis.xrange(_stream_key(shop_id, conversation_id))
        except (RedisError, OSError):
            return None
        if not entries or int(entries[0][1][b"n"]):
            return None
        last = entries[-1][1]
        return StoredStream(
            turn_id=UUID(bytes=last[b"t"]),
            # frames are joined end to end in an entry and can be split again, because JSON has no blank line
            frames=[frame + b"\n\n" for _, fields in entries for frame in fields[b"f"].split(b"\n\n") if frame],
            has_ended=last[b"e"] == b"1",
        )

    async def read(self, shop_id: UUID, conversation_id: UUID, turn_id: UUID, start: int) -> AsyncIterator[bytes]:
        """Like `TurnStream.read`, for a turn of another process. Ends early when no frame comes for MAX_SILENCE_S."""
        position, heard_at = start, time.monotonic()
        pinged_at = heard_at
        while time.monotonic() - heard_at < MAX_SILENCE_S:
            stored = await self.find(shop_id, conversation_id)
            if stored is None or stored.turn_id != turn_id:
                is_replaced = stored is not None and stored.turn_id > turn_id
                if is_replaced or time.monotonic() - heard_at > MAX_ABSENCE_S:
                    return
                stored = None  # Redis was emptied or is away: the turn's process stores the stream again
            if stored and position < len(stored.frames):
                yield b"".join(stored.frames[position:])
                position, heard_at = len(stored.frames), time.monotonic()
            if stored and stored.has_ended:
                return
            if time.monotonic() - max(heard_at, pinged_at) > PING_AFTER_S:
                pinged_at = time.monotonic()
                yield PING_FRAME
            await asyncio.sleep(POLL_S)


def _entry(turn_id: UUID, first: int, frames: list[bytes], is_last: bool) -> dict[FieldT, EncodableT]:
    return {"t": turn_id.bytes, "n": first, "f": b"".join(frames), "e": int(is_last)}


def _stream_key(shop_id: UUID, conversation_id: UUID) -> str:
    return f"turn:{{{shop_id}}}:{conversation_id}"


def _stop_key(shop_id: UUID, turn_id: UUID) -> str:
    return f"stop:{{{shop_id}}}:{turn_id}"


def _erasure_key(shop_id: UUID, conversation_id: UUID) -> str:
    return f"forgotten:{{{shop_id}}}:{conversation_id}"
