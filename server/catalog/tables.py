"""The table of products."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from server.core.table_model import ShopTableModel, now


class ProductRow(ShopTableModel, table=True):
    """A product of the shop's catalog."""

    __tablename__ = "product"
    __table_args__ = (UniqueConstraint("shop_id", "external_id"),)

    id: UUID = Field(primary_key=True)
    external_id: str
    title: str
    description: str = ""
    brand: str | None = None
    category: list[str] = Field(default_factory=list, sa_type=JSONB)
    url: str | None = None
    image_url: str | None = None
    price_minor: int | None = Field(default=None, sa_type=BigInteger)
    compare_at_minor: int | None = Field(default=None, sa_type=BigInteger)
    currency: str | None = None
    available: bool = True
    variants: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB)
    attributes: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    identifiers: list[str] = Field(default_factory=list, sa_type=JSONB)
    content_hash: bytes
    source: str
    source_updated_at: datetime | None = None
    fetched_at: datetime
    created_at: datetime = Field(default_factory=now)
    hidden: bool = False
