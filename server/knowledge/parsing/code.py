"""Program code and settings: as they are, in sections that begin at a line."""

import re

from server.catalog.formats.text_encoding import decode_bytes

from .documents import ParsedDocument
from .outline import Outline

SECTION_LINES = 40
"""A section ends at the first empty line after so many."""


def parse_code(data: bytes, name: str) -> ParsedDocument:
    """Parse a file of code into sections anchored at "#L<line>", titled by the file's name. A "#" starts a comment in
    most of them, so nothing is a heading."""
    lines = decode_bytes(data).splitlines()
    outline = Outline()
    start = 0
    for end in range(1, len(lines) + 1):
        is_full = end - start >= SECTION_LINES and not lines[end - 1].strip()
        if is_full or end == len(lines):
            outline.anchor(f"#L{start + 1}")
            outline.block("\n".join(lines[start:end]))
            start = end
    return ParsedDocument(title=re.split(r"[\\/]", name)[-1][:200] or "Untitled", sections=outline.sections())
