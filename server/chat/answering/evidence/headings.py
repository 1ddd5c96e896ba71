"""The vectors of what stands above units, and of their bare texts: these are few and come again with every question."""

from collections.abc import Sequence

import msgspec
from cachetools import LRUCache

from server.chat.answering.evidence.features import heading_text
from server.chat.answering.reading.intents import topics_of
from server.chat.models import Candidate
from server.knowledge.evidence.unit import labelled_text
from server.models.multilingual import MultilingualEmbedder
from server.models.protocol import ModelUnavailable, Vector

MAX_TEXTS = 30_000
"""About 65 MB of vectors: the documents of some 150 shops. A shop's first question takes .1 s longer."""


class Headings:
    """Gives candidates the vectors of their headings and texts. The key is the text: shops share only equal ones."""

    def __init__(self, embedder: MultilingualEmbedder) -> None:
        self._embedder = embedder
        self._vectors: LRUCache[tuple[str, str], Vector] = LRUCache(MAX_TEXTS)

    async def described(self, candidates: Sequence[Candidate], shop_language: str) -> list[Candidate]:
        """The candidates, those of documents with the vectors of their texts and headings, and the topics of these; as
        they are while the embedder does not answer."""
        texts = {
            text: None
            for each in candidates
            if not each.is_product
            for text in (heading_text(each.unit), labelled_text(each.unit))
        }
        known = {text: found for text in texts if (found := self._vectors.get((shop_language, text))) is not None}
        if missing := [text for text in texts if text not in known]:
            try:
                vectors = await self._embedder.embed_passages(missing, shop_language)
            except ModelUnavailable:
                return list(candidates)
            for text, vector in zip(missing, vectors, strict=True):
                known[text] = self._vectors[shop_language, text] = vector
        headings = {heading_text(each.unit) for each in candidates if not each.is_product}
        topics = {text: topics_of(known[text]) for text in headings}
        return [
            each
            if each.is_product
            else msgspec.structs.replace(
                each,
                heading_topics=topics[heading_text(each.unit)],
                text_vector=known[labelled_text(each.unit)],
            )
            for each in candidates
        ]
