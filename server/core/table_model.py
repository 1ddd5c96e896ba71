"""What the classes of the tables (`tables.py` of each feature) have in common: column types, times, one shop's rows."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, ForeignKeyConstraint, Text, event
from sqlalchemy.orm import Mapper
from sqlmodel import Field, SQLModel
from sqlmodel.sql.sqltypes import AutoString


class TableModel(SQLModel):
    """A table's row. Its class says what the migrated database has; `tests/architecture/test_table_models.py` compares
    them both ways. Rows that are written through a class get their defaults from it, others from the migrations.
    """


class ShopTableModel(TableModel):
    """A row of a table whose rows belong to a shop and are deleted with it."""

    shop_id: UUID = Field(primary_key=True, foreign_key="shop.id", ondelete="CASCADE")


def now() -> datetime:
    """The time of a row that is created."""
    return datetime.now(UTC)


def references(table: str, columns: Sequence[str], keys: Sequence[str]) -> ForeignKeyConstraint:
    """A foreign key of several columns; rows are deleted with the row that they refer to."""
    return ForeignKeyConstraint(list(columns), [f"{table}.{key}" for key in keys], ondelete="CASCADE")


@event.listens_for(TableModel, "instrument_class", propagate=True)
def _use_types_of_migrations(mapper: Mapper[Any], _class: type) -> None:
    """A text has no length, and a time has its zone; SQLModel would say VARCHAR and TIMESTAMP."""
    for column in mapper.local_table.columns:
        if isinstance(column.type, AutoString):
            column.type = Text()
        elif isinstance(column.type, DateTime):
            column.type = DateTime(timezone=True)
