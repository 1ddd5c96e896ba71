"""Reads products from a file of any known format: detects the format, reads row by row and reports repeated ids."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, tzinfo
from io import BufferedReader
from itertools import islice
from pathlib import Path
from typing import Any

from msgspec import Struct, structs

from . import (
    bigcommerce_export,
    google_feed,
    json_rows,
    magento_export,
    row_exports,
    shopify_export,
    woocommerce_export,
)
from .cell_access import Context
from .columns import normalise, resolve
from .decompress import HEAD_BYTES, LimitReached, cut_bytes, open_bytes, read_head, text_lines
from .delimited import Table, detect_table, table_records
from .generic import build_product
from .grouping import Group, group_records
from .mapping import Source, compile_mapping, get_by_path
from .money import currency_code
from .platform_json import find_json_export
from .row_result import BadRow, ParsedProduct, Progress, ReadLimit, Record, ReplacedRow, Row, UnreadableFile
from .text_encoding import decode_bytes
from .xml_rows import feed_records

Records = Iterator[Record | BadRow]
_GROUP_IDS = frozenset(("item group id", "itemgroupid"))
"""Columns of groups of which no row is the parent."""


class _Format(Struct, frozen=True):
    """How to read a format: `open_records` yields its raw records and `build` makes a product of each. Where a product
    has several of them, `key_of` names the product of each and `build_group` builds it; `learn` reads all records
    before, where the key of one depends on others."""

    name: str
    open_records: Callable[[BufferedReader], Records]
    header: tuple[str, ...] | None = None
    key_of: Callable[[Record, Context], str] | None = None
    build_group: Callable[[Group, Context], list[Row]] | None = None
    build: Callable[[Record, Context], Row] = build_product
    learn: Callable[[Records, Context], None] | None = None
    is_platform: bool = False


def read_products(
    path: Path,
    *,
    mapping: dict[str, str] | None,
    default_currency: str,
    progress: Progress | None = None,
    zone: tzinfo = UTC,
    storefront_url: str | None = None,
    limit: ReadLimit | None = None,
) -> Iterator[Row]:
    """Yield the products of a file, and its bad rows, as they are read, in bounded memory.

    `mapping` is a result of `mapping.parse_mapping`; `default_currency` is that of prices without one. Of rows with the
    same id the last counts, and a ReplacedRow is yielded for each earlier one. Times without a zone are in `zone`;
    where a file has handles instead of addresses, they are of pages below `storefront_url`. No raw row behind `limit`
    is read, not even to find what belongs together.

    Raises MappingError and UnreadablePrice (for the default currency) at once. Raises UnreadableFile at once for an
    unknown format, or later, after all rows before the place that cannot be read.
    """
    context = Context(currency_code(default_currency), compile_mapping(mapping), zone, storefront_url)
    head = read_head(path)
    is_grouped = any(source.target == "group" for source in context.sources)
    file_format = _detect(head, is_grouped=is_grouped)
    _require_columns(file_format, context.sources)
    if limit:
        file_format = structs.replace(file_format, open_records=_limited(file_format.open_records, limit))
    return _read(path, file_format, context, progress or Progress(), limit)


def _limited(
    open_records: Callable[[BufferedReader], Records], limit: ReadLimit
) -> Callable[[BufferedReader], Records]:
    """The same records, up to the limit."""

    def records(stream: BufferedReader) -> Records:
        try:
            for number, record in enumerate(open_records(cut_bytes(stream, limit.unpacked_bytes))):
                if number >= limit.rows:
                    limit.is_reached = True
                    return
                yield record
        except LimitReached:
            limit.is_reached = True

    return records


class FileHead(Struct, frozen=True, kw_only=True):
    """The beginning of a file: its format, its columns as it names them, and its first rows. `is_export` says that a
    platform made it, so that the meaning of its columns is known."""

    format: str
    columns: tuple[str, ...]
    rows: list[dict[str, Any]]
    is_export: bool


def read_file_head(path: Path, limit: int) -> FileHead:
    """Read the first `limit` rows, or those before damage, without building products of them. Raises UnreadableFile
    for a file of an unknown format."""
    head = read_head(path)
    file_format = _detect(head)
    rows: list[dict[str, Any]] = []
    with closing(open_bytes(path, Progress())) as stream, suppress(UnreadableFile):
        records = (each for each in file_format.open_records(stream) if isinstance(each, Record))
        rows.extend(record.fields for record in islice(records, limit))
    return FileHead(
        format=file_format.name,
        columns=file_format.header or tuple(dict.fromkeys(name for row in rows for name in row)),
        rows=rows,
        is_export=file_format.is_platform,
    )


def detect_format(path: Path) -> str:
    """Return the name of a file's format, such as "Shopify export". Raises UnreadableFile."""
    return _detect(read_head(path)).name


def _detect(head: bytes, *, is_grouped: bool = False) -> _Format:
    text = decode_bytes(head).replace("\0", "")
    start = text.lstrip()[:2000].lower()
    is_whole = len(head) < HEAD_BYTES
    has_groups = "item_group_id" in text
    groups = google_feed.ItemGroups()
    feed = (groups.key, google_feed.build_group)
    if start.startswith(("<!doctype html", "<html")):
        raise UnreadableFile("this is a web page, not a product file; to read a site use `aisle crawl`")
    if start.startswith("<"):
        return _Format("XML product feed", lambda stream: feed_records(stream), None, *feed)
    if start.startswith(("[", "{")):
        return _json_format(text, head, feed if has_groups or is_grouped else ())
    return _table_format(detect_table(text, is_whole=is_whole), head, is_grouped=is_grouped)


