"""Evidence for a question: found in one round trip, and the vectors of a product that nobody asked about yet made."""

import re
from collections.abc import Sequence
from uuid import UUID

import numpy as np

from server.core.database import Database
from server.core.logging import get_logger
from server.knowledge.evidence.models import Evidence
from server.knowledge.evidence.search import (
    DEFAULT_LIMIT,
    ProductEvidence,
    find_evidence,
    with_similarities,
)
from server.knowledge.evidence.storage import save_product_vectors
from server.knowledge.evidence.vectors import UnitText, embed_units
from server.models.embedders import Embedders
from server.models.protocol import Embedder, ModelUnavailable, Vector

MAX_EMBEDDED = 32
"""New units embedded for one question: 60 took 0.7 s on two busy cores, and a page has 17 on average, at most 120. The
others follow with the next questions."""

_WORD = re.compile(r"\w{3,}")
log = get_logger("evidence")


class EvidenceSearch:
    """Finds units, and stores the vectors of the products' units that it had to compute."""

    def __init__(self, database: Database, embedders: Embedders) -> None:
        self._database, self._embedders = database, embedders

    async def find(
        self,
        shop_id: UUID,
        text: str,
        *,
        shop_language: str,
        language: str,
        product_ids: Sequence[str] = (),
        documents: bool = True,
        limit: int = DEFAULT_LIMIT,
        wordings: Sequence[str] = (),
    ) -> list[Evidence]:
        """All units of the named products in their order, then the best units of documents.

        `language` (ISO 639-1) is that of the text and of `wordings`, which say the same in other words: the nearest
        counts. No connection is held while texts are embedded.
        """
        vectors = await self._vectors((text, *wordings), shop_language, language)
        embedder = self._embedders.between(shop_language, language)
        async with self._database.connection(shop_id) as connection:
            found = await find_evidence(
                connection,
                shop_id,
                text=text,
                vectors=vectors,
                embedding_model=embedder.name,
                is_foreign=language != shop_language,
                product_ids=product_ids,
                documents=documents,
                limit=limit,
            )
        products = [each.evidence for each in found.products]
        missing = _most_promising(found.products, f"{text} {' '.join(wordings)}")
        if missing and vectors and (made := await self._embed(embedder, missing, shop_language)):
            await self._save(shop_id, found.products, made, embedder.name)
            question = np.stack(vectors)
            similarities = {digest: float((question @ vector).max()) for digest, vector in made.items()}
            products = [with_similarities(each, similarities) for each in found.products]
        return [*(each for evidence in products for each in evidence), *found.documents]

    async def _vectors(self, texts: Sequence[str], shop_language: str, language: str) -> list[Vector]:
        try:
            return [
                (await self._embedders.embed_query(text, shop_language, language))[1] for text in dict.fromkeys(texts)
            ]
        except ModelUnavailable as reason:
            log.warning("search_without_vectors", reason=str(reason))
            return []

    async def _embed(self, embedder: Embedder, texts: dict[bytes, UnitText], language: str) -> dict[bytes, Vector]:
        """By content hash; nothing while the embedder does not answer."""
        try:
            return dict(zip(texts, await embed_units(embedder, list(texts.values()), language), strict=True))
        except ModelUnavailable as reason:
            log.warning("units_without_vectors", units=len(texts), reason=str(reason))
            return {}

    async def _save(
        self, shop_id: UUID, products: Sequence[ProductEvidence], made: dict[bytes, Vector], model: str
    ) -> None:
        async with self._database.connection(shop_id) as connection:
            for each in products:
                if vectors := {digest: made[digest] for digest in each.missing if digest in made}:
                    await save_product_vectors(connection, shop_id, each.product_id, each.hashes, vectors, model)


def _most_promising(products: Sequence[ProductEvidence], question: str) -> dict[bytes, UnitText]:
    """The units to embed now, by content hash: of a long page those first that have most words of the question."""
    missing = {digest: text for each in products for digest, text in each.missing.items()}
    if len(missing) <= MAX_EMBEDDED:
        return missing
    asked = set(_WORD.findall(question.casefold()))
    shared = {digest: len(asked.intersection(_WORD.findall(text.own.casefold()))) for digest, text in missing.items()}
    return {digest: missing[digest] for digest in sorted(missing, key=lambda each: -shared[each])[:MAX_EMBEDDED]}
