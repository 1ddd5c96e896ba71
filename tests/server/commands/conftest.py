"""`aisle` as an operator runs it: a process of its own with settings of its own."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

TIMEOUT_S = 60
STOP_TIMEOUT_S = 45

Completed = subprocess.CompletedProcess[str]


def environment_with(settings: dict[str, str]) -> dict[str, str]:
    """This process's environment with these settings and no others."""
    foreign = {key: value for key, value in os.environ.items() if not key.startswith(("AISLE_", "OPENAI_"))}
    return foreign | settings


@pytest.fixture
def aisle(tmp_path: Path) -> Callable[..., Completed]:
    """Runs a command to its end; settings are given by name."""

    def run(*arguments: str, stdin: str = "", **settings: str) -> Completed:
        return subprocess.run(
            [sys.executable, "-m", "server.cli", *arguments],
            env=environment_with({"AISLE_DATA_DIR": str(tmp_path / "data")} | settings),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )

    return run


@pytest.fixture
def started() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a command that goes on until it is told to stop."""
    processes: list[subprocess.Popen[str]] = []

    def start(*arguments: str, **settings: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "server.cli", *arguments],
            env=environment_with(settings),
            stdout=subprocess.PIPE,
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
