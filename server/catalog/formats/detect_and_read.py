"""Reads products from a file of any known format: detects it, reads row by row, reports repeated ids."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing
from io import BufferedReader
from pathlib import Path

from msgspec import Struct

from . import google_feed, json_rows, shopify_export, woocommerce_export
from .cell_access import Context
from .columns import resolve
from .decompress import HEAD_BYTES, open_bytes, read_head, text_lines
from .delimited import Table, detect_table, table_records
from .generic import build_product
from .grouping import Group, group_records
from .mapping import Source, compile_mapping, get_by_path
from .money import currency_code
from .row_result import BadRow, ParsedProduct, Progress, Record, ReplacedRow, Row, UnreadableFile
from .text_encoding import decode_bytes
from .xml_rows import feed_records

Records = Iterator[Record | BadRow]


class _Shape(Struct, frozen=True):
    """How to read a format: its raw records, and how those of one product are found and built."""

    name: str
    open_records: Callable[[BufferedReader], Records]
    header: tuple[str, ...] | None = None
    key_of: Callable[[Record, Context], str] | None = None
    build_group: Callable[[Group, Context], list[Row]] | None = None


def read_products(
    path: Path, *, mapping: dict[str, str] | None, default_currency: str, progress: Progress | None = None
) -> Iterator[Row]:
    """Yield the products of a file, and its bad rows, as they are read, in bounded memory.

    `mapping` is `mapping.parse_mapping`'s; `default_currency` holds where a price names none. Raises MappingError
    and UnreadablePrice (for the default currency) at once; UnreadableFile when, or as soon as, the file cannot be
    read on, after the good rows before that place. Of rows with one id the last wins, and the others are named.
    """
    context = Context(currency_code(default_currency), compile_mapping(mapping))
    head = read_head(path)
    shape = _detect(head)
    _require_columns(shape, context.sources)
    return _read(path, shape, context, progress or Progress())


def detect_format(path: Path) -> str:
    """Return the name of a file's format, such as "Shopify export". Raises UnreadableFile."""
    return _detect(read_head(path)).name


def _detect(head: bytes) -> _Shape:
    text = decode_bytes(head).replace("\0", "")
    start = text.lstrip()[:2000].lower()
    is_whole = len(head) < HEAD_BYTES
    has_groups = "item_group_id" in text
    feed = (google_feed.group_key, google_feed.build_group)
    if start.startswith(("<!doctype html", "<html")):
        raise UnreadableFile("this is a web page, not a product file; to read a site use `aisle crawl`")
    if start.startswith("<"):
        return _Shape("XML product feed", lambda stream: feed_records(stream), None, *feed)
    if start.startswith(("[", "{")):
        is_lines = json_rows.is_json_lines(text)
        return _Shape(
            "JSONL" if is_lines else "JSON",
            lambda stream: (
                json_rows.line_records(text_lines(stream, head))
                if is_lines
                else json_rows.array_records(text_lines(stream, head), text)
            ),
            None,
            *(feed if has_groups else ()),
        )
    return _table_shape(detect_table(text, is_whole=is_whole), head)


def _table_shape(table: Table, head: bytes) -> _Shape:
    def records(stream: BufferedReader) -> Records:
        return table_records(text_lines(stream, head), table)

    header = table.header
    if shopify_export.is_shopify(header):
        return _Shape("Shopify export", records, header, shopify_export.group_key, shopify_export.build_group)
    if woocommerce_export.is_woocommerce(header):
        families = woocommerce_export.Families()
        return _Shape("WooCommerce export", records, header, families.key, woocommerce_export.build_group)
    name = "TSV" if table.delimiter == "\t" else "CSV"
    if "group" in resolve(header).by_target:
        return _Shape(f"{name} product feed", records, header, google_feed.group_key, google_feed.build_group)
    return _Shape(name, records, header)


def _require_columns(shape: _Shape, sources: tuple[Source, ...]) -> None:
    if shape.header is None:
        return
    columns = ", ".join(shape.header)[:300]
    for source in sources:
        if source.constant is None and source.path not in shape.header:
            raise UnreadableFile(
                f"--map {source.target}={source.path}: there is no column {source.path!r}; the columns are {columns}"
            )
    known = {*resolve(shape.header).by_target, *(source.target for source in sources)}
    for target in ("id", "title"):
        if shape.build_group in (None, google_feed.build_group) and target not in known:
            raise UnreadableFile(
                f"no column looks like the {target}; the columns are {columns}; use --map {target}=COLUMN"
            )


def _read(path: Path, shape: _Shape, context: Context, progress: Progress) -> Iterator[Row]:
    unseen = {source.path for source in context.sources if source.constant is None}
    count = 0
    with closing(open_bytes(path, progress)) as stream:
        records = _strike_found(shape.open_records(stream), unseen)
        for row in _mark_replaced(_rows(records, shape, context, progress)):
            count += 1
            yield row
    if not count:
        raise UnreadableFile("the file has no products: there are no rows below the header, or the list is empty")
    for name in sorted(unseen):
        yield BadRow(0, f"--map names {name!r}, but no row has such a field")


def _strike_found(records: Records, unseen: set[str]) -> Records:
    """Pass records on and remove from `unseen` each mapped field that a row has."""
    for record in records:
        if unseen and isinstance(record, Record):
            unseen -= {name for name in unseen if get_by_path(record.fields, name) is not None}
        yield record


def _rows(records: Records, shape: _Shape, context: Context, progress: Progress) -> Iterator[Row]:
    if shape.key_of is None or shape.build_group is None:
        for record in records:
            yield record if isinstance(record, BadRow) else build_product(record, context)
        return
    key_of, build_group = shape.key_of, shape.build_group
    for group in group_records(records, lambda record: key_of(record, context), progress):
        if isinstance(group, BadRow):
            yield group
        else:
            yield from build_group(group, context)


def _mark_replaced(rows: Iterator[Row]) -> Iterator[Row]:
    """Report the earlier of two rows with one id. Ids take 8 bytes each, so those of a catalog fit in memory."""
    seen: dict[int, int] = {}
    for row in rows:
        if isinstance(row, ParsedProduct):
            external_id = row.product.external_id
            key = int.from_bytes(hashlib.blake2b(external_id.encode(), digest_size=8).digest(), "big")
            if earlier := seen.get(key):
                yield ReplacedRow(earlier, f"is replaced by row {row.row}, which has the same id {external_id[:60]}")
            seen[key] = row.row
        yield row
