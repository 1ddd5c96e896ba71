"""What the classes of the tables (`tables.py` of each feature) have in common: column types, times, one shop's rows."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    ColumnDefault,
    DateTime,
    DefaultClause,
    ForeignKeyConstraint,
    Text,
    event,
    func,
    text,
)
from sqlalchemy.orm import Mapper
from sqlalchemy.types import TypeEngine
from sqlmodel import Field, SQLModel
from sqlmodel.sql.sqltypes import AutoString


class TableModel(SQLModel):
    """A table's row. Its class says what the migrated database has; `tests/architecture/test_table_models.py` compares
    them both ways. A default of the class is the column's default in the database too.
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


def is_one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    """The check that a text is one of these."""
    return CheckConstraint(f"{column} IN ({', '.join(map(repr, values))})")


@event.listens_for(TableModel, "instrument_class", propagate=True)
def _use_types_and_defaults_of_migrations(mapper: Mapper[Any], _class: type) -> None:
    """A text has no length, and a time has its zone; SQLModel would say VARCHAR and TIMESTAMP. The database knows the
    defaults as well."""
    for column in mapper.local_table.columns:
        assert isinstance(column, Column)
        if column.server_default is None and isinstance(column.default, ColumnDefault):
            column.server_default = _server_default(column.default, column.type)
        if isinstance(column.type, AutoString):
            column.type = Text()
        elif isinstance(column.type, DateTime):
            column.type = DateTime(timezone=True)


def _server_default(default: ColumnDefault, column_type: TypeEngine[Any]) -> DefaultClause | None:
    """The default as the database has it; None for what only the application can make, such as an id."""
    match default.arg(None) if default.is_callable else default.arg:
        case datetime():
            return DefaultClause(func.now())
        case list() | dict() as empty if not empty:
            return DefaultClause("[]" if isinstance(empty, list) and not isinstance(column_type, ARRAY) else "{}")
        case bool() as value:
            return DefaultClause(text("true" if value else "false"))
        case int() as value:
            return DefaultClause(text(str(value)))
        case str() as value:
            return DefaultClause(value)
    return None
