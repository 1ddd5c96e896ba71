"""What is indexed, and what a document looks like from outside."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from server.models.protocol import Vector


class Passage(Struct, frozen=True, kw_only=True):
    """One indexed piece of a product or document, ready to be written. A vector is None while its embedder does not
    answer, and where the shop's language does not need it."""

    owner_id: UUID
    owner_external_id: str
    kind: str
    position: int
    title: str
    heading_path: tuple[str, ...]
    body: str
    url: str | None
    identifiers: tuple[str, ...]
    price_minor: int | None
    currency: str | None
    available: bool
    content_hash: bytes
    """Of what is embedded: equal hashes need no second embedding."""
    vector: Vector | None = None
    embedding_model: str | None = None
    multilingual_vector: Vector | None = None
    multilingual_model: str | None = None


class DocumentDraft(Struct, frozen=True, kw_only=True):
    """A document about to be written, by the columns of its table (`tables.py`)."""

    id: UUID
    external_id: str
    title: str
    url: str | None
    content_hash: bytes
    file_hash: bytes | None
    file_documents: int | None


class UnembeddedPassage(Struct, frozen=True, kw_only=True):
    """What is embedded of a passage that has no vector of today's embedder."""

    id: UUID
    kind: str
    title: str
    heading_path: list[str]
    body: str


class SourceView(Struct, frozen=True, kw_only=True):
    """A site as `GET /v1/sources` lists it."""

    id: UUID
    kind: str
    url: str
    max_pages: int
    state: str
    synced_at: datetime | None


class SourceList(Struct, frozen=True, kw_only=True):
    """`GET /v1/sources`: all of them on one page."""

    data: list[SourceView]
    next_cursor: None = None


class DocumentView(Struct, frozen=True, kw_only=True):
    """A document in a list."""

    id: str
    title: str
    url: str | None
    source: str
    passages: int
    fetched_at: datetime


class FailedFile(Struct, frozen=True):
    """A file or page that did not go in."""

    name: str
    reason: str


class DocumentsResult(Struct, kw_only=True):
    """What an import of documents came to so far."""

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    passages: int = 0
    failed: list[FailedFile] = []
    seconds: float = 0.0
