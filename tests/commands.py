"""`aisle` as an operator runs it: a process of its own, with an environment of its own.

The processes are forked from one that has imported the product already: an import costs a second or more of CPU, a fork
a few milliseconds. Nothing else is shared, so a command cannot see what another one did.
"""

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

TIMEOUT_S = 120.0
OURS = ("AISLE_", "OPENAI_", "STRIPE_", "SHOPIFY_")
"""Beginnings of the names of variables that the product reads."""

Completed = subprocess.CompletedProcess[str]

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["server.cli", "server.commands.context", "server.commands.serve", "server.worker"])


def environment_with(settings: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with these settings of the product and no others."""
    return {name: value for name, value in os.environ.items() if not name.startswith(OURS)} | dict(settings)


def run_aisle(
    arguments: Sequence[str], settings: Mapping[str, str], *, stdin: str = "", timeout_s: float = TIMEOUT_S
) -> Completed:
    """Run a command to its end. Raises TimeoutExpired after `timeout_s` seconds, with the process killed."""
    with tempfile.TemporaryDirectory() as folder:
        streams = Path(folder)
        (streams / "stdin").write_text(stdin)
        process = _context.Process(target=_run, args=(list(arguments), environment_with(settings), folder, os.getcwd()))
        process.start()
        process.join(timeout_s)
        if process.is_alive():
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(["aisle", *arguments], timeout_s)
        code = process.exitcode
        assert code is not None
        output, errors = ((streams / name).read_text() for name in ("stdout", "stderr"))
    return Completed(["aisle", *arguments], code, output, errors)


def _run(arguments: list[str], environment: dict[str, str], streams: str, folder: str) -> None:
    """What the forked process does: becomes the command, and ends as it ends."""
    from server.cli import main

    for number, name in enumerate(("stdin", "stdout", "stderr")):
        os.dup2(os.open(f"{streams}/{name}", os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT), number)
    sys.stdin = os.fdopen(0, "r", closefd=False)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", closefd=False)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    main(arguments, prog_name="aisle")
