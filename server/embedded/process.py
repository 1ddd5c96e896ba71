"""Server processes: started so that they end with the process that started them, and found again if they did not."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

from server.embedded.account import Account, preparation
from server.embedded.errors import EmbeddedError

LEFTOVER_TIMEOUT_S = 15.0
MAX_LOG_BYTES = 5 * 1024 * 1024


def spawn(
    command: list[str], *, account: Account | None, log: Path, stdin: str, last_signal: int
) -> subprocess.Popen[bytes]:
    """Start `command` as `account` with `stdin` as its input. The kernel sends it `last_signal` when this process ends.

    Only for a process with one thread, because the child runs Python between fork and exec.
    """
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
            child.wait()  # it ended before reading: its log says why
    return child


def stop_child(child: subprocess.Popen[bytes], signals: Iterable[tuple[int, float]]) -> None:
    """Send each signal in turn and wait the seconds beside it, until the child has ended; SIGKILL comes last."""
    for number, timeout_s in signals:
        if child.poll() is not None:
            return
        child.send_signal(number)
        try:
            child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            continue
    child.kill()
    child.wait()


def clear_leftovers(folder: Path) -> None:
    """Wait for the end of processes whose working folder is `folder`, and kill them if they take too long.

    They are a server that outlived its supervisor, or its child processes. The kernel signalled them when the
    supervisor ended, so they may be stopping already. They are found by their working folder, because the pid in a pid
    file may be another program's by now. Raises EmbeddedError when they do not end.
    """
    if _have_ended_within(folder, LEFTOVER_TIMEOUT_S):
        return
    for pid in _working_in(folder):
        _kill(pid)
    if not _have_ended_within(folder, LEFTOVER_TIMEOUT_S):
        raise EmbeddedError(f"the processes {_working_in(folder)} of an earlier run use {folder} and do not end")


def rotate(log: Path) -> None:
    """Move a log of more than MAX_LOG_BYTES to `.log.1`, in place of the one before."""
    if log.exists() and log.stat().st_size > MAX_LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))


def find_failure_reason(log: Path, since: int) -> str:
    """The last line after byte `since` that names an error; without one, the last line that is not empty."""
    with log.open("rb") as file:
        file.seek(since)
        lines = [line.strip() for line in file.read().decode(errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if re.search(r"fatal|panic|error|can't|could not", line, re.I)]
    return (errors or lines or ["it left no message"])[-1]


def _working_in(folder: Path) -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and _cwd(entry) == str(folder)]


def _cwd(entry: Path) -> str:
    try:
        return os.readlink(entry / "cwd")
    except OSError:
        return ""


def _have_ended_within(folder: Path, timeout_s: float) -> bool:
    deadline = time.monotonic() + timeout_s
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
