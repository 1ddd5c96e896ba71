"""The data dir as commands need it: writable, and the home of one demo at a time. Light to import."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

from server.core.errors import ConfigurationError, Conflict
from server.embedded import EmbeddedError
from server.embedded.locks import FileLock

LOCK_FILE = "demo.lock"


def require_writable(folder: Path, named_by: str) -> None:
    """Make the folder if need be and write into it. Raises ConfigurationError with the option or setting's name."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder) as probe:
            probe.write(b"\0")
    except OSError as reason:
        raise unwritable(folder, named_by, reason) from None


def unwritable(folder: Path, named_by: str, reason: OSError) -> ConfigurationError:
    """What to tell an operator whose data dir cannot be used."""
    why = reason.strerror or type(reason).__name__
    return ConfigurationError(
        f"cannot write to the data folder {folder} (set by {named_by}): {why}; choose one this user can write to"
    )


@contextmanager
def only_demo(folder: Path, url: str) -> Iterator[None]:
    """Be the one demo of this data dir. Raises Conflict that names the running one, which stays as it is.

    The lock is the kernel's and ends with its holder, however that ends; the file tells others who holds it."""
    file = folder / LOCK_FILE
    try:
        lock = FileLock(file)
    except EmbeddedError as reason:
        raise ConfigurationError(str(reason)) from None
    with lock:
        if not lock.try_exclusive():
            raise Conflict(
                f"a demo already runs in {folder} ({_holder(file)}); stop it first or choose another --data-dir"
            )
        file.write_text(json.dumps({"pid": os.getpid(), "url": url}))
        yield


def _holder(file: Path) -> str:
    try:
        known = json.loads(file.read_text())
        return f"process {known['pid']}, {known['url']}"
    except (OSError, ValueError, KeyError, TypeError):  # it has only just begun
        return "starting"
