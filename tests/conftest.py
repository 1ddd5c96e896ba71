"""One running installation for the whole suite, started as the README says; every test makes its own shop or uses the
demo's. Nothing outside this machine may be reached."""

import itertools
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright
from pytest_socket import socket_allow_hosts

from server.embedded import EmbeddedServers
from tests.installation import Installation

ROOT = Path(__file__).parents[1]
START_TIMEOUT_S = 180
PORTS = range(10_000, 30_000)
STOP_TIMEOUT_S = 60


def pytest_runtest_setup() -> None:
    """No test talks to the network."""
    socket_allow_hosts(["127.0.0.1", "localhost", "::1"], allow_unix_socket=True)


_ports = itertools.count(secrets.choice(PORTS))


def free_port() -> int:
    """A port nobody listens on, and that nobody is likely to get before a test's server does: one after the other from
    a place that each process picks for itself, below those the system gives to whoever asks for any."""
    for port in _ports:
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """`aisle demo` on a free port with a fresh data dir, without a model."""
    data_dir = tmp_path_factory.mktemp("demo")
    log = (data_dir / "demo.log").open("w")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("AISLE_", "OPENAI_"))}
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "server.cli", "demo", "--port", str(port), "--data-dir", str(data_dir)],
        env=environment,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        facts = _await_facts(process, data_dir)
        with EmbeddedServers(data_dir) as servers:
            yield Installation(facts, data_dir, process, port, servers.database_url)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(STOP_TIMEOUT_S)
        log.close()


def _await_facts(process: subprocess.Popen[bytes], data_dir: Path) -> dict[str, str]:
    deadline = time.monotonic() + START_TIMEOUT_S
    facts = data_dir / "demo.json"
    while time.monotonic() < deadline:
        if facts.exists():
            return dict(json.loads(facts.read_text()))
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError(f"the demo did not start:\n{(data_dir / 'demo.log').read_text()[-3000:]}")


def browser_path() -> str | None:
    """Chromium: named by AISLE_CHROMIUM, by `.ci/browser`, or on the path."""
    if named := os.environ.get("AISLE_CHROMIUM"):
        return named
    finder = ROOT / ".ci" / "browser"
    if finder.exists():
        found = subprocess.run([str(finder)], capture_output=True, text=True, check=False).stdout.strip()
        return found or None
    return shutil.which("chromium") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for the session."""
    path = browser_path()
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium, and browser tests must run here: set AISLE_CHROMIUM to its path")
        pytest.skip("no Chromium: set AISLE_CHROMIUM to its path")
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        await chromium.close()
