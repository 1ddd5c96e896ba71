"""What our side of a model call costs, with the model's own time taken out.

    python tests/bench/model_client.py [--turns 300] [--compare]

CPU milliseconds of this process per 40-token turn against the local stand-in, which has a process of its own
(`--compare` adds the openai package's own stream), and the local embedder's speed and memory. On a shared machine
compare figures of one run only. The goal is at most 3 ms for a turn.
"""

import argparse
import asyncio
import resource
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from server.models.local import LocalEmbedder
from server.models.openai_client import OpenAIChatModel, OpenAIEmbedder
from server.models.protocol import ChatMessage, ToolSpec
from tests.standins.openai_server import RunningStandin, running

_MESSAGES = [ChatMessage(role="system", content="x" * 3000), ChatMessage(role="user", content="Any jackets?")]
_SCHEMA = {"type": "object", "properties": {"query": {"type": "string"}, "limit": {"type": "integer"}}}
_TOOLS = [ToolSpec(f"tool_{number}", "d" * 200, _SCHEMA) for number in range(5)]
_WARM_UP = 10


async def measure(label: str, turn: Callable[[int], Awaitable[None]], turns: int, at_once: int) -> None:
    """Runs `turns` turns, `at_once` at a time, and prints a line."""
    for number in range(_WARM_UP):
        await turn(-1 - number)
    slots = asyncio.Semaphore(at_once)

    async def one(number: int) -> None:
        async with slots:
            await turn(number)

    started, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(one(number) for number in range(turns)))
    elapsed, cpu = time.perf_counter() - started, time.process_time() - cpu
    print(f"{label:34} {at_once:3} at once  {cpu * 1000 / turns:6.2f} ms CPU  {turns / elapsed:7.0f} a second")


async def chat(standin: RunningStandin, turns: int) -> None:
    """Our streaming client."""
    model = OpenAIChatModel(standin.base_url, "key", "standin")

    async def turn(_: int) -> None:
        async for _event in model.stream(_MESSAGES, _TOOLS, max_tokens=500):
            pass

    for at_once in (1, 10, 50):
        await measure("chat turn of 40 tokens", turn, turns, at_once)
    await model.close()


async def openai_package(standin: RunningStandin, turns: int) -> None:
    """The openai package's typed stream, for comparison."""
    import openai

    client = openai.AsyncOpenAI(base_url=standin.base_url, api_key="key")

    async def turn(_: int) -> None:
        stream = await client.chat.completions.create(
            model="standin", messages=[{"role": "user", "content": "x" * 3000}], stream=True
        )
        async for _chunk in stream:
            pass

    await measure("the same, openai's typed stream", turn, turns, 10)
    await client.close()


async def remote_embedder(standin: RunningStandin, turns: int) -> None:
    """Queries that are not in the cache, and ones that are."""
    embedder = OpenAIEmbedder(standin.base_url, "key", "standin")

    async def fresh(number: int) -> None:
        await embedder.embed_query(f"where is my order {number}")

    async def cached(_: int) -> None:
        await embedder.embed_query("where is my order")

    await measure("query over /embeddings", fresh, turns, 10)
    await measure("query from the cache", cached, turns, 10)
    await embedder.close()


async def local_embedder(turns: int) -> None:
    """Cold start with and without the kept model, queries, passages of 64 tokens, memory."""
    with tempfile.TemporaryDirectory() as folder:
        for label in ("first start of the local embedder", "later start"):
            embedder = LocalEmbedder(cache_dir=Path(folder))
            started = time.perf_counter()
            await embedder.warm_up()
            print(f"{label:34} {time.perf_counter() - started:.2f} s (imports included once)")

        async def fresh(number: int) -> None:
            await embedder.embed_query(f"where is my order number {number} please")

        await measure("query, local", fresh, min(turns, 200), 1)
        passages = [f"A warm jacket with deep pockets, number {number}. " + "soft wool " * 25 for number in range(320)]
        started = time.perf_counter()
        await embedder.embed_passages(passages)
        print(f"{'passages of 64 tokens, local':34} {len(passages) / (time.perf_counter() - started):.0f} a second")
        print(f"{'most memory so far':34} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")
        await embedder.close()


async def run(turns: int, compare: bool) -> None:
    """Everything, against one stand-in."""
    with running("--no-validate") as standin:
        standin.configure(mode="words")
        await chat(standin, turns)
        if compare:
            await openai_package(standin, turns)
        await remote_embedder(standin, turns)
    await local_embedder(turns)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--turns", type=int, default=300)
    parser.add_argument("--compare", action="store_true")
    options = parser.parse_args()
    uvloop.run(run(options.turns, options.compare))
