"""One running installation for the whole run, started as the README says; every test makes its own shop or uses the
demo's. Nothing outside this machine may be reached."""

import functools
import os
import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import stamina
import structlog
from hypothesis import is_hypothesis_test, settings
from playwright.async_api import Browser, async_playwright
from pytest_socket import socket_allow_hosts
from xdist.scheduler import LoadScopeScheduling

from server.embedded import EmbeddedServers
from tests.installation import Installation
from tests.servers import SharedServers, shared_demo, stop_demos

ROOT = Path(__file__).parents[1]
ONE_WORKER_EACH = ("tests/stores/", "tests/journeys/billing/", "tests/journeys/")
"""Folders whose tests share a costly fixture: one worker process runs all files of such a folder. Elsewhere each file
may go to another one."""
BROWSER_OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-software-rasterizer"]
EXHAUSTIVE_TIMEOUT_S = 1_200
"""Of a property test with ten times the examples; the others have the 240 s of pyproject.toml."""
LONGEST_FIRST = ("tests/stores/", "tests/journeys/", "tests/widget/", "tests/faults/", "tests/billing/")
"""Begun first, so that no worker is left alone with them at the end."""

# A failure is the same for everybody who runs the tests; `make test-all` looks at ten times as many examples.
settings.register_profile("quick", derandomize=True, deadline=None, max_examples=20)
settings.register_profile("exhaustive", derandomize=True, deadline=None, max_examples=200)
settings.load_profile("quick")

# The tests open thousands of HTTP clients, and each of them would read the certificate authorities: 30 ms of CPU.
ssl.create_default_context = functools.cache(ssl.create_default_context)
# By default structlog draws each traceback with rich, which takes longer than most tests.
structlog.configure(processors=[structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)])
# As configure_logging does: stamina would import its hooks in the first retry, which takes up to 0.3 s.
stamina.instrumentation.set_on_retry_hooks(())


class FolderScheduling(LoadScopeScheduling):
    """Hands out whole files, and whole folders where their tests share a costly fixture."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return next((folder for folder in ONE_WORKER_EACH if file.startswith(folder)), file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FolderScheduling:
    """What `make test` uses."""
    return FolderScheduling(config, log)


@pytest.hookimpl(wrapper=True)  # after pytest-randomly has shuffled
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Iterator[None]:
    """Begin with the folders that take longest. With the exhaustive profile property tests count as exhaustive too."""
    if config.getoption("--hypothesis-profile", None) == "exhaustive":
        for item in items:
            if is_hypothesis_test(getattr(item, "obj", None)):
                item.add_marker("exhaustive")
                item.add_marker(pytest.mark.timeout(EXHAUSTIVE_TIMEOUT_S))
    yield
    places = {folder: place for place, folder in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: min(p for f, p in (*places.items(), ("", len(places))) if item.nodeid.startswith(f)))


def pytest_runtest_setup() -> None:
    """No test talks to the network."""
    socket_allow_hosts(["127.0.0.1", "localhost", "::1"], allow_unix_socket=True)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Stop the servers of the run, once no worker process uses them any more."""
    factory: pytest.TempPathFactory | None = getattr(session.config, "_tmp_path_factory", None)
    if factory and not hasattr(session.config, "workerinput"):
        stop_demos(run_folder(factory))


def run_folder(factory: pytest.TempPathFactory) -> Path:
    """The folder in which the worker processes of one run find each other's servers."""
    base = factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "run"


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run's folder."""
    return run_folder(tmp_path_factory)


@pytest.fixture(scope="session")
def installation(shared_folder: Path) -> Iterator[Installation]:
    """`aisle demo` on a free port with a fresh data dir, without a model; the same for all worker processes."""
    demo = shared_demo(shared_folder)
    with EmbeddedServers(demo.data_dir) as servers:
        yield Installation(demo.facts, demo.data_dir, demo.process_id, servers.database_url)


@pytest.fixture(scope="session")
def servers(shared_folder: Path) -> Iterator[SharedServers]:
    """PostgreSQL and Redis for tests that need no whole installation."""
    with SharedServers.open(shared_folder / "servers") as running:
        yield running


def browser_path() -> str:
    """The Chromium of the tests: named by AISLE_CHROMIUM, else the one that `.ci/browser` pins (and fetches)."""
    if named := os.environ.get("AISLE_CHROMIUM"):
        return named
    found = subprocess.run([str(ROOT / ".ci" / "browser")], stdout=subprocess.PIPE, text=True, check=False)
    if found.returncode:
        pytest.fail("no Chromium to test in: .ci/browser says why (above)")
    return found.stdout.strip()


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for the session."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=browser_path(), args=BROWSER_OPTIONS)
        yield chromium
        await chromium.close()
