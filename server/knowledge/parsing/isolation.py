"""Parsing in a child process that can be killed: an upload may take down its own child and nothing else."""

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path

import msgspec

import server

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
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "server.knowledge.parsing.child",
        name.replace("\0", "")[-255:].encode("utf-8", "replace").decode(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=_environment(),
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(wall_time_s):
            result = await _talk(child, data)
            status = await child.wait()
    except TimeoutError:
        raise UnreadableFile(f"reading the file took longer than {wall_time_s:g} s, so it was given up") from None
    finally:
        await _end(child)
    return _outcome(result, status)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise UnreadableFile(f"the file cannot be opened: {error.strerror}") from error


def _environment() -> dict[str, str]:
    root = str(Path(server.__file__).parent.parent)
    return {"PYTHONPATH": root, "PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONHASHSEED": "0"}


async def _talk(child: asyncio.subprocess.Process, data: bytes) -> bytes:
    assert child.stdin
    assert child.stdout
    # A child that dies early breaks the pipe; its exit status tells more than that.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        child.stdin.write(data)
        await child.stdin.drain()
    child.stdin.close()
    result = bytearray()
    while chunk := await child.stdout.read(2**16):
        result += chunk
        if len(result) > MAX_RESULT_BYTES:
            raise UnreadableFile("the file holds more text than can be kept; split it")
    return bytes(result)


async def _end(child: asyncio.subprocess.Process) -> None:
    """The child and all it may have started are gone when this returns."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    await asyncio.shield(child.wait())


def _outcome(result: bytes, status: int) -> tuple[ParsedDocument, ...]:
    if status == -signal.SIGXCPU:
        raise UnreadableFile("reading the file took too much processor time, so it was given up")
    try:
        outcome = _decoder.decode(result)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise UnreadableFile("the file could not be read safely; it is damaged or needs too much memory") from error
    if isinstance(outcome, Refused):
        raise UnreadableFile(outcome.reason)
    return outcome.documents
