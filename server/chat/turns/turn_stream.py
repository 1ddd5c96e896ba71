"""The streams of the turns that this process runs: published by the turn, read by any number of responses.

A turn runs by itself; HTTP responses only read its stream. `stream_store.py` holds a copy of each stream in Redis, from
which other processes serve it.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from uuid import UUID

from server.chat.stream_frames import PING_FRAME

PING_AFTER_S = 10.0


class TurnStream:
    """The frames of one running turn, and the shopper's request to stop it."""

    def __init__(self, shop_id: UUID, conversation_id: UUID, turn_id: UUID) -> None:
        self.shop_id, self.conversation_id, self.turn_id = shop_id, conversation_id, turn_id
        self.stop_requested: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the shopper has asked to stop the answer."""
        self.lease_renewed_at = time.monotonic()
        self.has_ended = False
        self.frames: list[bytes] = []
        """All that readers may see."""
        self.stored_entries = 0
        """How many entries of its copy in Redis hold all frames so far; see `stream_store`."""
        self._changed = asyncio.Event()

    def request_stop(self) -> None:
        """Ask for an early end of the answer; a second request changes nothing."""
        if not self.stop_requested.done():
            self.stop_requested.set_result(None)

    def publish(self, frames: list[bytes]) -> None:
        """Append frames and wake the readers."""
        self.frames += frames
        self._notify()

    def end(self) -> None:
        """End the stream: readers return once they have read every frame."""
        self.has_ended = True
        self._notify()

    async def read(self, start: int = 0) -> AsyncIterator[bytes]:
        """The frames from index `start` to the end, joined into as few chunks as possible; PING_FRAME after every
        PING_AFTER_S without a frame."""
        position = start
        while True:
            if position < len(self.frames):
                chunk, position = b"".join(self.frames[position:]), len(self.frames)
                yield chunk
            elif self.has_ended:
                return
            else:
                changed = self._changed
                try:
                    async with asyncio.timeout(PING_AFTER_S):
                        await changed.wait()
                except TimeoutError:
                    yield PING_FRAME

    def _notify(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


class RunningTurns:
    """The streams of the turns that this process runs, by conversation, and the tasks that write them."""

    def __init__(self) -> None:
        self._streams: dict[tuple[UUID, UUID], TurnStream] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, stream: TurnStream) -> None:
        """Add the stream of a turn that starts."""
        self._streams[stream.shop_id, stream.conversation_id] = stream

    def remove(self, stream: TurnStream) -> None:
        """Remove the stream of a turn that has ended, unless a newer turn of its conversation took its place."""
        if self._streams.get((stream.shop_id, stream.conversation_id)) is stream:
            del self._streams[stream.shop_id, stream.conversation_id]

    def find(self, shop_id: UUID, conversation_id: UUID) -> TurnStream | None:
        """The stream of the conversation's running turn; None where this process does not run it."""
        return self._streams.get((shop_id, conversation_id))

    def list_all(self) -> list[TurnStream]:
        """The streams of all running turns."""
        return list(self._streams.values())

    def track(self, task: asyncio.Task[None]) -> None:
        """Keep a task alive until it is done, and let `drain` wait for it."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def drain(self, timeout_s: float) -> None:
        """Wait at most `timeout_s` for running turns to end, when the process shuts down."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=timeout_s)
