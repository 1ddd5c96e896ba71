"""Units as they are stored and found."""

from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

from msgspec import Struct

from server.knowledge.evidence.unit import Unit
from server.models.protocol import Vector

READING_VERSION = 1
"""To be raised when the same texts are read into other units: a job then reads all documents anew."""

EvidenceSource: TypeAlias = Literal["product", "document"]


class UnitRow(Struct, frozen=True, kw_only=True):
    """A unit of a document, ready to be written. `position` is that of its passage. A vector is None while its embedder
    does not answer, and where the shop's language does not need it."""

    document_id: UUID
    position: int
    unit: Unit
    content_hash: bytes
    """Of what is embedded: equal hashes need no second embedding."""
    vector: Vector | None = None
    multilingual_vector: Vector | None = None


class UnembeddedUnit(Struct, frozen=True, kw_only=True):
    """A stored unit that has no vector of today's embedder."""

    document_id: UUID
    position: int
    unit: Unit


class UnreadDocument(Struct, frozen=True, kw_only=True):
    """A document whose units are missing or out of date. `passages` are (position, headings, body)."""

    id: UUID
    title: str
    content_hash: bytes
    passages: list[tuple[int, tuple[str, ...], str]]


class Evidence(Struct, frozen=True, kw_only=True):
    """A unit that was found, and where. `external_id` is that of the product or document, `url` leads to the place.

    `similarity` is the highest cosine to a vector of the question; None where none was compared. `lexical` is the share
    of the question's words that it has, rare words counting more, those of title and headings .6; None for units of
    products, whose words are not indexed. `score` fuses both, 0..1. `passage_id` and `position` are those of a
    document's passage. `fetched_at` is when the source was read from the shop.
    """

    unit: Unit
    source: EvidenceSource
    external_id: str
    url: str | None
    fetched_at: datetime
    similarity: float | None = None
    lexical: float | None = None
    score: float = 0.0
    passage_id: UUID | None = None
    position: int = 0
