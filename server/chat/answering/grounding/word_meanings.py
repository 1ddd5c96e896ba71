"""Words and sentences that mean the same in other words: by the vectors of the multilingual embedder, cached."""

from collections.abc import Iterable, Sequence

import numpy as np
from cachetools import LRUCache

from server.models.multilingual import MultilingualEmbedder
from server.models.protocol import ModelUnavailable, Vector

MAX_TEXTS = 20_000
"""About 45 MB of vectors: words and sentences of all shops' texts and of answers."""
ALIKE = 0.68
"""From this cosine on two words mean the same: "dispatched" and "shipped" .77, "deducted" and "taken off" .72,
"wasserdicht" and "waterproof" .85; "bulletproof" and "waterproof" .51, "leather" and "nylon" .34."""
MIN_LETTERS = 3


class WordMeanings:
    """Vectors of words and of sentences. What was not loaded is like nothing."""

    def __init__(self, embedder: MultilingualEmbedder) -> None:
        self._embedder = embedder
        self._vectors: LRUCache[str, Vector] = LRUCache(MAX_TEXTS)

    async def load(self, texts: Iterable[str], language: str) -> None:
        """Embed the texts that are not known yet; none while the embedder is away."""
        missing = [text for text in dict.fromkeys(texts) if len(text) >= MIN_LETTERS and text not in self._vectors]
        if not missing:
            return
        try:
            vectors = await self._embedder.embed_passages(missing, language)
        except ModelUnavailable:
            return
        self._vectors.update(zip(missing, vectors, strict=True))

    def are_alike(self, word: str, others: Sequence[str]) -> bool:
        """Whether one of the others means the same."""
        return self.similarity(word, others) >= ALIKE

    def similarity(self, text: str, others: Sequence[str]) -> float:
        """The cosine of a text with the nearest of others; 0 where it, or all of them, were not loaded."""
        vector = self._vectors.get(text)
        if vector is None:
            return 0.0
        known = [found for other in others if (found := self._vectors.get(other)) is not None]
        return float(np.max(np.stack(known) @ vector)) if known else 0.0
