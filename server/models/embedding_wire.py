"""The wire format of /embeddings: requests within the servers' limits, responses checked. No network here."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from server.models.protocol import EMBEDDING_DIMENSIONS, Vector
from server.models.upstream_errors import UpstreamError

_BATCH_TEXTS, _BATCH_CHARACTERS = 128, 200_000  # OpenAI takes 300,000 tokens a request
_MAX_TEXT_CHARACTERS = 8_000  # and 8,192 tokens a text


def read_vectors(answer: Any, expected: int) -> list[Vector]:
    """Read the vectors of a response of the openai package: normalised, in the order of the texts.

    Raises UpstreamError when they are not `expected` vectors of 384 numbers with a direction.
    """
    data = sorted(answer.data, key=lambda item: item.index)
    if [item.index for item in data] != list(range(expected)):
        raise UpstreamError(f"the embedding server sent {len(data)} vectors for {expected} texts")
    sizes = {len(item.embedding) for item in data}
    if sizes != {EMBEDDING_DIMENSIONS}:
        raise UpstreamError(dimensions_reason(f"it answers with {max(sizes)}"))
    rows = np.array([item.embedding for item in data], np.float32)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    if not np.isfinite(lengths).all() or not lengths.all():
        raise UpstreamError("the embedding server sent a vector without a direction")
    return list(rows / lengths)


def dimensions_reason(what: str) -> str:
    """A sentence for the operator that names the setting. `what` is what the server did."""
    return (
        f"AISLE_EMBEDDING_MODEL must give {EMBEDDING_DIMENSIONS} dimensions, but {what}: choose a model that takes "
        "the parameter `dimensions`, or `local`"
    )


def sendable_text(text: str) -> str:
    """Return the text as servers take it: not empty, without half characters, at most 8,000 characters."""
    return text[:_MAX_TEXT_CHARACTERS].encode("utf-8", "replace").decode() or " "


def batches(texts: list[str]) -> Iterator[list[str]]:
    """Yield batches of at most 128 texts and 200,000 characters, in order."""
    batch: list[str] = []
    characters = 0
    for text in texts:
        characters += len(text)
        if batch and (len(batch) == _BATCH_TEXTS or characters > _BATCH_CHARACTERS):
            yield batch
            batch, characters = [], len(text)
        batch.append(text)
    if batch:
        yield batch
