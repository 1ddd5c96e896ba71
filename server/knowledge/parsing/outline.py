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

    Two columns without a real header read as "name: value".
    """
    rows = [row for row in ([one_line(cell) for cell in row] for row in rows) if any(row)]
    if len(rows) < 2 or not all(rows[0]) or len(rows[0]) < 2:
        return [": ".join(row) if len(row) == 2 else " | ".join(cell for cell in row if cell) for row in rows]
    header = rows[0]
    return ["; ".join(f"{name}: {cell}" for name, cell in zip(header, row, strict=False) if cell) for row in rows[1:]]


def slug(text: str) -> str:
    """The anchor that Markdown renderers give a heading: "Refunds & returns" is "#refunds--returns"."""
    return "#" + re.sub(r"[^\w\- ]", "", text.lower()).strip().replace(" ", "-")


def title_from_name(name: str) -> str:
    """Make a title from a file name: "shipping_policy.md" becomes "Shipping policy"."""
    stem = re.sub(r"\.(gz|[A-Za-z0-9]{1,5})$", "", re.sub(r"\.gz$", "", re.split(r"[\\/]", name)[-1]))
    words = " ".join(re.sub(r"[_\-]+", " ", clean_text(stem)).split())
    return cut(words[:1].upper() + words[1:], MAX_HEADING_CHARS) or "Untitled"
