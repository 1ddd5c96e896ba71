"""The one query for evidence: the units of named products, and the best units of documents.

The arithmetic lives in the SQL function `find_evidence` (migrations/functions). Units of products are read from the
rows that it returns, by `product_units`; why is in decisions/0012-evidence.md.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from pgvector import HalfVector

from integrations.platform import Product, Variant
from server.core.database import Connection
from server.knowledge.evidence.extraction import passage_units, product_units
from server.knowledge.evidence.models import Evidence
from server.knowledge.evidence.unit import Unit, UnitKind
from server.knowledge.evidence.vectors import UnitText, product_text
from server.models.protocol import Vector

MAX_QUERY_CHARS = 2_000
MAX_LIMIT = 100
MAX_PRODUCTS = 8
DEFAULT_LIMIT = 24

_FIND = "SELECT kind, record FROM find_evidence($1, $2, $3, $4, $5, $6, $7, $8)"


class ProductEvidence(Struct, frozen=True, kw_only=True):
    """A product's units, with the content hashes of those that have no vector yet."""

    product_id: UUID
    evidence: tuple[Evidence, ...]
    hashes: tuple[bytes, ...]
    """Of all units, in their order."""
    missing: dict[bytes, UnitText]
    """What is to be embedded, by content hash."""


class FoundEvidence(Struct, frozen=True, kw_only=True):
    """What one query found: `products` in the order of their ids, units of `documents` best first."""

    products: tuple[ProductEvidence, ...]
    documents: tuple[Evidence, ...]


class _UnitRecord(Struct, frozen=True, kw_only=True):
    kind: UnitKind
    text: str
    label: str
    heading: tuple[str, ...]
    before: str
    after: str
    place: int
    position: int
    similarity: float | None
    lexical: float
    score: float
    title: str
    url: str | None
    passage_id: UUID
    external_id: str
    fetched_at: datetime


class _PassageRecord(Struct, frozen=True, kw_only=True):
    external_id: str
    title: str
    heading: tuple[str, ...]
    body: str
    url: str | None
    passage_id: UUID
    position: int
    fetched_at: datetime
    score: float


class _ProductRecord(Struct, frozen=True, kw_only=True):
    id: UUID
    external_id: str
    title: str
    description: str
    brand: str | None
    category: tuple[str, ...]
    attributes: dict[str, str]
    variants: tuple[Variant, ...]
    url: str | None
    fetched_at: datetime
    locale: str
    similarities: dict[str, float] | None


async def find_evidence(
    connection: Connection,
    shop_id: UUID,
    *,
    text: str,
    vectors: Sequence[Vector] = (),
    embedding_model: str = "",
    is_foreign: bool = False,
    product_ids: Sequence[str] = (),
    documents: bool = True,
    limit: int = DEFAULT_LIMIT,
) -> FoundEvidence:
    """All units of these products (external ids; at most MAX_PRODUCTS), and the `limit` best ones of documents.

    `vectors` are of the question, or of several wordings of it: the nearest one counts. Without any, words decide.
    `is_foreign` says that the text is in another language than the shop's.
    `connection` is in a transaction of the shop. Raises asyncpg.InsufficientPrivilegeError when that belongs to another
    shop or to none; ids of another shop's products are not found.
    """
    rows = await connection.fetch(
        _FIND,
        shop_id,
        text.replace("\x00", " ")[:MAX_QUERY_CHARS],
        [HalfVector(vector) for vector in vectors],  # an array of arrays would be taken for one of two dimensions
        embedding_model,
        is_foreign,
        list(product_ids)[:MAX_PRODUCTS],
        documents,
        min(max(limit, 1), MAX_LIMIT),
    )
    records: dict[str, list[str]] = {"unit": [], "passage": [], "product": []}
    for row in rows:
        records[row["kind"]].append(row["record"])
    found = {record.external_id: record for record in map(_PRODUCT.decode, records["product"])}
    return FoundEvidence(
        products=tuple(_product(found[each]) for each in dict.fromkeys(product_ids) if each in found),
        documents=(
            *(_unit(_UNIT.decode(record)) for record in records["unit"]),
            *(each for record in records["passage"] for each in _passage(_PASSAGE.decode(record))),
        ),
    )


def with_similarities(found: ProductEvidence, known: dict[bytes, float]) -> tuple[Evidence, ...]:
    """A product's units with similarities that were computed after the query."""
    return tuple(
        msgspec.structs.replace(each, similarity=known[digest], score=max(known[digest], 0.0))
        if digest in known
        else each
        for each, digest in zip(found.evidence, found.hashes, strict=True)
    )


def _unit(record: _UnitRecord) -> Evidence:
    unit = Unit(**{name: getattr(record, name) for name in Unit.__struct_fields__})
    return Evidence(
        unit=unit,
        source="document",
        external_id=record.external_id,
        url=record.url,
        fetched_at=record.fetched_at,
        similarity=record.similarity,
        lexical=record.lexical,
        score=min(max(record.score, 0.0), 1.0),
        passage_id=record.passage_id,
        position=record.position,
    )


def _passage(record: _PassageRecord) -> list[Evidence]:
    """The units of a passage that was found before its document was read into units: with the passage's score."""
    return [
        Evidence(
            unit=unit,
            source="document",
            external_id=record.external_id,
            url=record.url,
            fetched_at=record.fetched_at,
            score=min(max(record.score, 0.0), 1.0),
            passage_id=record.passage_id,
            position=record.position,
        )
        for unit in passage_units(record.title, record.heading, record.body)
    ]


def _product(record: _ProductRecord) -> ProductEvidence:
    fields: dict[str, Any] = {name: getattr(record, name) for name in _PRODUCT_FIELDS}
    units = product_units(Product(**fields), record.locale)
    texts = [product_text(unit) for unit in units]
    hashes = tuple(text.digest for text in texts)
    known = {bytes.fromhex(digest): value for digest, value in (record.similarities or {}).items()}
    found = ProductEvidence(
        product_id=record.id,
        evidence=tuple(
            Evidence(
                unit=unit,
                source="product",
                external_id=record.external_id,
                url=record.url,
                fetched_at=record.fetched_at,
            )
            for unit in units
        ),
        hashes=hashes,
        missing={digest: text for text, digest in zip(texts, hashes, strict=True) if digest not in known},
    )
    return msgspec.structs.replace(found, evidence=with_similarities(found, known))


_PRODUCT_FIELDS = ("external_id", "title", "description", "brand", "category", "attributes", "variants", "url")
_UNIT = msgspec.json.Decoder(_UnitRecord)
_PASSAGE = msgspec.json.Decoder(_PassageRecord)
_PRODUCT = msgspec.json.Decoder(_ProductRecord)
