"""A second API process on the same servers, answering with a model: the two are replicas of one installation."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import httpx
import pytest

from tests.conftest import free_port
from tests.installation import Installation, Shopper
from tests.standins.openai_server import RunningStandin, running

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 60
MODEL_KEY = "sk-standin-key-that-nobody-may-see"


@dataclass(frozen=True)
class ModelInstallation(Installation):
    """The replica with a model. `base_url` is what a browser knows; this process listens at `url`."""

    url: str
    model: RunningStandin
    keyless: Installation
    """The replica beside it: the demo's own API, without a model."""

    def shopper(self, *arguments: object, **named: object) -> Shopper:
        """A new shopper whose requests come to this replica."""
        return at(self.url, super().shopper(*arguments, **named))  # type: ignore[arg-type]


def at(url: str, shopper: Shopper) -> Shopper:
    """The same shopper in the same session, whose requests go to the replica at `url`."""
    headers = {name: shopper.client.headers[name] for name in ("Origin", "Authorization")}
    return replace(shopper, client=httpx.Client(base_url=url, headers=headers, timeout=60))


@pytest.fixture(scope="session")
def standin() -> Iterator[RunningStandin]:
    """A server that speaks OpenAI's wire; each test sets it up anew."""
    with running() as server:
        yield server


@pytest.fixture(scope="session")
def model_url(installation: Installation, standin: RunningStandin) -> Iterator[str]:
    """`aisle serve` on the installation's servers with a model; its address."""
    port = free_port()
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("AISLE_", "OPENAI_"))}
    environment |= {
        "AISLE_DATA_DIR": str(installation.data_dir),
        "AISLE_BASE_URL": installation.base_url,
        "OPENAI_BASE_URL": standin.base_url,
        "OPENAI_API_KEY": MODEL_KEY,
        "AISLE_CHAT_MODEL_IMAGES": "on",
    }
    with (installation.data_dir / "model-api.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "server.cli", "serve", "--port", str(port)],
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _await_ready(f"{url}/health/ready", process)
            yield url
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(STOP_TIMEOUT_S)


@pytest.fixture
def model_installation(
    installation: Installation, model_url: str, standin: RunningStandin
) -> Iterator[ModelInstallation]:
    """The model's replica, with a stand-in that behaves as a plain assistant until told otherwise."""
    standin.reset()
    yield ModelInstallation(
        facts=installation.facts,
        data_dir=installation.data_dir,
        process=installation.process,
        port=installation.port,
        owner_url=installation.owner_url,
        url=model_url,
        model=standin,
        keyless=installation,
    )
    assert standin.stats()["invalid"] == [], "a request or an answer is not as OpenAI's schema says"


def _await_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        assert process.poll() is None, "aisle serve ended by itself"
        try:
            if httpx.get(url, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise RuntimeError("aisle serve did not become ready")
