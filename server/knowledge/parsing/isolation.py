"""Parsing in a child process that can be killed: an upload may take down its own child and nothing else."""

import asyncio
from pathlib import Path

import msgspec

from server.core.child_process import ChildTooSlow, ChildTooTalkative, run_in_child

from .documents import MAX_FILE_BYTES, Parsed, ParsedDocument, Refused, UnreadableFile

WALL_TIME_S = 15.0
MAX_RESULT_BYTES = 40 * 2**20


_decoder: msgspec.msgpack.Decoder[Parsed | Refused] = msgspec.msgpack.Decoder(Parsed | Refused)


async def parse_in_child(
    source: Path | bytes, name: str, *, wall_time_s: float = WALL_TIME_S
) -> tuple[ParsedDocument, ...]:
    """`parse_document` in a process of its own, with bounded memory, CPU and wall time and no secrets in its
    environment. Raises UnreadableFile, also when the child died of the file."""
    data = source if isinstance(source, bytes) else await asyncio.to_thread(_read, source)
    if len(data) > MAX_FILE_BYTES:
        raise UnreadableFile(f"the file is larger than {MAX_FILE_BYTES // 2**20} MB; split it")
    plain_name = name.replace("\0", "")[-255:].encode("utf-8", "replace").decode()
    try:
        result = await run_in_child(
            "server.knowledge.parsing.child",
            (plain_name,),
            data,
            wall_time_s=wall_time_s,
            max_result_bytes=MAX_RESULT_BYTES,
        )
    except ChildTooSlow:
        raise UnreadableFile(
            f"reading the file took longer than {wall_time_s:g} s or too much processor time, so it was given up"
        ) from None
    except ChildTooTalkative:
        raise UnreadableFile("the file holds more text than can be kept; split it") from None
    return _outcome(result)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise UnreadableFile(f"the file cannot be opened: {error.strerror}") from error


def _outcome(result: bytes) -> tuple[ParsedDocument, ...]:
    try:
        outcome = _decoder.decode(result)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise UnreadableFile("the file could not be read safely; it is damaged or needs too much memory") from error
    if isinstance(outcome, Refused):
        raise UnreadableFile(outcome.reason)
    return outcome.documents
