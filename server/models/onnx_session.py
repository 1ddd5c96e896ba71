"""Models that run through onnxruntime: built once, kept in the cache folder, opened for one calculation at a time."""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from server.models.protocol import ModelUnavailable


def open_session(cached: Path | None, build: Callable[[], bytes], threads: int) -> Any:
    """An onnxruntime session over the model in `cached`, which is built and stored when it is not there or damaged.

    `threads` is for one calculation. Without `cached` the model is built each time.
    """
    import onnxruntime  # a quarter of a second: only a process that embeds pays it

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.enable_mem_pattern = False  # every batch has its own shape: remembered plans would only take memory
    options.log_severity_level = 3
    # threads that wait for each other would burn what parsers and PostgreSQL need: with two on a busy machine a passage
    # took 15 ms of CPU instead of 10
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")

    def session(model: str | bytes) -> Any:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    if cached and cached.is_file():
        with contextlib.suppress(Exception):  # a damaged file: made again below
            return session(str(cached))
    model = build()
    if cached:
        store_file(cached, model)
    return session(model)


def require_published(file: Path, sha256: str, package: str) -> None:
    """Raise ModelUnavailable, with what to do, unless the file is there and the published one."""
    try:
        with file.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise ModelUnavailable(f"the embedder's weights cannot be read ({error.strerror}): run `make setup`") from error
    if digest != sha256:
        raise ModelUnavailable(f"the embedder's weights are not the published ones: reinstall {package}")


def store_file(path: Path, data: bytes | memoryview) -> None:
    """Store a file completely or not at all. On a full or read-only disk the next start takes longer."""
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, delete=False) as file:
            temporary = file.name
            file.write(data)
        os.chmod(temporary, 0o644)  # public weights; API and worker may be different users
        os.replace(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
