"""The installation under test: embedded servers with durable storage, and one API process for each driver."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from server.embedded import EmbeddedServers
from server.embedded.layout import Layout
from tests.bench import corpus
from tests.standins.openai_server import RunningStandin, running

READY_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 60.0
ANSWER_TOKENS = 40


class Shop(Struct, frozen=True):
    """A shop's keys, as `aisle shop create --json` prints them."""

    shop_id: str
    publishable_key: str
    secret_key: str


class Api(Struct, frozen=True):
    """A running `aisle serve`."""

    name: str
    port: int
    pid: int


class House(Struct, frozen=True):
    """Everything that runs."""

    folder: Path
    owner_url: str
    environment: dict[str, str]
    postgres_pid: int
    redis_pid: int
    apis: dict[str, Api]
    """By driver: engine, model."""
    standin: RunningStandin

    def aisle(self, *arguments: str) -> str:
        """What an `aisle` command prints."""
        return run_aisle(self.environment, *arguments)

    def create_shop(self, products: int) -> Shop:
        """A shop with so many products and twenty policies, imported as a merchant does; kept in a data dir."""
        kept = self.folder / f"bench-shop-{products}.json"
        if not kept.exists():
            made = self.aisle("shop", "create", f"Bench {products}", "--json")
            shop_id = json.loads(made)["shop_id"]
            corpus.write_products(self.folder / "products.jsonl", products)
            corpus.write_policies(self.folder / "policies")
            self.aisle("import", "products", str(self.folder / "products.jsonl"), "--shop", shop_id)
            self.aisle("import", "documents", str(self.folder / "policies"), "--shop", shop_id)
            kept.write_text(made)
        return msgspec.json.decode(kept.read_bytes(), type=Shop)


@contextlib.contextmanager
def open_house(folder: Path) -> Iterator[House]:
    """Start servers, stand-in and both APIs; stop them all at the end."""
    with contextlib.ExitStack() as stack:
        at = stack.enter_context(EmbeddedServers(folder))
        standin = stack.enter_context(running("--no-validate"))
        standin.configure(mode="quote", tokens=ANSWER_TOKENS)
        environment = command_environment(folder, at.database_url, at.redis_url)
        run_aisle(environment, "migrate")
        model = {"OPENAI_BASE_URL": standin.base_url, "OPENAI_API_KEY": "bench"}
        apis = {
            "engine": stack.enter_context(_api("engine", environment)),
            "model": stack.enter_context(_api("model", environment | model)),
        }
        state = Layout(folder).read_state()
        assert state
        yield House(folder, at.database_url, environment, state.postgres_pid, state.redis_pid, apis, standin)


def command_environment(folder: Path, database_url: str, redis_url: str) -> dict[str, str]:
    """What an `aisle` command on these servers needs to know, and nothing else of ours."""
    ours = {"AISLE_DATA_DIR": str(folder), "AISLE_DATABASE_URL": database_url, "AISLE_REDIS_URL": redis_url}
    return {key: value for key, value in os.environ.items() if not key.startswith(("AISLE_", "OPENAI_"))} | ours


def run_aisle(environment: Mapping[str, str], *arguments: str) -> str:
    """What an `aisle` command prints. Raises RuntimeError with what it complained of."""
    command = [sys.executable, "-m", "server.cli", *arguments]
    done = subprocess.run(command, env=dict(environment), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"aisle {' '.join(arguments)} failed: {done.stderr.strip()[-500:]}")
    return done.stdout


@contextlib.contextmanager
def _api(name: str, environment: Mapping[str, str]) -> Iterator[Api]:
    port = _free_port()
    command = [sys.executable, "-m", "server.cli", "serve", "--port", str(port)]
    process = subprocess.Popen(command, env=dict(environment) | {"AISLE_BASE_URL": f"http://127.0.0.1:{port}"})
    try:
        _await_ready(f"http://127.0.0.1:{port}/health/ready", process)
        yield Api(name, port, process.pid)
    finally:
        process.terminate()
        process.wait(STOP_TIMEOUT_S)


def _await_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(urllib.error.URLError, OSError), urllib.request.urlopen(url, timeout=2) as answer:
            if answer.status == 200:
                return
        time.sleep(0.05)
    raise RuntimeError("the API did not become ready")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
