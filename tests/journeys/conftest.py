"""A second API process on the same servers, answering with a model: the two are replicas of one installation."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest

from tests.installation import Installation, Shopper
from tests.servers import running_serve
from tests.standins.openai_server import RunningStandin, running

MODEL_KEY = "sk-standin-key-that-nobody-may-see"


@dataclass(frozen=True)
class ModelInstallation(Installation):
    """The replica with a model. `base_url` is what a browser knows; this process listens at `url`."""

    url: str
    log: Path
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
def model_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the replica with a model logs."""
    return tmp_path_factory.mktemp("model") / "serve.log"


@pytest.fixture(scope="package")
def model_url(installation: Installation, standin: RunningStandin, model_log: Path) -> Iterator[str]:
    """`aisle serve` on the installation's servers with a model; its address."""
    settings = {
        "AISLE_DATA_DIR": str(installation.data_dir),
        "AISLE_BASE_URL": installation.base_url,
        "OPENAI_BASE_URL": standin.base_url,
        "OPENAI_API_KEY": MODEL_KEY,
        "AISLE_CHAT_MODEL_IMAGES": "on",
        "AISLE_LOG_FORMAT": "json",
    }
    with running_serve(settings, model_log) as url:
        yield url


@pytest.fixture
def model_installation(
    installation: Installation, model_url: str, model_log: Path, standin: RunningStandin
) -> Iterator[ModelInstallation]:
    """The model's replica, with a stand-in that behaves as a plain assistant until told otherwise."""
    standin.reset()
    yield ModelInstallation(
        facts=installation.facts,
        data_dir=installation.data_dir,
        process_id=installation.process_id,
        owner_url=installation.owner_url,
        url=model_url,
        log=model_log,
        model=standin,
        keyless=installation,
    )
    assert standin.stats()["invalid"] == [], "a request or an answer is not as OpenAI's schema says"
