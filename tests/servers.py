"""Servers that all processes of one test run share: the first to need them starts them, the end of the run stops them.

Each worker process of pytest-xdist finds the others' servers in one folder of the run. A lock on a file there makes
sure that only one starts them; `stop_demos` is called once, where pytest itself ends.
"""

import itertools
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from redis import Redis

from server.core.database import url_for_role
from server.embedded import EmbeddedServers, Endpoints
from server.embedded.locks import FileLock
from server.migrations.migrate import migrate
from tests.commands import environment_with
from tests.models import BUILT_MODELS
from tests.waiting import await_that

START_TIMEOUT_S = 300.0
STOP_TIMEOUT_S = 90.0
PORTS = range(10_000, 30_000)
APP_ROLE, APP_PASSWORD = "aisle_app", "the-app-of-the-tests"
TEMPLATE = "aisle_template"
REDIS_DATABASES = 16
DEMO_SHOP = "demo-shop.json"
"""What `aisle demo` writes as soon as its shop is set up."""

_ports = itertools.count(secrets.choice(PORTS))


def free_port() -> int:
    """A port nobody listens on, and that nobody is likely to get before a test's server does: one after the other from
    a place that each process picks for itself, below those the system gives to whoever asks for any."""
    for port in _ports:
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError


@dataclass(frozen=True)
class Demo:
    """`aisle demo`, running: its process, its folder, and what its `demo.json` says."""

    process_id: int
    data_dir: Path
    facts: dict[str, str]


@contextmanager
def running_demo(data_dir: Path, settings: Mapping[str, str], port: int | None = None) -> Iterator[Demo]:
    """A demo of one's own with these settings, ready; stopped at the end."""
    process = _start_demo(data_dir, settings, port)
    try:
        yield _ready_demo(process, data_dir)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(STOP_TIMEOUT_S)


def shared_demo(run_folder: Path) -> Demo:
    """The run's demo without a model; started by whoever asks first."""
    data_dir = run_folder / "demo"
    with _locked(data_dir):
        kept = data_dir / "demo.pid"
        if kept.exists():
            return Demo(int(kept.read_text()), data_dir, json.loads((data_dir / "demo.json").read_text()))
        copy_demo_data(run_folder, data_dir)
        process = _start_demo(data_dir, {})
        kept.write_text(str(process.pid))
        return _ready_demo(process, data_dir)


def copy_demo_data(run_folder: Path, data_dir: Path) -> None:
    """Give a demo that is to come the data of one that was started before: its shop, with the vectors of its texts, and
    the models are there, which saves nine of eleven seconds of CPU."""
    template = run_folder / "demo-template"
    with _locked(template):
        if not (template / DEMO_SHOP).exists():
            if BUILT_MODELS.exists():
                shutil.copytree(BUILT_MODELS, template / "models", dirs_exist_ok=True)
            process = _start_demo(template, {})
            made = template / DEMO_SHOP
            try:
                await_that(lambda: made.exists() or process.poll() is not None, "a demo's shop", START_TIMEOUT_S)
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(STOP_TIMEOUT_S)
            assert made.exists(), (template / "demo.log").read_text()[-3000:]
            (template / "servers" / "ports.json").unlink()  # each copy has ports of its own
            (template / "demo.json").unlink(missing_ok=True)
    data_dir.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", f"{template}/.", str(data_dir)], check=True)


def stop_demos(folder: Path) -> None:
    """End what `shared_demo` has started below `folder`, and wait until it is gone."""
    for kept in folder.glob("*/demo.pid"):
        process_id = int(kept.read_text())
        with suppress(ProcessLookupError):
            os.kill(process_id, signal.SIGTERM)
            await_that(lambda process_id=process_id: not is_alive(process_id), "the end of the demo", STOP_TIMEOUT_S)


