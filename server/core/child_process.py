"""Work on bytes of a stranger's in a process of its own, which may take down itself and nothing else."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import server


class ChildTooSlow(Exception):
    """It took more than its wall time or its processor time, and was ended."""


class ChildTooTalkative(Exception):
    """It answered more bytes than were asked for, and was ended."""


async def run_in_child(
    module: str, arguments: Sequence[str], data: bytes, *, wall_time_s: float, max_result_bytes: int
) -> bytes:
    """What `python -m module arguments` writes for `data` on its stdin, with no secret in its environment; less than
    whole when it died. The child sets its own limits (see `child_limits`). Raises ChildTooSlow,
    ChildTooTalkative."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=child_environment(),
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(wall_time_s):
            result = await _talk(child, data, max_result_bytes)
            status = await child.wait()
    except TimeoutError:
        raise ChildTooSlow from None
    finally:
        await _end(child)
    if status == -signal.SIGXCPU:
        raise ChildTooSlow
    return result


def child_environment() -> dict[str, str]:
    """All that a child may know."""
    root = str(Path(server.__file__).parent.parent)
    return {"PYTHONPATH": root, "PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONHASHSEED": "0"}


async def _talk(child: asyncio.subprocess.Process, data: bytes, max_result_bytes: int) -> bytes:
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
        if len(result) > max_result_bytes:
            raise ChildTooTalkative
    return bytes(result)


async def _end(child: asyncio.subprocess.Process) -> None:
    """The child and all it may have started are gone when this returns."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    await asyncio.shield(child.wait())
