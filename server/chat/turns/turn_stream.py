"""Turns that are being answered: written ahead to Redis, then read by whoever listens.

The answer runs on its own; HTTP responses only read. Each batch of frames goes to a Redis stream before any client
sees it, so after a crash the text a shopper was shown can still be saved, and another process can go on serving it.
Without Redis the frames are served from this process's memory alone.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

from redis.asyncio import Redis
from redis.exceptions import RedisError

from server.chat.events import PING_FRAME, event_id
from server.core.errors import Unavailable
from server.core.ids import new_id

HEARTBEAT_S = 10.0
JOURNAL_LIVES_S = 600
POLL_S = 0.1
"""How often a reader in another process looks for news."""
REDIS_PAUSE_S = 5.0
MAX_SILENCE_S = 120.0
"""After this long without news from a turn elsewhere its process is thought dead."""
MAX_ABSENCE_S = 2 * REDIS_PAUSE_S
"""A turn that Redis has known nothing of for so long does not come back."""
NOT_WHOLE = -(2**31)

FORGOTTEN = -1

# One round trip for a batch. KEYS: the stream, the wish to stop, the wish to be forgotten. ARGV: turn, first index,
# frames, end, seconds kept, the turn in hex. A turn older than the wish writes nothing any more and is to stop: ids
# are ordered in time, and the wish is one.
_APPEND = """
local forgotten_at = redis.call('GET', KEYS[3])
if forgotten_at and forgotten_at > ARGV[6] then return {-1, 1} end
if ARGV[2] == '0' then redis.call('DEL', KEYS[1], KEYS[2]) end
redis.call('XADD', KEYS[1], '*', 't', ARGV[1], 'n', ARGV[2], 'f', ARGV[3], 'e', ARGV[4])
if ARGV[2] == '0' or ARGV[4] == '1' then redis.call('EXPIRE', KEYS[1], ARGV[5]) end
return {redis.call('XLEN', KEYS[1]), redis.call('EXISTS', KEYS[2])}
"""


class LiveTurn:
    """One running turn of this process: its frames, and the wish to stop it."""

    def __init__(self, shop_id: UUID, conversation_id: UUID, turn_id: UUID) -> None:
        self.shop_id, self.conversation_id, self.turn_id = shop_id, conversation_id, turn_id
        self.stopping: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the shopper has asked to stop."""
        self.renewed = time.monotonic()
        """When its lease was taken or renewed."""
        self.ended = False
        self.journal_entries = 0
        """How many entries of the journal hold it; NOT_WHOLE when some may be missing there."""
        self._frames: list[bytes] = []
        self._news = asyncio.Event()

    @property
    def frames(self) -> list[bytes]:
        """All that readers may see."""
        return self._frames

    def request_stop(self) -> None:
        """Let the answer end early."""
        if not self.stopping.done():
            self.stopping.set_result(None)

    def publish(self, frames: list[bytes]) -> None:
        """Let readers see these frames."""
        self._frames += frames
        self._wake()

    def end(self) -> None:
        """No frame follows."""
        self.ended = True
        self._wake()

    async def read(self, start: int = 0) -> AsyncIterator[bytes]:
        """Frames from index `start` until the end, as few chunks as possible; a comment when nothing happens."""
        position = start
        while True:
            if position < len(self._frames):
                chunk, position = b"".join(self._frames[position:]), len(self._frames)
                yield chunk
            elif self.ended:
                return
            else:
                news = self._news
                try:
                    async with asyncio.timeout(HEARTBEAT_S):
                        await news.wait()
                except TimeoutError:
                    yield PING_FRAME

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()


