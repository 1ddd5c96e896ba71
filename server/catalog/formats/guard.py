"""Stops an import of products before anything is written, where the file has not been understood: columns that look
like a price, a visibility, a parent or a stock and are read by nothing, or products that mostly have no price."""

import itertools
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any

from msgspec import Struct

from .columns import is_private, normalise, resolve
from .detect_and_read import read_file_head, read_products
from .field_values import is_empty, parse_availability, parse_visibility, render_text
from .mapping import Source, compile_mapping
from .money import UnreadablePrice, parse_money
from .row_result import ParsedProduct, Progress, ReadLimit, Row, UnreadableFile
from .vocabulary import look_alikes

JUDGED_ROWS = 500
"""How many rows are read before the first is imported. A small file is judged as a whole."""
_SAMPLE_ROWS = 200
_MAX_FLAGS = 8
_MAX_FLAG_CHARS = 30
_SHOWN_CELLS = 3
_UNSPACED = re.compile("[\\u3040-\\u9fff\\uac00-\\ud7af\\u0e00-\\u0e7f]")
_LEAST_ENDING_CHARS = 4
_TWO_DECIMALS = re.compile(r"\D{0,4}\d{1,3}(?:[.,' ]?\d{3}){0,2}[.,]\d{2}\D{0,4}")


class _Columns(Struct, frozen=True):
    """The columns of a file with their filled cells: those that something reads, by meaning, and those nothing does."""

    cells: dict[str, list[Any]]
    read: dict[str, list[str]]
    unread: list[str]

    def like(self, target: str) -> Iterator[str]:
        """The unread columns whose names and cells look like a meaning."""
        words: Sequence[str] = getattr(look_alikes(), target)
        for name in self.unread:
            if self.cells[name] and _is_named(name, words, target) and _LOOKS[target](self.cells[name]):
                yield name

    def amounts(self) -> Iterator[str]:
        """The unread columns of which most cells are amounts with two decimals, whatever their name."""
        for name in self.unread:
            if self.cells[name] and _has_decimals(self.cells[name]):
                yield name


def read_understood_products(
    path: Path,
    *,
    mapping: dict[str, str] | None,
    default_currency: str,
    progress: Progress | None = None,
    zone: tzinfo = UTC,
    storefront_url: str | None = None,
    limit: ReadLimit | None = None,
) -> Iterator[Row]:
    """Yield what `read_products` yields, once enough of the file is read to know that it was understood. Raises
    UnreadableFile before the first row otherwise, with what was seen and the `--map` that would mend it."""
    sources = compile_mapping(mapping)
    rows = read_products(
        path,
        mapping=mapping,
        default_currency=default_currency,
        progress=progress,
        zone=zone,
        storefront_url=storefront_url,
        limit=limit,
    )
    return _guarded(rows, path, sources)


def _guarded(rows: Iterator[Row], path: Path, sources: tuple[Source, ...]) -> Iterator[Row]:
    judged: list[Row] = []
    failure: UnreadableFile | None = None
    try:
        judged.extend(itertools.islice(rows, JUDGED_ROWS))
    except UnreadableFile as reason:  # what is before the damage is imported all the same
        failure = reason
    if judged:
        _require_understood(judged, path, sources)
    yield from judged
    if failure:
        raise failure
    yield from rows


def _require_understood(judged: list[Row], path: Path, sources: tuple[Source, ...]) -> None:
    is_platform, columns = _columns(path, sources)
    concerns = [] if is_platform else [*_unread_columns(columns, sources)]
    if concern := _missing_prices(judged, columns, sources):
        concerns.append(concern)
    if concerns:
        raise UnreadableFile(f"nothing was imported: {'; '.join(concerns)}")


def _columns(path: Path, sources: tuple[Source, ...]) -> tuple[bool, _Columns]:
    head = read_file_head(path, _SAMPLE_ROWS)
    cells: dict[str, list[Any]] = {}
    for row in head.rows:
        for name, value in row.items():
            filled = cells.setdefault(name, [])
            if not is_empty(value):
                filled.append(value)
    layout = resolve(tuple(cells))
    read = {target: [column.name for column in found] for target, found in layout.by_target.items()}
    taken = {name for names in read.values() for name in names} | {source.path.split(".")[0] for source in sources}
    mapped = {source.path for source in sources}
    unread = [name for name in cells if name not in taken | mapped and not is_private(name)]
    return head.is_export, _Columns(cells, read, unread)


