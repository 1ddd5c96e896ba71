"""The table of privacy requests."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from server.core.table_model import ShopTableModel, is_one_of, now


class PrivacyRequestRow(ShopTableModel, table=True):
    """What was requested of a person's data (by hash), and what was done."""

    __tablename__ = "privacy_request"
    __table_args__ = (is_one_of("kind", ("export", "erase")),)

    id: UUID = Field(primary_key=True)
    kind: str
    person_hash: bytes
    asked_by: str
    asked_at: datetime = Field(default_factory=now)
    done_at: datetime | None = None
    counts: dict[str, int] = Field(default_factory=dict, sa_type=JSONB)
    export: bytes | None = None
