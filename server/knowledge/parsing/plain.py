"""Plain text: paragraphs, and headings where the layout shows them."""

import re

from integrations.text import clean_text
from server.catalog.formats.text_encoding import decode_bytes

from .documents import ParsedDocument
from .outline import Outline, title_from_name

_NUMBERED = re.compile(r"(\d{1,2}(?:\.\d{1,2}){0,3})\.?\s+\S")
_MAX_HEADING_CHARS = 80


def parse_plain(data: bytes, name: str) -> ParsedDocument:
    """Parse a text file into sections under underlined, numbered or upper-case headings."""
    outline = Outline()
    for block in re.split(r"\n{2,}", clean_text(decode_bytes(data))):
        lines = block.split("\n")
        if level := _heading_level(lines):
            outline.heading(level, lines[0])
            lines = lines[1:] if len(lines) == 1 or not _is_underline(lines[1]) else lines[2:]
        outline.block("\n".join(lines))
    sections = outline.sections()
    return ParsedDocument(title=outline.title or title_from_name(name), sections=sections)


def _heading_level(lines: list[str]) -> int | None:
    """The level of the heading that a block starts with, or None."""
    first = lines[0].strip()
    if not first or len(first) > _MAX_HEADING_CHARS or first[-1] in ".,;!":
        return None
    if len(lines) > 1:
        return (1 if lines[1][0] == "=" else 2) if _is_underline(lines[1]) else None
    if number := _NUMBERED.match(first):
        return 2 + number[1].count(".")
    return 2 if first.isupper() and any(character.isalpha() for character in first) else None


def _is_underline(line: str) -> bool:
    return len(line) >= 3 and (set(line) == {"="} or set(line) == {"-"})
