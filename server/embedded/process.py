"""Server processes: started so that they die with us, and found again when they did not."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

from server.embedded.account import Account, preparation
from server.embedded.errors import EmbeddedError

LEFTOVER_PATIENCE_S = 15.0
MAX_LOG_BYTES = 5 * 1024 * 1024


def spawn(
    command: list[str], *, account: Account | None, log: Path, stdin: str, last_signal: int
) -> subprocess.Popen[bytes]:
    """Starts `command` as `account` with `stdin` for its input; it gets `last_signal` should this process die.

    Only for a process with one thread: the child runs Python between fork and exec."""
    prepare = preparation(account, last_signal)

    def unblock_and_prepare() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        prepare()

    with log.open("ab") as output:
        child = subprocess.Popen(  # noqa: S603 - our own programs and paths
            command,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            cwd="/",
            start_new_session=True,
            preexec_fn=unblock_and_prepare,
        )
    if child.stdin:
        try:
            child.stdin.write(stdin.encode())
            child.stdin.close()
        except BrokenPipeError:
            child.wait()  # it died before reading: its log says why
    return child


def end(child: subprocess.Popen[bytes], signals: Iterable[tuple[int, float]]) -> None:
    """Sends each signal and waits its seconds, until the child is gone; SIGKILL is the last."""
    for number, patience_s in signals:
        if child.poll() is not None:
            return
        child.send_signal(number)
        try:
            child.wait(patience_s)
        except subprocess.TimeoutExpired:
            continue
    child.kill()
    child.wait()


def clear_leftovers(folder: Path) -> None:
    """Sees the end of processes whose working folder is `folder`: a server that outlived its keeper, or its parts.

    They were told to stop when the keeper died, so they get time first. The pid in a pid file proves nothing, it may
    be another program's by now; a working folder does. Raises EmbeddedError when they do not end."""
    if _gone_within(folder, LEFTOVER_PATIENCE_S):
        return
    for pid in _working_in(folder):
        _kill(pid)
    if not _gone_within(folder, LEFTOVER_PATIENCE_S):
        raise EmbeddedError(f"the processes {_working_in(folder)} of an earlier run use {folder} and do not end")


def shorten(log: Path) -> None:
    """Puts a log that has grown long aside, so that two files bound what it takes."""
    if log.exists() and log.stat().st_size > MAX_LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))


def last_complaint(log: Path, since: int) -> str:
    """The last line after byte `since` that reads like the reason of a failure, else the last line at all."""
    with log.open("rb") as file:
        file.seek(since)
        lines = [line.strip() for line in file.read().decode(errors="replace").splitlines() if line.strip()]
    complaints = [line for line in lines if re.search(r"fatal|panic|error|can't|could not", line, re.I)]
    return (complaints or lines or ["it left no message"])[-1]


def _working_in(folder: Path) -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and _cwd(entry) == str(folder)]


def _cwd(entry: Path) -> str:
    try:
        return os.readlink(entry / "cwd")
    except OSError:
        return ""


def _gone_within(folder: Path, patience_s: float) -> bool:
    deadline = time.monotonic() + patience_s
    while _working_in(folder):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
