"""`aisle demo` of one's own for each module here: its processes are killed, and it is looked at as it recovers."""

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from server.embedded import EmbeddedServers
from tests.installation import Installation
from tests.servers import copy_demo_data, is_alive, running_demo
from tests.standins.openai_server import RunningStandin, running
from tests.waiting import await_that

HEALTHY_WITHIN_S = 30


@dataclass(frozen=True)
class Supervised(Installation):
    """`aisle demo` with a model, whose parts can be killed."""

    model: RunningStandin
    redis_url: str

    def kill(self, part: str) -> int:
        """SIGKILL to the api, the worker, postgres or redis; returns its old process id when that is gone."""
        pid = await_that(lambda: self._pid(part), part)
        os.kill(pid, signal.SIGKILL)
        await_that(lambda: not is_alive(pid), f"the end of {part}", 10)
        return pid

    @contextmanager
    def frozen(self, part: str) -> Iterator[None]:
        """SIGSTOP to postgres or redis and all its processes: connections stay open and nobody answers."""
        root = await_that(lambda: self._pid(part), part)
        pids = [root, *_children_of(root)]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def await_new(self, part: str, old_pid: int) -> None:
        """Until the part runs again as another process."""
        await_that(lambda: self._pid(part) not in (None, old_pid), f"another {part}")

    def await_ready(self) -> float:
        """Until /health/ready says that all is well; how many seconds it took."""
        started = time.monotonic()
        await_that(self._is_ready, "health", HEALTHY_WITHIN_S)
        return time.monotonic() - started

    def _is_ready(self) -> bool:
        try:
            return bool(httpx.get(f"{self.base_url}/health/ready", timeout=5).json() == {"status": "ready", "down": []})
        except (httpx.TransportError, ValueError):
            return False

    def _pid(self, part: str) -> int | None:
        match part:
            case "api":
                return child_of(self.process_id, "server.cli", "serve")
            case "worker":
                return child_of(self.process_id, "server.cli", "worker")
        try:
            state = json.loads((self.data_dir / "servers" / "state.json").read_text())
        except (OSError, ValueError):
            return None
        return int(state[f"{part}_pid"])


def child_of(parent: int, *words: str) -> int | None:
    """The direct child whose command line has these words."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            parts = (entry / "cmdline").read_bytes().decode().split("\0")
            status = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(status[1]) == parent and status[0] != "Z" and all(word in parts for word in words):
            return int(entry.name)
    return None


def _children_of(parent: int) -> list[int]:
    tasks = Path(f"/proc/{parent}/task").iterdir()
    return [int(pid) for task in tasks for pid in (task / "children").read_text().split()]


@pytest.fixture(scope="module")
def supervised(tmp_path_factory: pytest.TempPathFactory, shared_folder: Path) -> Iterator[Supervised]:
    """A fresh one for the module."""
    with running() as model:
        settings = {"OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": "sk-standin"}
        data_dir = tmp_path_factory.mktemp("faults")
        copy_demo_data(shared_folder, data_dir)
        with running_demo(data_dir, settings) as demo, EmbeddedServers(data_dir) as at:
            yield Supervised(demo.facts, demo.data_dir, demo.process_id, at.database_url, model, at.redis_url)