class TurnJournal:
    """The Redis side: one stream per conversation, holding its latest turn."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._append: Any = redis.register_script(_APPEND)
        self._away_until = 0.0

    async def append(self, turn: LiveTurn, first: int, frames: list[bytes], *, end: bool) -> bool:
        """Write frames ahead; whether somebody asked to stop. Quietly does nothing while Redis is away.

        An emptied Redis, or one that came back with less than it had, gets the whole turn again.
        """
        if time.monotonic() < self._away_until:
            turn.journal_entries = NOT_WHOLE
            return False
        keys = [
            _key(turn.shop_id, turn.conversation_id),
            _stop_key(turn.shop_id, turn.turn_id),
            _forgotten_key(turn.shop_id, turn.conversation_id),
        ]
        try:
            args = [*_entry(turn.turn_id, first, frames, end).values(), JOURNAL_LIVES_S, turn.turn_id.hex]
            entries, is_stop_wanted = await self._append(keys=keys, args=args)
            if entries == FORGOTTEN:
                return True
            turn.journal_entries += 1
            if entries != turn.journal_entries:
                await self._write_whole(turn, frames, end)
            return bool(is_stop_wanted)
        except (RedisError, OSError):
            self._away_until = time.monotonic() + REDIS_PAUSE_S
            turn.journal_entries = NOT_WHOLE
            return False

    async def end(self, shop_id: UUID, conversation_id: UUID, turn_id: UUID, first: int, frames: list[bytes]) -> None:
        """End a turn whose process was lost. Quietly does nothing while Redis is away."""
        key = _key(shop_id, conversation_id)
        with suppress(RedisError, OSError):
            await self._redis.xadd(key, _entry(turn_id, first, frames, True))
            await self._redis.expire(key, JOURNAL_LIVES_S)

    async def forget(self, shop_id: UUID, conversation_id: UUID) -> None:
        """Take a conversation's turn out of Redis and keep a running one from writing more; where Redis is away it
        goes by itself within minutes."""
        with suppress(RedisError, OSError):
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.set(_forgotten_key(shop_id, conversation_id), new_id().hex, ex=JOURNAL_LIVES_S)
                pipe.delete(_key(shop_id, conversation_id))
                await pipe.execute()

    async def _write_whole(self, turn: LiveTurn, newest: list[bytes], end: bool) -> None:
        key = _key(turn.shop_id, turn.conversation_id)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.delete(key)
            pipe.xadd(key, _entry(turn.turn_id, 0, turn.frames + newest, end))
            pipe.expire(key, JOURNAL_LIVES_S)
            await pipe.execute()
        turn.journal_entries = 1

    async def stops_requested(self, turns: Sequence[LiveTurn]) -> list[LiveTurn]:
        """Those of these turns that another process was asked to stop; none while Redis is away."""
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                for turn in turns:
                    pipe.exists(_stop_key(turn.shop_id, turn.turn_id))
                wanted = await pipe.execute()
        except (RedisError, OSError):
            return []
        return [turn for turn, is_wanted in zip(turns, wanted, strict=True) if is_wanted]

    async def request_stop(self, shop_id: UUID, turn_id: UUID) -> None:
        """Ask whichever process runs the turn to end it. Raises Unavailable."""
        try:
            await self._redis.set(_stop_key(shop_id, turn_id), b"1", ex=JOURNAL_LIVES_S)
        except (RedisError, OSError):
            raise Unavailable("The answer cannot be stopped right now; it will end by itself.") from None

    async def frames(self, shop_id: UUID, conversation_id: UUID) -> tuple[UUID | None, list[bytes], bool]:
        """(turn, its frames so far, whether it has ended); (None, [], True) when nothing is known."""
        try:
            entries = await self._redis.xrange(_key(shop_id, conversation_id))
        except (RedisError, OSError):
            return None, [], True
        if not entries or int(entries[0][1][b"n"]):  # none, or the beginning is missing until it is written again
            return None, [], True
        frames = [frame for _, fields in entries for frame in split_frames(fields[b"f"])]
        last = entries[-1][1]
        return UUID(bytes=last[b"t"]), frames, last[b"e"] == b"1"

    async def follow(self, shop_id: UUID, conversation_id: UUID, turn_id: UUID, start: int) -> AsyncIterator[bytes]:
        """Like `LiveTurn.read`, of a turn another process runs; ends when that process falls silent."""
        position, heard = start, time.monotonic()
        pinged = heard
        while time.monotonic() - heard < MAX_SILENCE_S:
            found, frames, ended = await self.frames(shop_id, conversation_id)
            if found != turn_id:
                if (found and found > turn_id) or time.monotonic() - heard > MAX_ABSENCE_S:
                    return
                frames, ended = [], False  # Redis was emptied or is away: the turn is written there again
            if position < len(frames):
                yield b"".join(frames[position:])
                position, heard = len(frames), time.monotonic()
            if ended:
                return
            if time.monotonic() - max(heard, pinged) > HEARTBEAT_S:
                pinged = time.monotonic()
                yield PING_FRAME
            await asyncio.sleep(POLL_S)


class LiveTurns:
    """The turns of this process, by conversation."""

    def __init__(self) -> None:
        self._turns: dict[tuple[UUID, UUID], LiveTurn] = {}
        self.tasks: set[asyncio.Task[None]] = set()

    def add(self, turn: LiveTurn) -> None:
        """From now on found by `find`."""
        self._turns[turn.shop_id, turn.conversation_id] = turn

    def remove(self, turn: LiveTurn) -> None:
        """Forget it, unless a newer turn took its place."""
        if self._turns.get((turn.shop_id, turn.conversation_id)) is turn:
            del self._turns[turn.shop_id, turn.conversation_id]

    def find(self, shop_id: UUID, conversation_id: UUID) -> LiveTurn | None:
        """The conversation's running turn, when this process runs it."""
        return self._turns.get((shop_id, conversation_id))

    def running(self) -> list[LiveTurn]:
        """All of them."""
        return list(self._turns.values())

    async def drain(self, timeout_s: float) -> None:
        """Wait for running turns to end (shutdown)."""
        if self.tasks:
            await asyncio.wait(self.tasks, timeout=timeout_s)


def split_frames(data: bytes) -> list[bytes]:
    """Frames joined end to end, apart again: JSON holds no blank line."""
    return [frame + b"\n\n" for frame in data.split(b"\n\n") if frame]


def next_index(turn_id: UUID, last_event_id: tuple[UUID, int] | None) -> int:
    """Where to go on: after the event the client has, or from the start when it has none of this turn."""
    return last_event_id[1] + 1 if last_event_id and last_event_id[0] == turn_id else 0


def _entry(turn_id: UUID, first: int, frames: list[bytes], end: bool) -> dict[Any, Any]:
    return {"t": turn_id.bytes, "n": first, "f": b"".join(frames), "e": int(end)}


def _key(shop_id: UUID, conversation_id: UUID) -> str:
    return f"turn:{{{shop_id}}}:{conversation_id}"


def _stop_key(shop_id: UUID, turn_id: UUID) -> str:
    return f"stop:{{{shop_id}}}:{turn_id}"


def _forgotten_key(shop_id: UUID, conversation_id: UUID) -> str:
    return f"forgotten:{{{shop_id}}}:{conversation_id}"


__all__ = ["LiveTurn", "LiveTurns", "TurnJournal", "event_id", "next_index", "split_frames"]
