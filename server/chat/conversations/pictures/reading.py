"""Encodes uploaded pictures anew, in child processes, a few at a time."""

import asyncio

import msgspec

from server.chat.conversations.pictures.models import MAX_BYTES, EncodedPicture, RefusedPicture, kind_of
from server.core.child_process import ChildTimedOut, ForkServer, ResultTooLarge
from server.core.errors import FieldError, Invalid, TooLarge, Unavailable, WrongType

AT_ONCE = 2
MAX_WAITING = 16
WALL_TIME_S = 10.0

_decoder: msgspec.msgpack.Decoder[EncodedPicture | RefusedPicture] = msgspec.msgpack.Decoder(
    EncodedPicture | RefusedPicture
)


class PictureReader:
    """Encodes at most AT_ONCE pictures at a time; while MAX_WAITING others wait, further ones are refused."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0
        self._server = ForkServer("server.chat.conversations.pictures.child")

    async def read(self, data: bytes) -> EncodedPicture:
        """The picture encoded anew. Raises WrongType, TooLarge, Invalid (damaged, or too many pixels), Unavailable."""
        if len(data) > MAX_BYTES:
            raise TooLarge(f"A picture may have up to {MAX_BYTES // 2**20} MB.")
        if kind_of(data) is None:
            raise WrongType("This is not a JPEG, PNG, WebP or GIF picture.")
        if self._waiting >= MAX_WAITING:
            raise Unavailable("Many pictures are being processed right now; please try again.", retry_after_s=3)
        self._waiting += 1
        try:
            async with self._places:
                outcome = await self._read_in_child(data)
        finally:
            self._waiting -= 1
        if isinstance(outcome, RefusedPicture):
            raise Invalid("This picture cannot be used.", errors=(FieldError("body", outcome.reason),))
        return outcome

    async def close(self) -> None:
        """End the process that the children are forked from."""
        await self._server.close()

    async def _read_in_child(self, data: bytes) -> EncodedPicture | RefusedPicture:
        try:
            result = await self._server.run("", data, wall_time_s=WALL_TIME_S, max_result_bytes=MAX_BYTES)
            return _decoder.decode(result)
        except ChildTimedOut:
            return RefusedPicture("takes too long to process; send a smaller one")
        except (ResultTooLarge, msgspec.DecodeError):  # the child died before or while it answered
            return RefusedPicture("is damaged or needs too much memory")
