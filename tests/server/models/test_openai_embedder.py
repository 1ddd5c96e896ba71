"""The remote embedder against a server that misbehaves."""

import json
import socket
from collections.abc import AsyncIterator, Callable

import pytest

from integrations.circuit_breaker import CircuitBreaker
from server.models.circuit import model_circuit
from server.models.openai_client import OpenAIEmbedder
from server.models.protocol import ModelUnavailable
from tests.standins.openai_server import RunningStandin

KEY = "sk-canary-91bc"
Make = Callable[..., OpenAIEmbedder]


@pytest.fixture
async def make(standin: RunningStandin) -> AsyncIterator[Make]:
    made: list[OpenAIEmbedder] = []

    def build(base_url: str = standin.base_url, circuit: CircuitBreaker | None = None) -> OpenAIEmbedder:
        made.append(OpenAIEmbedder(base_url, KEY, "text-embedding-3-small", circuit=circuit))
        return made[-1]

    yield build
    for embedder in made:
        await embedder.close()
    assert standin.stats()["invalid"] == []


async def test_the_name_tells_model_and_server(make: Make, standin: RunningStandin) -> None:
    assert make().name == f"text-embedding-3-small@{standin.root.removeprefix('http://')}"
    assert make("https://example.test/v1").name == "text-embedding-3-small@example.test"


async def test_many_passages_go_in_batches_of_128(make: Make, standin: RunningStandin) -> None:
    vectors = await make().embed_passages([f"passage {number}" for number in range(140)])
    assert len(vectors) == 140
    sent = [json.loads(request["body"]) for request in standin.requests()]
    assert [len(body["input"]) for body in sent] == [128, 12]
    assert {body["dimensions"] for body in sent} == {384}


async def test_long_passages_go_in_smaller_batches_and_are_cut(make: Make, standin: RunningStandin) -> None:
    await make().embed_passages(["word " * 4000] * 60)
    sent = [json.loads(request["body"])["input"] for request in standin.requests()]
    assert sum(map(len, sent)) == 60
    assert max(sum(map(len, batch)) for batch in sent) <= 200_000
    assert {len(text) for batch in sent for text in batch} == {8_000}


@pytest.mark.parametrize(
    ("embedding", "reason", "calls"),
    [
        ("ignore_dimensions", "AISLE_EMBEDDING_MODEL must give 384 dimensions, but it answers with 1536", 1),
        ("refuse_dimensions", "AISLE_EMBEDDING_MODEL must give 384 dimensions, but its server refuses", 1),
        ("500", "the model server failed", 2),
        ("429", "asked too often", 2),
        ("401", "check OPENAI_API_KEY", 1),
        ("404", "no model text-embedding-3-small .* AISLE_EMBEDDING_MODEL", 1),
        ("fewer", "0 vectors for 1 texts|not a list of vectors", 1),
        ("zero", "a vector without a direction", 1),
    ],
)
async def test_failures(make: Make, standin: RunningStandin, embedding: str, reason: str, calls: int) -> None:
    standin.configure(embedding=embedding)
    embedder = make()
    for ask in (embedder.embed_query("Canary Jones"), embedder.embed_passages(["Canary Jones"])):
        standin_calls = standin.stats()["embeddings"]
        with pytest.raises(ModelUnavailable, match=reason) as failure:
            await ask
        assert KEY not in str(failure.value)
        assert "Canary" not in str(failure.value)
        assert standin.stats()["embeddings"] == standin_calls + calls


async def test_it_recovers(make: Make, standin: RunningStandin) -> None:
    embedder = make()
    standin.configure(embedding="500", retry_after="0")
    with pytest.raises(ModelUnavailable):
        await embedder.embed_query("jacket")
    standin.configure(embedding="ok")
    assert (await embedder.embed_query("jacket")).shape == (384,)


async def test_a_dead_server_costs_nothing(make: Make, standin: RunningStandin) -> None:
    standin.configure(embedding="500", retry_after="0")
    embedder = make(circuit=model_circuit("the embedder", failures=1))
    with pytest.raises(ModelUnavailable, match="HTTP 500"):
        await embedder.embed_query("jacket")
    asked = standin.stats()["embeddings"]
    with pytest.raises(ModelUnavailable, match="failed too often"):
        await embedder.embed_query("jacket")
    assert standin.stats()["embeddings"] == asked


async def test_nobody_listens(make: Make) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(ModelUnavailable, match=r"no connection to the model server .* check OPENAI_BASE_URL"):
            await make(f"http://127.0.0.1:{unused.getsockname()[1]}/v1").check()


async def test_check_tells_what_is_wrong(make: Make, standin: RunningStandin) -> None:
    assert "answers" in await make().check()
    standin.configure(key="sk-another")
    with pytest.raises(ModelUnavailable, match=r"check OPENAI_API_KEY \(HTTP 401"):
        await make().check()
