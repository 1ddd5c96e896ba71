"""`aisle` as an operator runs it: a process of its own with settings of its own."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

from tests.commands import Completed, environment_with, run_aisle

STOP_TIMEOUT_S = 45


@pytest.fixture
def aisle(tmp_path: Path) -> Callable[..., Completed]:
    """Runs a command to its end; settings are given by name."""

    def run(*arguments: str, stdin: str = "", **settings: str) -> Completed:
        return run_aisle(arguments, {"AISLE_DATA_DIR": str(tmp_path / "data")} | settings, stdin=stdin)

    return run


@pytest.fixture
def started() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a command that goes on until it is told to stop."""
    processes: list[subprocess.Popen[str]] = []

    def start(*arguments: str, log: IO[str] | None = None, **settings: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "server.cli", *arguments],
            env=environment_with(settings),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.terminate()
        process.wait(STOP_TIMEOUT_S)
        if process.stdout:
            process.stdout.close()
