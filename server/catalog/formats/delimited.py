"""CSV and TSV: detects the delimiter, and reports ragged and unclosed rows while it reads the others."""

import csv
import re
from collections import Counter, deque
from collections.abc import Iterator, Sequence

from msgspec import Struct

from .columns import resolve
from .field_values import unwrap_cell
from .row_result import BadRow, Record, UnreadableFile

MAX_COLUMNS = 2_000
MAX_ROW_CHARS = 1_000_000
"""A longer row is assumed to have a quote that never closes."""
_DELIMITERS = (",", ";", "\t", "|")
_NAMED_DELIMITER = re.compile(r"\ufeff?\"?sep=(.)\"?[,;\t|]*\s*", re.IGNORECASE)
_SAMPLE_ROWS = 30
_MAX_ROWS_ABOVE = 15
"""A header that is further down is not looked for: what is above is no title any more."""


class Table(Struct, frozen=True):
    """The layout of a delimited file, from its first rows. `header` has the column names as written, `rows_above` is
    how many filled rows stand above it, `sample` has the first rows below it."""

    delimiter: str
    header: tuple[str, ...]
    rows_above: int = 0
    sample: tuple[tuple[str, ...], ...] = ()


def detect_table(head: str, *, is_whole: bool) -> Table:
    """Detect the delimiter by which the first rows agree best, and the header. Raises UnreadableFile."""
    lines = head.splitlines(keepends=True)
    if len(lines) > 1 and not is_whole:
        lines.pop()  # cut off somewhere
    named = _NAMED_DELIMITER.fullmatch(lines[0]) if lines else None
    delimiters = (named[1],) if named else _DELIMITERS
    best = max(
        (_score(lines[1:] if named else lines, delimiter), -at, delimiter) for at, delimiter in enumerate(delimiters)
    )
    if best[0] == (0.0, 0):
        raise UnreadableFile(
            "the file is not a product list Aisle can read: CSV or TSV with a header row, JSONL, JSON, or a Google feed"
        )
    rows = [tuple(cell.strip().strip("\ufeff") for cell in row) for row in _first_rows(lines, best[2], _SAMPLE_ROWS)]
    above = find_header(rows)
    header = rows[above]
    if len(header) > MAX_COLUMNS:
        raise UnreadableFile(f"the header has {len(header):,} columns; at most {MAX_COLUMNS:,} are read")
    return Table(best[2], header, above, tuple(rows[above + 1 :]))


def find_header(rows: Sequence[Sequence[str]]) -> int:
    """The place of the header among the first filled rows: below titles, remarks and whatever is narrower than the
    table. A later row counts instead where it has clearly more names that Aisle knows."""
    width = _usual_width(rows)
    candidates = [at for at, row in enumerate(rows[:_MAX_ROWS_ABOVE]) if _is_header_like(row, width)]
    if not candidates:
        return 0
    known = {at: len(resolve(_distinct(rows[at])).by_target) for at in candidates}
    best = max(candidates, key=lambda at: (known[at], -at))
    return best if known[best] > known[candidates[0]] + 1 else candidates[0]


def _is_header_like(row: Sequence[str], width: int) -> bool:
    filled = [cell for cell in row if cell]
    if not filled or row[0].startswith("#") or _NAMED_DELIMITER.fullmatch(row[0]):
        return False
    return len(filled) >= max(width / 2, min(width, 2)) and len(set(filled)) > len(filled) / 2


def _distinct(row: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(cell for cell in row if cell))


def _usual_width(rows: Sequence[Sequence[str]]) -> int:
    """How many cells most rows of the table have, without the empty ones at their ends."""
    widths = Counter(len(row) for row in rows if len(row) > 1)
    most = max(widths.values(), default=0)
    usual = max((width for width, count in widths.items() if count == most), default=1)
    filled = [max((at for at, cell in enumerate(row, 1) if cell), default=0) for row in rows if len(row) == usual]
    return min(usual, max(filled, default=usual))


def _score(lines: list[str], delimiter: str) -> tuple[float, int]:
    rows = _first_rows(lines, delimiter, _SAMPLE_ROWS)
    widths = Counter(len(row) for row in rows if len(row) > 1)
    if not widths:
        return 0.0, 0
    width, agreeing = max(widths.items(), key=lambda item: (item[1], item[0]))
    return agreeing / len(rows), width


def _first_rows(lines: list[str], delimiter: str, count: int) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        for row in csv.reader(lines, delimiter=delimiter):
            if any(cell.strip() for cell in row):
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
    above = table.rows_above + 1
    for row, cells in _rows(lines, table.delimiter):
        if isinstance(cells, BadRow):
            yield cells
        elif not any(cell.strip() for cell in cells):
            continue
        elif above:
            above -= 1
        elif len(cells) > width and any(cells[width:]):
            yield BadRow(row, f"has {len(cells)} cells where the header has {width}; quote cells that hold a delimiter")
        else:
            yield Record(row, {name: unwrap_cell(cell) for name, cell in zip(names, cells, strict=False)})


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
