"""The order in which a page is read: columns one after the other, tables row by row, all else from top to bottom.

A page is given as pieces of text with their places, as PDF has them. Lengths are points, and y grows upwards.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median

from msgspec import Struct

MIN_GAP_HEIGHTS = 1.1
"""Pieces of one line are words of a sentence up to this distance, in heights of a line; columns and cells are further
apart. A space is .3 heights wide, justified text stretches it to about .8."""
WORD_GAP_HEIGHTS = 0.12
_MIN_PROSE_CHARS = 18
"""The usual line of a column of prose has more characters; the cells of a table have fewer."""
_MIN_ROWS = 2
_MAX_LINE_GAPS = 3.0
_MAX_SHIFT = 0.5
_RIGHT_TO_LEFT = re.compile("[\\u0590-\\u08ff]")


class Piece(Struct, frozen=True):
    """A piece of text and its box."""

    left: float
    bottom: float
    right: float
    top: float
    text: str


class Table(Struct, frozen=True):
    """The cells of a table, row by row."""

    rows: list[list[str]]


class Prose(Struct, frozen=True):
    """Lines of running text."""

    lines: list[str]


Block = Prose | Table
Line = list[Piece]
Gutter = tuple[float, float]


def read_page(pieces: Sequence[Piece]) -> list[Block]:
    """The blocks of a page in reading order."""
    lines = _lines(pieces)
    blocks: list[Block] = []
    at = 0
    while at < len(lines):
        end, gutters = _region(lines, at)
        if gutters:
            blocks += _in_columns(lines[at:end], gutters)
        else:
            end = at + 1
            blocks.append(Prose([_text(lines[at])]))
        at = end
    return _joined(blocks)


def has_columns(blocks: Sequence[Block]) -> bool:
    """Whether a page has more than lines from top to bottom."""
    return any(isinstance(block, Table) for block in blocks) or sum(isinstance(b, Prose) for b in blocks) > 1


def _lines(pieces: Iterable[Piece]) -> list[Line]:
    """Lines from top to bottom, with their cells from left to right; words of one sentence are one cell."""
    lines: list[Line] = []
    for piece in sorted((p for p in pieces if p.text.strip()), key=lambda p: (-(p.top + p.bottom), p.left)):
        if lines and _is_beside(lines[-1], piece):
            lines[-1].append(piece)
        else:
            lines.append([piece])
    return [_cells(sorted(line, key=lambda piece: piece.left)) for line in lines]


def _is_beside(line: Line, piece: Piece) -> bool:
    """Whether a piece overlaps a line by half of the lower of the two."""
    bottom, top = min(each.bottom for each in line), max(each.top for each in line)
    overlap = min(top, piece.top) - max(bottom, piece.bottom)
    return overlap > 0.5 * min(top - bottom, piece.top - piece.bottom)


def _cells(line: Line) -> Line:
    cells: Line = []
    for piece in line:
        last = cells[-1] if cells else None
        height = max(piece.top - piece.bottom, 1.0)
        if last and piece.left - last.right < MIN_GAP_HEIGHTS * height:
            is_apart = piece.left - last.right > WORD_GAP_HEIGHTS * height
            text = f"{last.text.rstrip()} {piece.text}" if is_apart else last.text + piece.text
            box = (min(last.bottom, piece.bottom), max(last.right, piece.right), max(last.top, piece.top))
            cells[-1] = Piece(last.left, *box, text)
        else:
            cells.append(piece)
    return cells


def _region(lines: Sequence[Line], start: int) -> tuple[int, list[Gutter]]:
    """(the end, the gutters) of the lines from `start` that stand in the same columns; no gutters for a line alone."""
    gutters = _gutters(lines, start)
    end = start + 1
    while gutters and end < len(lines):
        left = [narrowed for gutter in gutters if (narrowed := _narrowed(gutter, lines[end]))]
        if not left or _distance(lines[end - 1], lines[end]) > _MAX_LINE_GAPS:
            break
        gutters = left
        end += 1
    grid = [_row(line, _borders(gutters)) for line in lines[start:end]]
    if any(sum(map(bool, column)) < _MIN_ROWS for column in zip(*grid, strict=True)):
        return start + 1, []
    return end, gutters


def _gutters(lines: Sequence[Line], start: int) -> list[Gutter]:
    """The gaps of a line; of a line of one piece, the gap to a piece of the next line that is beside it and hardly
    lower, as in columns whose base lines differ."""
    pieces = list(lines[start])
    if len(pieces) == 1 and start + 1 < len(lines) and _distance(lines[start], lines[start + 1]) < _MAX_SHIFT:
        pieces = sorted([*pieces, *lines[start + 1]], key=lambda piece: piece.left)
    gaps = [(before.right, after.left) for before, after in pairwise(pieces)]
    height = max(max(piece.top - piece.bottom for piece in pieces), 1.0)
    return gaps if all(right - left >= MIN_GAP_HEIGHTS * height for left, right in gaps) else []


def _borders(gutters: Sequence[Gutter]) -> list[float]:
    return [(left + right) / 2 for left, right in gutters]


def _narrowed(gutter: Gutter, line: Line) -> Gutter | None:
    """The part of a gutter that a line leaves free, if it is wide enough to see."""
    left, right = gutter
    for piece in line:
        if piece.right <= right and piece.left < left:
            left = max(left, piece.right)
        elif piece.left >= left and piece.right > right:
            right = min(right, piece.left)
        elif piece.left < right and piece.right > left:
            return None
    height = max((piece.top - piece.bottom for piece in line), default=1.0)
    return (left, right) if right - left > 0.6 * height else None


def _distance(above: Line, below: Line) -> float:
    """How far a line is below another, in its own heights."""
    height = max(max(piece.top - piece.bottom for piece in below), 1.0)
    return (min(piece.bottom for piece in above) - max(piece.top for piece in below)) / height


def _in_columns(lines: Sequence[Line], gutters: list[Gutter]) -> list[Block]:
    grid = [_row(line, _borders(gutters)) for line in lines]
    columns = list(zip(*grid, strict=True))
    if _is_table(columns, grid):
        return [Table(_whole_rows(grid))]
    if _RIGHT_TO_LEFT.search(" ".join(cell for row in grid for cell in row)):
        columns.reverse()
    return [Prose([cell for cell in column if cell]) for column in columns]


def _row(line: Line, borders: list[float]) -> list[str]:
    cells = [""] * (len(borders) + 1)
    for piece in line:
        at = sum(piece.left >= border for border in borders)
        cells[at] = f"{cells[at]} {piece.text.strip()}".strip()
    return cells


def _is_table(columns: Sequence[tuple[str, ...]], grid: Sequence[Sequence[str]]) -> bool:
    """Whether cells stand in rows that belong together, rather than lines in columns of prose."""
    usual = [median([len(cell) for cell in column if cell] or [0]) for column in columns]
    full = sum(all(row) for row in grid)
    return min(usual) < _MIN_PROSE_CHARS and full * 2 >= len(grid)


def _whole_rows(grid: Sequence[Sequence[str]]) -> list[list[str]]:
    """The rows; a line without a first cell goes on with the cells of the row above."""
    rows: list[list[str]] = []
    for cells in grid:
        if rows and not cells[0] and sum(map(bool, cells)) < len(cells) - 1 + (len(cells) == 2):
            rows[-1] = [f"{above} {cell}".strip() for above, cell in zip(rows[-1], cells, strict=True)]
        else:
            rows.append(list(cells))
    return rows


def _text(line: Line) -> str:
    return " ".join(piece.text.strip() for piece in line)


def _joined(blocks: list[Block]) -> list[Block]:
    """Lines that follow one another outside columns as one block."""
    joined: list[Block] = []
    is_open = False
    for block in blocks:
        is_line = isinstance(block, Prose) and len(block.lines) == 1
        if is_line and is_open and isinstance(joined[-1], Prose) and isinstance(block, Prose):
            joined[-1] = Prose([*joined[-1].lines, *block.lines])
        else:
            joined.append(block)
        is_open = is_line
    return joined
