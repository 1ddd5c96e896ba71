"""Word documents (docx): headings by style, paragraphs, lists and tables in their order."""

import io
import re
from zipfile import BadZipFile

import docx
from docx.document import Document
from docx.opc.exceptions import PackageNotFoundError
from docx.table import Table
from docx.text.paragraph import Paragraph

from .documents import ParsedDocument, UnreadableFile
from .outline import Outline, table_rows, title_from_name

_HEADING = re.compile(r"Heading ([1-9])")


def parse_docx(data: bytes, name: str) -> ParsedDocument:
    """Parse a Word file. Raises UnreadableFile."""
    try:
        document = docx.Document(io.BytesIO(data))
    except (BadZipFile, PackageNotFoundError, KeyError, ValueError, SyntaxError, OSError) as error:
        raise UnreadableFile("the Word file is damaged; open and save it again") from error
    outline = Outline()
    title = _read(document, outline)
    sections = outline.sections()
    named = (document.core_properties.title or "").strip()
    return ParsedDocument(title=title or outline.title or named or title_from_name(name), sections=sections)


def _read(document: Document, outline: Outline) -> str | None:
    """Fill the outline and return the text in Word's Title style."""
    title = None
    has_heading = False
    for block in document.iter_inner_content():
        if isinstance(block, Table):
            outline.block("\n".join(table_rows(_rows(block))))
            continue
        style = (block.style.name or "") if block.style else ""
        if style == "Title" and title is None and block.text.strip():
            title = block.text.strip()
        elif heading := _HEADING.match(style):
            # Below a Title, "Heading 1" is a chapter; without one, the first may be the title itself.
            outline.heading(int(heading[1]) + (1 if title or has_heading else 0), block.text)
            has_heading = has_heading or title is not None
        else:
            outline.block(_list_mark(block, style) + block.text)
    return title


def _list_mark(paragraph: Paragraph, style: str) -> str:
    return "- " if style.startswith("List") and paragraph.text.strip() else ""


def _rows(table: Table) -> list[list[str]]:
    rows = []
    for row in table.rows:
        cells: list[str] = []
        seen: set[int] = set()
        for cell in row.cells:  # a merged cell comes once for each column it covers
            if id(cell._tc) not in seen:
                seen.add(id(cell._tc))
                cells.append(cell.text)
        rows.append(cells)
    return rows