def is_alive(process_id: int) -> bool:
    """Whether a process runs; one that has ended and that nobody has waited for does not."""
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@contextmanager
def running_serve(settings: Mapping[str, str], log: Path) -> Iterator[str]:
    """`aisle serve` with these settings, ready; its address."""
    port = free_port()
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "server.cli", "serve", "--port", str(port)],
            env=environment_with(settings),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        await_that(lambda: process.poll() is not None or is_ready(url), "aisle serve", START_TIMEOUT_S)
        assert process.poll() is None, f"aisle serve ended by itself:\n{log.read_text()[-3000:]}"
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(STOP_TIMEOUT_S)


def is_ready(url: str) -> bool:
    """Whether the API at this address says that it is ready."""
    import httpx

    try:
        return httpx.get(f"{url}/health/ready", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


class SharedServers:
    """One PostgreSQL and one Redis for every test that needs no whole installation. Each asks for databases of its own:
    copies of a template in which the schema is, which takes a tenth of a second where a migration takes two."""

    def __init__(self, folder: Path, at: Endpoints) -> None:
        self._folder, self._at = folder, at

    @classmethod
    @contextmanager
    def open(cls, folder: Path) -> Iterator["SharedServers"]:
        """The run's servers; they stop with their last user."""
        with ExitStack() as stack:
            with _locked(folder):
                at = stack.enter_context(EmbeddedServers(folder))
            yield cls(folder, at)

    async def create_database(self) -> str:
        """A database of one's own with the whole schema and nothing in it; its address as the owner."""
        name = f"test_{secrets.token_hex(6)}"
        with _locked(self._folder):  # a template has no other user while it is copied
            owner = await asyncpg.connect(self._at.database_url)
            try:
                if not await owner.fetchval("SELECT true FROM pg_database WHERE datname = $1", TEMPLATE):
                    await owner.execute(f"CREATE DATABASE {TEMPLATE}_draft")
                    await migrate(self._url(f"{TEMPLATE}_draft"), APP_ROLE, APP_PASSWORD)
                    await owner.execute(f"ALTER DATABASE {TEMPLATE}_draft RENAME TO {TEMPLATE}")
                await owner.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
            finally:
                await owner.close()
        return self._url(name)

    @property
    def admin_url(self) -> str:
        """The PostgreSQL server as its superuser, for tests that make roles and databases of their own."""
        return self._at.database_url

    @contextmanager
    def redis_database(self) -> Iterator[str]:
        """A Redis database that no other test uses meanwhile, empty; its address."""
        with _locked(self._folder):
            number = next(n for n in range(REDIS_DATABASES) if not self._redis_mark(n).exists())
            self._redis_mark(number).touch()
        url = f"{self._at.redis_url.rpartition('/')[0]}/{number}"
        with Redis.from_url(url) as redis:
            redis.flushdb()
        yield url
        self._redis_mark(number).unlink()

    def _redis_mark(self, number: int) -> Path:
        return self._folder / f"redis-database-{number}"

    def _url(self, database: str) -> str:
        return f"{self._at.database_url.rpartition('/')[0]}/{database}"


def app_url(owner_url: str) -> str:
    """The same database as the app's role."""
    return url_for_role(owner_url, APP_ROLE, APP_PASSWORD)


def _start_demo(data_dir: Path, settings: Mapping[str, str], port: int | None = None) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "server.cli", "demo", "--port", str(port or free_port())]
    with (data_dir / "demo.log").open("w") as log:
        return subprocess.Popen(
            [*command, "--data-dir", str(data_dir)],
            env=environment_with(settings),
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def _ready_demo(process: subprocess.Popen[bytes], data_dir: Path) -> Demo:
    file = data_dir / "demo.json"
    await_that(lambda: file.exists() or process.poll() is not None, "the demo", START_TIMEOUT_S)
    assert file.exists(), f"the demo did not start:\n{(data_dir / 'demo.log').read_text()[-3000:]}"
    return Demo(process.pid, data_dir, json.loads(file.read_text()))


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f"{folder.name}.lock")) as lock:
        assert lock.wait_exclusive(START_TIMEOUT_S), f"another test process has held {folder} for too long"
        yield