def _json_format(text: str, head: bytes, feed: tuple[Any, ...]) -> _Format:
    is_lines = json_rows.is_json_lines(text)

    def records(stream: BufferedReader) -> Records:
        lines = text_lines(stream, head)
        return json_rows.line_records(lines) if is_lines else json_rows.array_records(lines, text)

    if export := find_json_export(text):
        return _Format(export.name, records, None, export.key_of, export.build_group, is_platform=True)
    return _Format("JSONL" if is_lines else "JSON", records, None, *feed)


def _table_format(table: Table, head: bytes, *, is_grouped: bool) -> _Format:
    def records(stream: BufferedReader) -> Records:
        return table_records(text_lines(stream, head), table)

    header = table.header
    if shopify_export.is_shopify_export(header):
        return _Format(
            "Shopify export", records, header, shopify_export.group_key, shopify_export.build_group, is_platform=True
        )
    if columns := woocommerce_export.find_columns(header, table.sample):
        families = woocommerce_export.Families()
        return _Format(
            "WooCommerce export",
            lambda stream: woocommerce_export.translate(records(stream), columns),
            header,
            families.key,
            woocommerce_export.build_group,
            is_platform=True,
        )
    if magento_export.is_magento_export(header):
        products = magento_export.Families()
        return _Format(
            "Magento export",
            records,
            header,
            products.key,
            products.build_group,
            learn=products.learn,
            is_platform=True,
        )
    if bigcommerce_export.is_bigcommerce_export(header):
        above = bigcommerce_export.Families()
        return _Format(
            "BigCommerce export", records, header, above.key, bigcommerce_export.build_group, is_platform=True
        )
    if names := row_exports.find_prestashop_columns(header):
        return _Format(
            "PrestaShop export",
            records,
            header,
            build=lambda record, context: row_exports.build_prestashop(record, context, names),
            is_platform=True,
        )
    if row_exports.is_opencart_export(header):
        return _Format("OpenCart export", records, header, build=row_exports.build_opencart, is_platform=True)
    name = "TSV" if table.delimiter == "\t" else "CSV"
    grouping = {normalise(column.name) for column in resolve(header).by_target.get("group", ())}
    if grouping or is_grouped:
        groups = google_feed.ItemGroups()
        has_parents = is_grouped or not grouping <= _GROUP_IDS
        return _Format(
            f"{name} product feed",
            records,
            header,
            groups.key,
            google_feed.build_group,
            learn=groups.learn if has_parents else None,
        )
    return _Format(name, records, header)


def _require_columns(file_format: _Format, sources: tuple[Source, ...]) -> None:
    if file_format.header is None:
        return
    columns = ", ".join(file_format.header)[:300]
    for source in sources:
        if source.constant is None and source.path not in file_format.header:
            raise UnreadableFile(
                f"--map {source.target}={source.path}: there is no column {source.path!r}; the columns are {columns}"
            )
    known = {*resolve(file_format.header).by_target, *(source.target for source in sources)}
    for target in ("id", "title"):
        if not file_format.is_platform and target not in known:
            raise UnreadableFile(
                f"no column looks like the {target}; the columns are {columns}; use --map {target}=COLUMN"
            )


def _read(
    path: Path, file_format: _Format, context: Context, progress: Progress, limit: ReadLimit | None
) -> Iterator[Row]:
    unseen = {source.path for source in context.sources if source.constant is None}
    count = 0
    if file_format.learn:
        with closing(open_bytes(path, Progress())) as stream:
            file_format.learn(file_format.open_records(stream), context)
    with closing(open_bytes(path, progress)) as stream:
        records = _discard_found(file_format.open_records(stream), unseen)
        for row in _mark_replaced(_rows(records, file_format, context, progress)):
            count += 1
            yield row
    if not count:
        raise UnreadableFile("the file has no products: there are no rows below the header, or the list is empty")
    if limit and limit.is_reached:
        return
    for name in sorted(unseen):
        yield BadRow(0, f"--map names {name!r}, but no row has such a field")


def _discard_found(records: Records, unseen: set[str]) -> Records:
    """Yield the records unchanged, and remove from `unseen` each mapped field that one of them has."""
    for record in records:
        if unseen and isinstance(record, Record):
            unseen -= {name for name in unseen if get_by_path(record.fields, name) is not None}
        yield record


def _rows(records: Records, file_format: _Format, context: Context, progress: Progress) -> Iterator[Row]:
    if file_format.key_of is None or file_format.build_group is None:
        for record in records:
            yield record if isinstance(record, BadRow) else file_format.build(record, context)
        return
    key_of, build_group = file_format.key_of, file_format.build_group
    for group in group_records(records, lambda record: key_of(record, context), progress):
        if isinstance(group, BadRow):
            yield group
        else:
            yield from build_group(group, context)


def _mark_replaced(rows: Iterator[Row]) -> Iterator[Row]:
    """Add a ReplacedRow for the earlier of two rows with one id. Ids are hashed to 8 bytes each, so that those of a
    whole catalog fit in memory."""
    seen: dict[int, int] = {}
    for row in rows:
        if isinstance(row, ParsedProduct):
            external_id = row.product.external_id
            key = int.from_bytes(hashlib.blake2b(external_id.encode(), digest_size=8).digest(), "big")
            if earlier := seen.get(key):
                yield ReplacedRow(earlier, f"is replaced by row {row.row}, which has the same id {external_id[:60]}")
            seen[key] = row.row
        yield row
