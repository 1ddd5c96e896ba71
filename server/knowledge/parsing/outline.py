"""Collects sections while a document is walked from top to bottom."""

import re

from integrations.text import clean_text, cut, one_line

from .documents import MAX_SECTIONS, MAX_TEXT_CHARS, Section, UnreadableFile

MAX_HEADING_CHARS = 200

_LIST_GAP = re.compile(r"\n\n(?=- |\d{1,4}\. )")


class Outline:
    """Headings open sections, blocks fill them; `sections` gives those that hold text."""

    def __init__(self) -> None:
        self._path: list[tuple[int, str]] = []
        self._anchor: str | None = None
        self._blocks: list[str] = []
        self._sections: list[Section] = []
        self.chars = 0
        """The characters of text so far."""
        self.title: str | None = None
        """The first level-1 heading before any text. It is the document's title and not part of any path."""

    def heading(self, level: int, text: str, anchor: str | None = None) -> None:
        """Open a section at `level` (1 outermost) under the headings above it."""
        text = cut(one_line(text), MAX_HEADING_CHARS)
        if not text:
            return
        self._close()
        self._anchor = anchor
        if level == 1 and self.title is None and not self._sections and not self._path:
            self.title = text
            return
        self._path = [(other, name) for other, name in self._path if other < level]
        self._path.append((level, text))

    def block(self, text: str) -> None:
        """Add a paragraph, list or table row to the open section. Raises UnreadableFile above MAX_TEXT_CHARS."""
        text = clean_text(text)
        if not text:
            return
        self.chars += len(text)
        if self.chars > MAX_TEXT_CHARS or len(self._sections) > MAX_SECTIONS:
            raise UnreadableFile(f"the file holds more than {MAX_TEXT_CHARS:,} characters of text; split it")
        self._blocks.append(text)

    def anchor(self, anchor: str) -> None:
        """Open a section under the same heading with another anchor, such as the next page."""
        self._close()
        self._anchor = anchor

    def sections(self) -> tuple[Section, ...]:
        """Return all sections with text, in order."""
        self._close()
        return tuple(self._sections)

    def _close(self) -> None:
        if self._blocks:
            path = tuple(name for _, name in self._path)
            # List items stand on lines of their own, not in paragraphs: a list stays together when it is split.
            text = _LIST_GAP.sub("\n", "\n\n".join(self._blocks))
            self._sections.append(Section(path, text, self._anchor))
            self._blocks = []


def table_rows(rows: list[list[str]]) -> list[str]:
    """Table rows as lines that stand alone: "Column: value; Column: value", or cells joined when there is no header.
    Titles above the header, and rows of one cell over all columns, are lines of their own.

    The first cell of a header may be empty. Two columns without a real header read as "name: value".
    """
    rows = [row for row in ([one_line(cell) for cell in row] for row in rows) if any(row)]
    width = max((len(row) for row in rows), default=0)
    above = next((at for at, row in enumerate(rows) if not _is_title(row, width)), len(rows))
    lines = [next(filter(None, row)) for row in rows[:above]]
    rows = rows[above:]
    if len(rows) < 2 or not _is_header(rows[0]):
        return lines + [_joined_cells(row, width) for row in rows]
    header = rows[0]
    return lines + [
        _joined_cells(row, width) if _is_title(row, width) else _named_cells(header, row) for row in rows[1:]
    ]


def _is_title(row: list[str], width: int) -> bool:
    """Whether a row has one text, in its first column or over all of them."""
    filled = [cell for cell in row if cell]
    spans_all = len(filled) == len(row) == width or (len(filled) == 1 and bool(row[0]))
    return width > 1 and len(set(filled)) == 1 and spans_all


def _is_header(row: list[str]) -> bool:
    return len(row) > 1 and all(row[1:]) and (bool(row[0]) or len(row) > 2)


def _named_cells(header: list[str], row: list[str]) -> str:
    cells = (f"{name}: {cell}" if name else cell for name, cell in zip(header, row, strict=False) if cell)
    return "; ".join(cells)


def _joined_cells(row: list[str], width: int) -> str:
    if _is_title(row, width):
        return next(filter(None, row))
    return ": ".join(row) if len(row) == 2 and all(row) else " | ".join(cell for cell in row if cell)


def slug(text: str) -> str:
    """The anchor that Markdown renderers give a heading: "Refunds & returns" is "#refunds--returns"."""
    return "#" + re.sub(r"[^\w\- ]", "", text.lower()).strip().replace(" ", "-")


def title_from_name(name: str) -> str:
    """Make a title from a file name: "shipping_policy.md" becomes "Shipping policy"."""
    stem = re.sub(r"\.(gz|[A-Za-z0-9]{1,5})$", "", re.sub(r"\.gz$", "", re.split(r"[\\/]", name)[-1]))
    words = " ".join(re.sub(r"[_\-]+", " ", clean_text(stem)).split())
    return cut(words[:1].upper() + words[1:], MAX_HEADING_CHARS) or "Untitled"
