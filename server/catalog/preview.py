"""A catalog file as it would be imported: its columns, the first products, and what is wrong or missing."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any

from msgspec import Struct

from integrations.platform import Product
from server.catalog.formats import (
    BadRow,
    MappingError,
    ParsedProduct,
    ReadLimit,
    ReplacedRow,
    UnreadableFile,
    read_understood_products,
)
from server.catalog.formats.columns import resolve
from server.catalog.formats.detect_and_read import read_file_head
from server.catalog.formats.field_values import render_text
from server.catalog.formats.mapping import TARGETS
from server.catalog.formats.row_result import SkippedRow

MAX_ROWS = 5_000
"""Raw rows that a preview reads: about a second."""
MAX_PREVIEW_BYTES = 16 * 2**20
"""Unpacked, that those rows may take."""
ROWS_SHOWN = 5
BAD_ROWS_SHOWN = 20
MAX_COLUMNS_SHOWN = 100
MAX_EXAMPLE = 80


class FileColumn(Struct, frozen=True, kw_only=True):
    """A column with the value of its first filled row. `target` is what it is used as: a target of the mapping,
    `private` where it is never read, empty where it becomes an attribute."""

    name: str
    example: str
    target: str


class FilePreview(Struct, frozen=True, kw_only=True):
    """What an import would do. `problem` says why the file as a whole cannot be read, as it is mapped now."""

    format: str
    columns: tuple[FileColumn, ...]
    takes_mapping: bool
    """False for an export whose columns are known."""
    problem: str = ""
    rows: int = 0
    is_whole: bool = True
    """Whether all rows were read, and not the first MAX_ROWS only."""
    products: tuple[Product, ...] = ()
    bad: tuple[BadRow, ...] = ()
    lacks: dict[str, int] = {}
    """How many products lack a field: price, description, image_url, url."""
    counts: dict[str, int] = {}
    """How many rows are products, wrong, skipped on purpose, or replaced by a later one of the same id; and how many
    products cannot be bought."""
    currencies: dict[str, int] = {}
    names_currency: bool = False
    """Whether the file itself says what its prices are in."""


FIELDS = ("price", "description", "image_url", "url")


def preview_file(
    path: Path,
    mapping: Mapping[str, str],
    currency: str,
    *,
    zone: tzinfo = UTC,
    storefront_url: str | None = None,
) -> FilePreview:
    """Read the beginning of a file as an import with this mapping would: times without a zone are in `zone`, handles
    are of pages below `storefront_url`. Raises UnreadableFile for a file that is no catalog at all."""
    head = read_file_head(path, ROWS_SHOWN)
    columns = _columns(head.columns, head.rows, mapping)
    shown = FilePreview(format=head.format, columns=columns, takes_mapping=not head.is_export)
    limit = ReadLimit(rows=MAX_ROWS, unpacked_bytes=MAX_PREVIEW_BYTES)
    try:
        rows = list(
            read_understood_products(
                path,
                mapping=dict(mapping),
                default_currency=currency,
                zone=zone,
                storefront_url=storefront_url,
                limit=limit,
            )
        )
    except (UnreadableFile, MappingError) as reason:
        return _with(shown, problem=str(reason))
    return _judged(shown, rows, not limit.is_reached, head.columns, mapping)


def _judged(
    shown: FilePreview, rows: list[Any], is_whole: bool, columns: tuple[str, ...], mapping: Mapping[str, str]
) -> FilePreview:
    products = [row.product for row in rows if isinstance(row, ParsedProduct)]
    counts: Counter[str] = Counter(_kind(row) for row in rows)
    counts["sold_out"] = sum(not product.available for product in products)
    layout = resolve(columns)
    priced = [product.price for product in products if product.price]
    return _with(
        shown,
        rows=sum(not isinstance(row, ReplacedRow) for row in rows),
        is_whole=is_whole,
        products=tuple(products[:ROWS_SHOWN]),
        bad=tuple(row for row in rows if _kind(row) == "wrong")[:BAD_ROWS_SHOWN],
        lacks={name: sum(not getattr(product, name) for product in products) for name in FIELDS},
        counts=dict(counts),
        currencies=dict(Counter(price.currency for price in priced)),
        names_currency="currency" in mapping
        or "currency" in layout.by_target
        or any(column.currency for found in layout.by_target.values() for column in found),
    )


def _kind(row: Any) -> str:
    match row:
        case ParsedProduct():
            return "products"
        case SkippedRow():
            return "skipped"
        case ReplacedRow():
            return "replaced"
        case _:
            return "wrong"


def _columns(names: tuple[str, ...], rows: list[dict[str, Any]], mapping: Mapping[str, str]) -> tuple[FileColumn, ...]:
    layout = resolve(names)
    chosen = {source.removesuffix("/100"): target for target, source in mapping.items()}
    first = {
        target: next((column.name for column in found if column.name not in chosen), "")
        for target, found in layout.by_target.items()
        if target not in mapping
    }
    detected = {name: target for target in reversed(TARGETS) if (name := first.get(target))}
    return tuple(
        FileColumn(
            name=name,
            example=_example(name, rows),
            target=chosen.get(name) or ("private" if name in layout.private else detected.get(name, "")),
        )
        for name in names[:MAX_COLUMNS_SHOWN]
    )


def _example(name: str, rows: list[dict[str, Any]]) -> str:
    texts = (" ".join(render_text(row.get(name)).split()) for row in rows)
    return next((text for text in texts if text), "")[:MAX_EXAMPLE]


def _with(shown: FilePreview, **changes: Any) -> FilePreview:
    return FilePreview(**{name: getattr(shown, name) for name in FilePreview.__struct_fields__} | changes)
