"""A shop's catalog and documents in memory, behind the services that the tools ask.

Products and documents are read into the same units and compared by the same embedders as in the database; only the
weights of words are those of a plain BM25.
"""

import math
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from uuid import UUID, uuid5

from msgspec import Struct

from integrations.platform import Product
from server.catalog.models import StoredProduct
from server.knowledge.evidence import Evidence, ReadUnit, document_units, product_units
from server.knowledge.evidence.vectors import UnitText, document_text, product_text
from server.knowledge.parsing import parse_document, split_document
from server.knowledge.passages import (
    PassageDraft,
    embedded_product_name,
    embedded_product_text,
    identifier_windows,
    passage_identifiers,
    product_passages,
)
from server.knowledge.search import Hit, ProductFilter
from server.languages.words import language as words_of_language
from server.models.embedders import english_words
from server.models.multilingual import MultilingualEmbedder
from server.models.protocol import Vector
from tests.server.chat.engine.embedding import embedders, joined, vectors
from tests.server.chat.engine.ranking import impact, is_within, passes, rarity, spelled

FETCHED_AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
COSINE_SHARE = 0.6
AROUND_SHARE = 0.6
_NAMESPACE = UUID(int=9)


class Document(Struct, frozen=True):
    """A policy or help page as the shop wrote it, in Markdown."""

    id: str
    title: str
    body: str
    url: str | None = None


class _Text(Struct, frozen=True):
    """What search compares of a passage: its words with their counts, and its vectors by embedder."""

    id: str
    title: str
    body: str


class MemoryCatalog:
    """Implements what the tools ask of `Catalog`."""

    def __init__(self, products: Sequence[Product]) -> None:
        self.products = products

    async def find(self, shop_id: UUID, external_ids: Sequence[str]) -> dict[str, StoredProduct]:
        return {each.external_id: _stored(each) for each in self.products if each.external_id in external_ids}

    async def overview(self, shop_id: UUID, limit: int) -> tuple[list[str], list[StoredProduct]]:
        categories = Counter(each.category[0] for each in self.products if each.category)
        reduced = [
            each
            for each in self.products
            if each.price and each.compare_at_price and each.compare_at_price.amount > each.price.amount
        ]
        return [name for name, _ in categories.most_common(limit)], [_stored(each) for each in reduced[:limit]]

    async def extremes(self, shop_id: UUID, limit: int, *, dearest: bool) -> list[StoredProduct]:
        priced = [each for each in self.products if each.price and each.available]
        priced.sort(key=lambda each: each.price.amount if each.price else 0, reverse=dearest)
        return [_stored(each) for each in priced[:limit]]


