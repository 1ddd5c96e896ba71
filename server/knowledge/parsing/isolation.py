"""Parses files in child processes that can be killed: a file can crash its own child and nothing else."""

import asyncio

import msgspec

from server.core.child_process import ChildTimedOut, ForkServer, ResultTooLarge

from .documents import MAX_FILE_BYTES, FileAbout, Parsed, Refused, SplitDocument, UnreadableFile

WALL_TIME_S = 10.0
MAX_RESULT_BYTES = 40 * 2**20
AT_ONCE = 2
"""Files parsed at once in one process: a small machine has as many processors, and a child may take half a gigabyte."""

_decoder: msgspec.msgpack.Decoder[Parsed | Refused] = msgspec.msgpack.Decoder(Parsed | Refused)


class DocumentParser:
    """Reads files of all shops, AT_ONCE at a time, each in a fork that sees no other file (see `core.fork_server`)."""

    def __init__(self) -> None:
        self._server = ForkServer("server.knowledge.parsing.child")
        self._places = asyncio.Semaphore(AT_ONCE)

    async def parse(
        self,
        data: bytes,
        name: str,
        *,
        title: str | None = None,
        url: str | None = None,
        wall_time_s: float = WALL_TIME_S,
    ) -> tuple[SplitDocument, ...]:
        """The documents of a file, cut into passages; `title` stands in for theirs, `url` where they have none. Memory,
        CPU and wall time are bounded. Raises UnreadableFile, also when the child died of the file, and Unavailable."""
        if len(data) > MAX_FILE_BYTES:
            raise UnreadableFile(f"the file is larger than {MAX_FILE_BYTES // 2**20} MB; split it")
        plain_name = name.replace("\0", "")[-255:].encode("utf-8", "replace").decode()
        about = msgspec.json.encode(FileAbout(plain_name, title, url)).decode()
        try:
            async with self._places:
                result = await self._server.run(about, data, wall_time_s=wall_time_s, max_result_bytes=MAX_RESULT_BYTES)
        except ChildTimedOut:
            raise UnreadableFile(
                f"reading the file took longer than {wall_time_s:g} s or too much processor time; split it"
            ) from None
        except ResultTooLarge:
            raise UnreadableFile("the file has more text than can be stored; split it") from None
        return _outcome(result)

    async def close(self) -> None:
        """End the process that the children are forked from."""
        await self._server.close()


def _outcome(result: bytes) -> tuple[SplitDocument, ...]:
    try:
        outcome = _decoder.decode(result)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise UnreadableFile("the file could not be read safely; it is damaged or needs too much memory") from error
    if isinstance(outcome, Refused):
        raise UnreadableFile(outcome.reason)
    return outcome.documents
