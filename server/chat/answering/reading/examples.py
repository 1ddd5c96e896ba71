"""The example messages of a language by meaning: how a question would be put in the language of the shop."""

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from server.languages.words import language
from server.models.multilingual import MultilingualEmbedder
from server.models.protocol import ModelUnavailable, Vector

NEAR = 0.5
"""The cosine from which an example says the same in other words."""


class _Examples(Struct, frozen=True):
    texts: tuple[str, ...]
    vectors: NDArray[np.float32]


class ExampleQuestions:
    """Finds the example that is nearest to a question. The vectors of a language are made with its first question."""

    def __init__(self, embedder: MultilingualEmbedder) -> None:
        self._embedder = embedder
        self._examples: dict[str, _Examples] = {}

    async def nearest(self, vector: Vector | None, code: str) -> str:
        """The example in a language that is nearest to a question's vector; empty where none is near."""
        if vector is None:
            return ""
        try:
            examples = await self._of(code)
        except ModelUnavailable:
            return ""
        similarities = examples.vectors @ vector
        best = int(similarities.argmax())
        return examples.texts[best] if similarities[best] >= NEAR else ""

    async def _of(self, code: str) -> _Examples:
        if code not in self._examples:
            texts = tuple(dict.fromkeys(text for each in language(code).intents.values() for text in each.examples))
            self._examples[code] = _Examples(texts, np.stack(await self._embedder.embed_passages(texts, code)))
        return self._examples[code]
