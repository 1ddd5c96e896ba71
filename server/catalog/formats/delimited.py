"""CSV and TSV: detects the delimiter, and reports ragged and unclosed rows while it reads the others."""

import csv
from collections import deque
from collections.abc import Iterator

from msgspec import Struct

from .row_result import BadRow, Record, UnreadableFile

MAX_COLUMNS = 2_000
MAX_ROW_CHARS = 1_000_000
"""A longer row is assumed to have a quote that never closes."""
_DELIMITERS = (",", ";", "\t", "|")


class Table(Struct, frozen=True):
    """The layout of a delimited file, from its first rows. `header` has the column names as written."""

    delimiter: str
    header: tuple[str, ...]


def detect_table(head: str, *, is_whole: bool) -> Table:
    """Detect the delimiter by which the first rows agree best, and the header. Raises UnreadableFile."""
    lines = head.splitlines(keepends=True)
    if len(lines) > 1 and not is_whole:
        lines.pop()  # cut off somewhere
    best = max((_score(lines, delimiter), -at, delimiter) for at, delimiter in enumerate(_DELIMITERS))
    if best[0] == (0.0, 0):
        raise UnreadableFile(
            "the file is not a product list Aisle can read: CSV or TSV with a header row, JSONL, JSON, or a Google feed"
        )
    header = tuple(name.strip().strip("\ufeff") for name in _first_rows(lines, best[2], 1)[0])
    if len(header) > MAX_COLUMNS:
        raise UnreadableFile(f"the header has {len(header):,} columns; at most {MAX_COLUMNS:,} are read")
    return Table(best[2], header)


def _score(lines: list[str], delimiter: str) -> tuple[float, int]:
    rows = _first_rows(lines, delimiter, 30)
    if not rows or len(rows[0]) < 2:
        return 0.0, 0
    width = len(rows[0])
    agreeing = sum(len(row) == width for row in rows) / len(rows)
    return agreeing, width


def _first_rows(lines: list[str], delimiter: str, count: int) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        for row in csv.reader(lines, delimiter=delimiter):
            if any(row):
                rows.append(row)
            if len(rows) == count:
                break
    except csv.Error:
        pass  # the rows before the broken one tell enough
    return rows


def table_records(lines: Iterator[str], table: Table) -> Iterator[Record | BadRow]:
    """Yield rows by column name. Row numbers are those of a spreadsheet, where the header is row 1."""
    width = len(table.header)
    names = _unique(table.header)
    has_header = False
    for row, cells in _rows(lines, table.delimiter):
        if isinstance(cells, BadRow):
            yield cells
        elif not any(cell.strip() for cell in cells):
            continue
        elif not has_header:
            has_header = True
        elif len(cells) > width and any(cells[width:]):
            yield BadRow(row, f"has {len(cells)} cells where the header has {width}; quote cells that hold a delimiter")
        else:
            yield Record(row, dict(zip(names, cells, strict=False)))


def _unique(header: tuple[str, ...]) -> list[str]:
    """Return the column names with repeated ones numbered, so that none hides another."""
    seen: dict[str, int] = {}
    names = []
    for name in header:
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name} {seen[name]}")
    return names


class _ReplayableLines:
    """Lines that can be read again: a broken row loses its first line only, not all the lines that it has swallowed."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._waiting: deque[str] = deque()
        self._taken: list[str] = []
        self._taken_chars = 0

    def __iter__(self) -> "_ReplayableLines":
        return self

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else next(self._lines)
        self._taken.append(line)
        self._taken_chars += len(line)
        if self._taken_chars > MAX_ROW_CHARS:
            raise csv.Error("the row is longer than a million characters")
        return line

    def row_done(self) -> None:
        self._taken.clear()
        self._taken_chars = 0

    def replay_after_first(self) -> bool:
        """Whether there was a line to drop."""
        had_line = bool(self._taken)
        self._waiting.extendleft(reversed(self._taken[1:]))
        self.row_done()
        return had_line


def _rows(lines: Iterator[str], delimiter: str) -> Iterator[tuple[int, list[str] | BadRow]]:
    csv.field_size_limit(MAX_ROW_CHARS)  # the module's own limit is for the whole process and too small for HTML
    source = _ReplayableLines(lines)
    row = 0
    while True:
        reader = csv.reader(source, delimiter=delimiter, strict=True)
        try:
            for cells in reader:
                row += 1
                source.row_done()
                yield row, cells
            return
        except csv.Error as error:
            if not source.replay_after_first():
                return
            row += 1
            yield row, BadRow(row, _explain(error))


def _explain(error: csv.Error) -> str:
    text = str(error)
    if "unexpected end of data" in text or "longer than" in text or "larger than" in text:
        return "a quote is opened here and never closed; close it, or write a quote inside a cell twice"
    if "expected after" in text:
        return "there is text after a closing quote; write a quote inside a cell twice"
    return f"is not a well-formed CSV row ({text})"