def _unread_columns(columns: _Columns, sources: tuple[Source, ...]) -> Iterator[str]:
    """What looks like a visibility, a parent or a stock, where nothing of the kind was understood."""
    given = {source.target for source in sources}
    if "status" not in given:
        yield from _unknown_statuses(columns)
        if not {"status", "hidden"} & columns.read.keys():
            for name in [*columns.like("status"), *columns.like("status_or_condition")]:
                yield (
                    f"the column {name!r} ({_examples(columns.cells[name])}) looks as if it said which products are "
                    f"shown; use --map 'status={name}', or --map status==public if all are"
                )
    if not {"group"} & (given | columns.read.keys()):
        for name in columns.like("group"):
            yield (
                f"the column {name!r} ({_examples(columns.cells[name])}) looks like the parent of variants; use --map "
                f"'group={name}', or --map 'attributes.{name}={name}' if it is none"
            )
    if not {"stock", "available"} & (given | columns.read.keys()):
        for name in columns.like("stock"):
            yield (
                f"the column {name!r} ({_examples(columns.cells[name])}) looks like the stock; use --map "
                f"'stock={name}' or --map 'available={name}', or --map 'attributes.{name}={name}' if it is none"
            )


def _unknown_statuses(columns: _Columns) -> Iterator[str]:
    """Columns of visibility of which no cell at all has a known word."""
    for name in columns.read.get("status", []):
        cells = columns.cells[name]
        if cells and all(parse_visibility(cell) is None for cell in cells):
            yield (
                f"no cell of {name!r} ({_examples(cells)}) is known to mean that shoppers may see a product; use --map "
                "status==public if they may see all, or --map status=COLUMN"
            )


def _missing_prices(judged: list[Row], columns: _Columns, sources: tuple[Source, ...]) -> str | None:
    """What is wrong when most products have no price: a column that looks like one is not read, or none has a price."""
    products = [row.product for row in judged if isinstance(row, ParsedProduct)]
    without = [product for product in products if product.price is None]
    if len(without) * 2 <= len(products) or any(source.target in ("price", "variants") for source in sources):
        return None
    found = list(dict.fromkeys([*columns.like("price"), *columns.amounts()]))
    if not found and (len(without) < len(products) or not columns.unread):
        return None  # some have a price, or every column is understood: the file simply has no more prices
    count = f"{len(without):,} of {len(products):,} products have no price"
    if found:
        named = "; ".join(f"{name!r} ({_examples(columns.cells[name])})" for name in found[:_SHOWN_CELLS])
        return f"{count}, and {named} looks like one; use --map 'price={found[0]}'"
    names = ", ".join(columns.cells)[:300]
    return f"{count}; the columns are {names}; use --map price=COLUMN, or --map price==none if the shop tells no prices"


def _is_named(name: str, words: Sequence[str], target: str) -> bool:
    """Whether a name has one of the words: as a word, at the end of a longer one ("Verkaufspreis") for amounts, or
    anywhere in a script without spaces."""
    plain = normalise(name)
    tokens = set(plain.split()) | set(normalise(name.lower()).split())
    if target == "price" and tokens & set(look_alikes().not_price):
        return False
    takes_endings = target in ("price", "stock")
    return any(
        word in tokens
        or (bool(_UNSPACED.search(word)) and word in plain)
        or (takes_endings and len(word) >= _LEAST_ENDING_CHARS and any(token.endswith(word) for token in tokens))
        for word in words
    )


def _is_amount(cells: list[Any]) -> bool:
    return sum(map(_has_amount, cells)) * 2 > len(cells)


def _has_amount(value: object) -> bool:
    if isinstance(value, dict):
        return any(map(_has_amount, value.values()))
    try:
        return parse_money(value, "EUR") is not None
    except UnreadablePrice as reason:
        return "could mean" in str(reason)


def _has_decimals(cells: list[Any]) -> bool:
    return sum(bool(_TWO_DECIMALS.fullmatch(render_text(cell))) for cell in cells) * 2 > len(cells)


def _is_flag(cells: list[Any]) -> bool:
    words = {render_text(cell).lower() for cell in cells}
    is_short = len(words) <= _MAX_FLAGS and all(len(word) <= _MAX_FLAG_CHARS for word in words)
    return is_short and not _has_decimals(cells)


def _says_visibility(cells: list[Any]) -> bool:
    return all(parse_visibility(cell) is not None for cell in cells)


def _is_code(cells: list[Any]) -> bool:
    return all(len(render_text(cell)) <= 100 for cell in cells)


def _is_stock(cells: list[Any]) -> bool:
    return sum(parse_availability(cell) is not None for cell in cells) * 2 > len(cells)


_LOOKS = {
    "price": _is_amount,
    "status": _is_flag,
    "status_or_condition": _says_visibility,
    "group": _is_code,
    "stock": _is_stock,
}


def _examples(cells: list[Any]) -> str:
    return ", ".join(dict.fromkeys(render_text(cell)[:_MAX_FLAG_CHARS] for cell in cells[:_SHOWN_CELLS]))
