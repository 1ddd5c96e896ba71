"""The tables of what answers rest on: sources, documents, passages."""

from datetime import datetime
from uuid import UUID

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import BigInteger, CheckConstraint, Index, SmallInteger, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlmodel import Field

from server.core.table_model import ShopTableModel, TableModel, is_one_of, now, references


class KnowledgeSourceRow(ShopTableModel, table=True):
    """A site whose pages become documents."""

    __tablename__ = "knowledge_source"
    __table_args__ = (is_one_of("kind", ("site",)),)

    id: UUID = Field(primary_key=True)
    kind: str
    url: str
    max_pages: int = 200
    state: str = "new"
    synced_at: datetime | None = None
    created_at: datetime = Field(default_factory=now)


class DocumentRow(ShopTableModel, table=True):
    """A text that the shop's answers may rest on; `file_*` say which file it came from."""

    __tablename__ = "document"
    __table_args__ = (
        UniqueConstraint("shop_id", "external_id"),
        Index("document_file", "shop_id", "file_hash", postgresql_where=text("file_hash IS NOT NULL")),
    )

    id: UUID = Field(primary_key=True)
    external_id: str
    title: str
    url: str | None = None
    content_hash: bytes
    source: str
    fetched_at: datetime
    created_at: datetime = Field(default_factory=now)
    file_hash: bytes | None = None
    file_documents: int | None = None
    units_of: bytes | None = None
    units_version: int | None = Field(default=None, sa_type=SmallInteger)


class PassageRow(TableModel, table=True):
    """The indexed piece of a product or a document: its text, its lexical form and its vector."""

    __tablename__ = "passage"
    __table_args__ = (
        is_one_of("kind", ("product", "document")),
        CheckConstraint("(kind = 'product') = (product_id IS NOT NULL)"),
        CheckConstraint("(kind = 'document') = (document_id IS NOT NULL)"),
        references("document", ("shop_id", "document_id"), ("shop_id", "id")),
        references("product", ("shop_id", "product_id"), ("shop_id", "id")),
        Index(
            "passage_document",
            "shop_id",
            "document_id",
            "position",
            unique=True,
            postgresql_where=text("document_id IS NOT NULL"),
        ),
        Index("passage_owner", "shop_id", "owner_external_id"),
        Index(
            "passage_product",
            "shop_id",
            "product_id",
            "position",
            unique=True,
            postgresql_where=text("product_id IS NOT NULL"),
        ),
        Index("passage_search", "search", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
        Index("passage_unembedded", "shop_id", "id", postgresql_where=text("embedding IS NULL")),
    )

    shop_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    position: int = 0
    available: bool = True
    embedding: list[float] | None = Field(default=None, sa_type=HALFVEC(384))
    kind: str
    embedding_model: str | None = None
    price_minor: int | None = Field(default=None, sa_type=BigInteger)
    currency: str | None = None
    search: str = Field(sa_type=TSVECTOR)
    product_id: UUID | None = None
    document_id: UUID | None = None
    owner_external_id: str
    identifiers: list[str] = Field(default_factory=list, sa_type=ARRAY(Text))
    title: str
    heading_path: list[str] = Field(default_factory=list, sa_type=ARRAY(Text))
    body: str
    url: str | None = None
    content_hash: bytes
    embedding_multilingual: list[float] | None = Field(default=None, sa_type=HALFVEC(512))
    multilingual_model: str | None = None


class EvidenceUnitRow(TableModel, table=True):
    """A unit of a document: what of it can be quoted alone, with its lexical form and its vector."""

    __tablename__ = "evidence_unit"
    __table_args__ = (references("document", ("shop_id", "document_id"), ("shop_id", "id")),)

    shop_id: UUID = Field(primary_key=True)
    document_id: UUID = Field(primary_key=True)
    position: int = Field(primary_key=True)
    place: int = Field(primary_key=True)
    embedding: list[float] | None = Field(default=None, sa_type=HALFVEC(384))
    embedding_model: str | None = None
    embedding_multilingual: list[float] | None = Field(default=None, sa_type=HALFVEC(512))
    multilingual_model: str | None = None
    search: str = Field(sa_type=TSVECTOR)
    kind: str
    text: str
    label: str
    heading: list[str] = Field(sa_type=ARRAY(Text))
    before: str
    after: str
    content_hash: bytes


class ProductUnitVectorRow(TableModel, table=True):
    """The vector of a unit of a product that somebody asked about; the unit itself is read from the product."""

    __tablename__ = "product_unit_vector"
    __table_args__ = (references("product", ("shop_id", "product_id"), ("shop_id", "id")),)

    shop_id: UUID = Field(primary_key=True)
    product_id: UUID = Field(primary_key=True)
    content_hash: bytes = Field(primary_key=True)
    embedding_model: str = Field(primary_key=True)
    embedding: list[float] = Field(sa_type=HALFVEC())


class PassageStatisticsRow(TableModel, table=True):
    """What a shop's search knows of its passages; it may lag behind or be missing."""

    __tablename__ = "passage_statistics"

    shop_id: UUID = Field(primary_key=True)
    passages: int | None = None
    vector_index: bool = False
    refreshed_at: datetime = Field(default_factory=now)
    language: str | None = None
    multilingual_index: bool = False


class PassageCompoundRow(TableModel, table=True):
    """A word of the shop that has another of its words as its beginning or end."""

    __tablename__ = "passage_compound"

    shop_id: UUID = Field(primary_key=True)
    part: str = Field(primary_key=True)
    lexeme: str = Field(primary_key=True)


class PassageFrequencyRow(TableModel, table=True):
    """How many passages of the shop contain a common lexeme."""

    __tablename__ = "passage_frequency"

    shop_id: UUID = Field(primary_key=True)
    lexeme: str = Field(primary_key=True)
    passages: int