class MemoryKnowledge:
    """Implements what the tools ask of `Knowledge`, for a shop whose texts are in `language`."""

    def __init__(self, products: Sequence[Product], documents: Sequence[Document], language: str) -> None:
        self._products = {each.external_id: each for each in products}
        self._documents, self._language = documents, language

    async def search(
        self,
        shop_id: UUID,
        text: str,
        *,
        language: str,
        kinds: tuple[str, ...],
        limit: int,
        limit_per_kind: bool,
        price_min_minor: int | None,
        price_max_minor: int | None,
        available_only: bool,
        embedded: str | None = None,
        product_filter: ProductFilter | None = None,
    ) -> list[Hit]:
        products = [
            each
            for each in self._products.values()
            if is_within(each, price_min_minor, price_max_minor)
            and (each.available or not available_only)
            and passes(each, product_filter or ProductFilter())
        ]
        found = await self._product_hits(text, language, products) if "product" in kinds else []
        documents = await self._document_hits(text, language) if "document" in kinds else []
        best = [sorted(hits, key=lambda hit: -hit.score)[:limit] for hits in (found, documents)]
        return sorted((hit for hits in best for hit in hits), key=lambda hit: -hit.score)

    async def find_evidence(
        self,
        shop_id: UUID,
        text: str,
        *,
        language: str,
        product_ids: tuple[str, ...],
        documents: bool,
        limit: int,
    ) -> list[Evidence]:
        asked = await self._vector(text, language)
        found: list[Evidence] = []
        for product_id in product_ids:
            found += await self._page_units(asked, language, self._products[product_id])
        return [*found, *(await self._best_units(text, asked, language) if documents else [])][: limit + len(found)]

    async def _page_units(self, asked: Vector, language: str, product: Product) -> list[Evidence]:
        units = product_units(product, self._language)
        similar = await self._similarities(asked, language, [product_text(unit) for unit in units])
        return [
            Evidence(
                unit=unit,
                source="product",
                external_id=product.external_id,
                url=product.url,
                fetched_at=FETCHED_AT,
                similarity=similarity,
                score=max(similarity, 0.0),
            )
            for unit, similarity in zip(units, similar, strict=True)
        ]

    async def _best_units(self, text: str, asked: Vector, language: str) -> list[Evidence]:
        read = [(each, unit) for each in self._documents for unit in read_document(each, self._language)]
        similar = await self._similarities(asked, language, [document_text(unit.unit) for _, unit in read])
        own = [self._stems(f"{unit.unit.label} {unit.unit.text}") for _, unit in read]
        around = [self._stems(" ".join((unit.unit.title, *unit.unit.heading))) for _, unit in read]
        known = rarity([[*first, *second] for first, second in zip(own, around, strict=True)])
        words = {word: known.get(word, math.log(len(read) + 1.0)) for word in self._stems(text)}
        total = sum(words.values()) or 1.0
        found = []
        for place, (document, unit) in enumerate(read):
            lexical = sum(
                weight if word in own[place] else AROUND_SHARE * weight if word in around[place] else 0.0
                for word, weight in words.items()
            )
            score = COSINE_SHARE * similar[place] + (1 - COSINE_SHARE) * lexical / total
            found.append(
                Evidence(
                    unit=unit.unit,
                    source="document",
                    external_id=document.id,
                    url=document.url,
                    fetched_at=FETCHED_AT,
                    similarity=similar[place],
                    lexical=lexical / total,
                    score=min(max(score, 0.0), 1.0),
                    passage_id=uuid5(_NAMESPACE, f"{document.id}#{unit.passage}"),
                    position=unit.passage,
                )
            )
        return sorted(found, key=lambda each: -each.score)

    async def _similarities(self, asked: Vector, language: str, texts: Sequence[UnitText]) -> list[float]:
        embedder = embedders().between(self._language, language)
        if not isinstance(embedder, MultilingualEmbedder):
            made = await vectors(embedder, [text.whole for text in texts], self._language)
        else:
            own = await vectors(embedder, [text.own for text in texts], self._language)
            places = await vectors(embedder, [text.place or text.own for text in texts], self._language)
            made = [
                joined(mine, place) if text.place else mine
                for text, mine, place in zip(texts, own, places, strict=True)
            ]
        return [float(asked @ each) for each in made]

    async def _product_hits(self, text: str, language: str, products: Sequence[Product]) -> list[Hit]:
        drafts = [(each, product_passages(each)[0]) for each in products]
        embedder = embedders().between(self._language, language)
        made = await vectors(embedder, [embedded_product_text(draft.text) for _, draft in drafts], self._language)
        if isinstance(embedder, MultilingualEmbedder):
            names = await vectors(embedder, [embedded_product_name(draft.text) for _, draft in drafts], self._language)
            made = [joined(first, second) for first, second in zip(made, names, strict=True)]
        asked = await self._vector(text, language)
        everything = [_Text(each.external_id, each.title, draft.text) for each, draft in drafts]
        named = self._identifiers(text)
        cosines = [float(asked @ vector) for vector in made]
        shares = self._word_shares(text, language, everything)
        return [
            self._hit(
                "product",
                each.external_id,
                each.title,
                each.url,
                draft,
                vector,
                words,
                named.get(each.external_id, 0.0),
            )
            for (each, draft), vector, words in zip(drafts, cosines, shares, strict=True)
        ]

    async def _document_hits(self, text: str, language: str) -> list[Hit]:
        drafts = [(each, draft) for each in self._documents for draft in split(each)]
        texts = ["\n".join((" > ".join((each.title, *draft.heading_path)), draft.text)) for each, draft in drafts]
        embedder = embedders().between(self._language, language)
        asked = await self._vector(text, language)
        similar = [float(asked @ vector) for vector in await vectors(embedder, texts, self._language)]
        words = self._word_shares(text, language, [_Text(each.id, each.title, draft.text) for each, draft in drafts])
        return [
            self._hit("document", each.id, each.title, each.url, draft, cosine, share, 0.0)
            for (each, draft), cosine, share in zip(drafts, similar, words, strict=True)
        ]

    def _hit(
        self,
        kind: str,
        external_id: str,
        title: str,
        url: str | None,
        draft: PassageDraft,
        cosine: float,
        words: float,
        identifier: float,
    ) -> Hit:
        fused = COSINE_SHARE * cosine + (1 - COSINE_SHARE) * words
        return Hit(
            kind=kind,
            external_id=external_id,
            title=title,
            heading_path=draft.heading_path,
            text=draft.text,
            url=url,
            score=1 - (1 - fused) * (1 - 0.9 * identifier),
            lexical_score=words,
            vector_score=cosine,
            identifier_score=identifier,
            passage_id=uuid5(_NAMESPACE, f"{kind}:{external_id}#{draft.position}"),
            position=draft.position,
        )

    def _word_shares(self, text: str, language: str, texts: Sequence[_Text]) -> list[float]:
        """The share of the text's words that each has; of unknown words those count that are a letter away."""
        stems = [Counter(self._stems(each.body)) + Counter(3 * self._stems(each.title)) for each in texts]
        known = rarity(stems)
        words = self._stems(f"{text} {english_words(text, self._language, language)}")
        if language == self._language:
            words = [spelled(word, known) for word in words]
        asked = {word: known.get(word, math.log(len(texts) + 1.0)) for word in words}
        total = sum(asked.values()) or 1.0
        return [
            sum(weight * impact(counts[word], sum(counts.values())) for word, weight in asked.items() if word in counts)
            / total
            for counts in stems
        ]

    def _identifiers(self, text: str) -> dict[str, float]:
        windows = identifier_windows(text)
        shares: dict[str, float] = {}
        for product in self._products.values():
            met = [window for window in windows if window in passage_identifiers(product)]
            if met:
                shares[product.external_id] = len(max(met, key=len)) / max(map(len, windows))
        return shares

    def _stems(self, text: str) -> list[str]:
        return words_of_language(self._language).stems(text)

    async def _vector(self, text: str, language: str) -> Vector:
        return (await embedders().embed_query(text, self._language, language))[1]


@lru_cache(maxsize=256)
def split(document: Document) -> tuple[PassageDraft, ...]:
    """A document's passages, as an import makes them."""
    parsed = parse_document(document.body.encode(), f"{document.id}.md")[0]
    return split_document(parsed, document.title, document.url).passages


@lru_cache(maxsize=256)
def read_document(document: Document, language: str) -> tuple[ReadUnit, ...]:
    """A document's units, as an import makes them."""
    return tuple(document_units(document.title, split(document), language))


def _stored(product: Product) -> StoredProduct:
    return StoredProduct(product=product, fetched_at=FETCHED_AT)
