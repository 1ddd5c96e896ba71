"""The embedders that ship with Aisle, opened once for all tests, and the vectors they have made."""

from collections.abc import Sequence
from functools import cache

import numpy as np

from server.models.embedders import Embedders
from server.models.local import LocalEmbedder
from server.models.multilingual import MultilingualEmbedder
from server.models.protocol import Embedder, Vector
from tests.models import BUILT_MODELS

_made: dict[tuple[str, str, str], Vector] = {}


@cache
def multilingual() -> MultilingualEmbedder:
    """The one that the reader and the headings use."""
    return MultilingualEmbedder(cache_dir=BUILT_MODELS)


@cache
def embedders() -> Embedders:
    """As a server without a key has them."""
    return Embedders(LocalEmbedder(cache_dir=BUILT_MODELS), multilingual())


async def vectors(embedder: Embedder | MultilingualEmbedder, texts: Sequence[str], language: str) -> list[Vector]:
    """One vector a text, in order; each text is embedded once in a run."""
    missing = [text for text in dict.fromkeys(texts) if (embedder.name, language, text) not in _made]
    if missing:
        found = (
            await embedder.embed_passages(missing, language)
            if isinstance(embedder, MultilingualEmbedder)
            else await embedder.embed_passages(missing)
        )
        _made.update({(embedder.name, language, text): vector for text, vector in zip(missing, found, strict=True)})
    return [_made[embedder.name, language, text] for text in texts]


def joined(first: Vector, second: Vector) -> Vector:
    """The normalised sum of two vectors."""
    total = first + second
    return total / np.float32(np.linalg.norm(total))
