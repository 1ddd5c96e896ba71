"""The vectors of shops' texts that come again with every question: what stands above units, their bare texts, and what
products are."""

from collections.abc import Iterable, Sequence

import msgspec
from cachetools import LRUCache

from server.chat.answering.evidence.features import heading_text
from server.chat.answering.evidence.subjects import subjects_of
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

    async def vectors_of(self, texts: Sequence[str], code: str) -> list[Vector | None]:
        """The vectors of a shop's texts in a language; None for all while the embedder does not answer."""
        known = await self._known(dict.fromkeys(texts), code)
        return [known.get(text) for text in texts] if known else [None] * len(texts)

    async def vector_of(self, query: str, code: str) -> Vector | None:
        """The vector of words to look for, which is not kept; None while the embedder does not answer."""
        try:
            return await self._embedder.embed_query(query, code)
        except ModelUnavailable:
            return None

    async def described(self, candidates: Sequence[Candidate], shop_language: str) -> list[Candidate]:
        """The candidates with the vectors of their texts and their subjects, those of documents with the topics of
        their headings; as they are while the embedder does not answer."""
        texts = dict.fromkeys(
            text
            for each in candidates
            for text in (labelled_text(each.unit), *([] if each.is_product else [heading_text(each.unit)]))
        )
        if not (known := await self._known(texts, shop_language)):
            return list(candidates)
        headings = {heading_text(each.unit) for each in candidates if not each.is_product}
        topics = {text: topics_of(known[text]) for text in headings}
        return [_described(each, known, topics) for each in candidates]

    async def _known(self, texts: Iterable[str], code: str) -> dict[str, Vector]:
        """The vectors of texts; none while the embedder does not answer."""
        wanted = list(texts)
        known = {text: found for text in wanted if (found := self._vectors.get((code, text))) is not None}
        if missing := [text for text in wanted if text not in known]:
            try:
                vectors = await self._embedder.embed_passages(missing, code)
            except ModelUnavailable:
                return {}
            for text, vector in zip(missing, vectors, strict=True):
                known[text] = self._vectors[code, text] = vector
        return known


def _described(candidate: Candidate, known: dict[str, Vector], topics: dict[str, Vector]) -> Candidate:
    text = known[labelled_text(candidate.unit)]
    if candidate.is_product:
        return msgspec.structs.replace(candidate, text_vector=text, subjects=subjects_of(text))
    above = heading_text(candidate.unit)
    return msgspec.structs.replace(
        candidate, heading_topics=topics[above], text_vector=text, subjects=subjects_of(text, known[above])
    )
