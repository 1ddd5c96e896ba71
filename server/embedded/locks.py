"""Advisory file locks: the kernel releases them when the process that has them ends, however it ends."""

import fcntl
import os
import time
from pathlib import Path
from typing import Self

from server.embedded.errors import EmbeddedError


class FileLock:
    """One open handle on a lock file. Two handles exclude each other, also within one process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError as error:
            raise EmbeddedError(f"{path.parent} was deleted while in use: start Aisle again") from error
        except PermissionError as error:
            raise EmbeddedError(
                f"{path} belongs to another user: run as that user or choose another data dir (AISLE_DATA_DIR)"
            ) from error

    def try_shared(self) -> bool:
        return self._try(fcntl.LOCK_SH)

    def try_exclusive(self) -> bool:
        return self._try(fcntl.LOCK_EX)

    def wait_shared(self, timeout_s: float) -> bool:
        return self._wait(fcntl.LOCK_SH, timeout_s)

    def wait_exclusive(self, timeout_s: float) -> bool:
        return self._wait(fcntl.LOCK_EX, timeout_s)

    def is_on_disk(self) -> bool:
        """False once the file was deleted or replaced since this lock was opened."""
        try:
            return os.path.samestat(os.stat(self._path), os.fstat(self._fd))
        except FileNotFoundError:
            return False

    def release(self) -> None:
        fcntl.flock(self._fd, fcntl.LOCK_UN)

    def close(self) -> None:
        os.close(self._fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _try(self, kind: int) -> bool:
        try:
            fcntl.flock(self._fd, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _wait(self, kind: int, timeout_s: float) -> bool:
        deadline = time.monotonic() + timeout_s
        while not self._try(kind):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True


def is_held(path: Path) -> bool:
    """Whether a process has locked `path` exclusively."""
    if not path.exists():
        return False
    with FileLock(path) as probe:
        return not probe.try_shared()
