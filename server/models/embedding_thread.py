"""What the embedders on this machine share: one thread that computes, queries before passages, a cache of queries."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from server.models.protocol import ModelUnavailable, Vector
from server.models.query_cache import QueryCache

_BATCH_TEXTS = 32
_WINDOW_TEXTS = 512  # sorted by length together, so that a batch holds texts of one length
_MAX_WAITING_QUERIES = 256  # about 1.5 s of work; beyond that a search without vectors is the better answer

Result = TypeVar("Result")


class LocalModel(Protocol):
    """A tokenizer and a network."""

    def tokenise(self, texts: Sequence[str]) -> list[list[int]]:
        """The token ids of each text."""

    def embed_tokens(self, tokens: list[list[int]]) -> NDArray[np.float32]:
        """Vectors of shape (texts, dimensions). Texts are padded to the longest: give texts of similar length."""


class ThreadedEmbedder:
    """Embeds in a thread of its own. A query waits for one batch of passages at most."""

    name: str
    dimensions: int
    batch_tokens = 2048
    """Padding included: about 0.15 s of MiniLM on one core, the longest a query waits."""

    def __init__(self, open_model: Callable[[], LocalModel]) -> None:
        """`open_model` runs in the thread, at the first text."""
        self._open_model = open_model
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="embedder")
        self._model: LocalModel | None = None
        self._cache = QueryCache(self._embed_one)
        self._passages = asyncio.Lock()
        self._waiting_queries = 0

    async def warm_up(self) -> None:
        """Load the model now rather than at the first query. Raises ModelUnavailable."""
        await self._run(self._load)

    async def check(self) -> str:
        """Return one sentence for the operator. Raises ModelUnavailable with what is wrong and how to mend it."""
        await self._run(self._load)
        await self._embed_one("Where is my order?")
        return f"the local embedder {self.name} answers"

    async def embed_query(self, text: str) -> Vector:
        """Return the vector of a text, from the cache if it is there. Raises ModelUnavailable."""
        return await self._cache.get(text)

    async def embed_passages(self, texts: Sequence[str]) -> list[Vector]:
        """Return one vector per text, in order; texts are cut at 256 tokens. Raises ModelUnavailable."""
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        for start in range(0, len(texts), _WINDOW_TEXTS):
            window = texts[start : start + _WINDOW_TEXTS]
            tokens = await self._run(partial(self._tokenise, window))
            for batch in _batches(tokens, self.batch_tokens):
                found = await self._embed_batch([tokens[index] for index in batch])
                vectors[[start + index for index in batch]] = found
        return list(vectors)

    async def close(self) -> None:
        """Refuse new work; the thread ends after the work it has."""
        self._executor.shutdown(wait=False)

    async def _embed_one(self, text: str) -> Vector:
        if self._waiting_queries >= _MAX_WAITING_QUERIES:
            raise ModelUnavailable("the local embedder is overloaded: too many searches wait for it")
        self._waiting_queries += 1
        try:
            vector: Vector = (await self._run(partial(self._embed_texts, [text])))[0]
            return vector
        finally:
            self._waiting_queries -= 1

    async def _embed_batch(self, tokens: list[list[int]]) -> NDArray[np.float32]:
        async with self._passages:  # one batch in the queue at a time, whoever asks
            return await self._run(partial(self._embed_tokens, tokens))

    async def _run(self, work: Callable[[], Result]) -> Result:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, work)
        except ModelUnavailable:
            raise
        except Exception as error:  # onnxruntime has no error tree of its own
            raise ModelUnavailable(f"the local embedder failed ({type(error).__name__})") from error

    def _embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        model = self._load()
        return model.embed_tokens(model.tokenise(texts))

    def _embed_tokens(self, tokens: list[list[int]]) -> NDArray[np.float32]:
        return self._load().embed_tokens(tokens)

    def _tokenise(self, texts: Sequence[str]) -> list[list[int]]:
        return self._load().tokenise(texts)

    def _load(self) -> LocalModel:
        """Load the model. Runs in the executor's thread only, so it runs once."""
        if self._model is None:
            self._model = self._open_model()
        return self._model


def pad(tokens: list[list[int]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Token ids as one array (texts, longest), zeros after the end, and the mask that says where a text is."""
    ids = np.zeros((len(tokens), max(map(len, tokens))), np.int64)
    mask = np.zeros_like(ids)
    for row, found in enumerate(tokens):
        ids[row, : len(found)] = found
        mask[row, : len(found)] = 1
    return ids, mask


def _batches(tokens: list[list[int]], most: int) -> Iterator[list[int]]:
    """Yield batches of indices, shortest texts first: at most 32 texts and `most` tokens, padding included."""
    batch: list[int] = []
    for index in sorted(range(len(tokens)), key=lambda index: len(tokens[index])):
        if batch and (len(batch) == _BATCH_TEXTS or (len(batch) + 1) * len(tokens[index]) > most):
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
