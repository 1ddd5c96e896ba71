"""Word documents (docx) as a reader sees them: tracked insertions are text and deletions are not; content controls,
text boxes, notes and telling headers are read; struck and hidden text is not."""

import io
import re
from collections.abc import Iterator
from zipfile import BadZipFile

import docx
from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.exceptions import PackageNotFoundError
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement as Element

from integrations.text import clean_text

from .documents import ParsedDocument, Section, UnreadableFile
from .outline import Outline, table_rows, title_from_name

_HEADING = re.compile(r"Heading ([1-9])")
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
"""What older programs show in the place of a drawing: the same text again."""
_GONE = frozenset(
    qn(name) for name in ("w:del", "w:moveFrom", "w:instrText", "w:delText", "w:pPr", "w:rPr", "w:sdtPr")
) | {_FALLBACK}
_OFF = ("0", "false", "off", "none")
_MARK = "*"
_LEAST_HEADER_WORDS = 4


def parse_docx(data: bytes, name: str) -> ParsedDocument:
    """Parse a Word file. Raises UnreadableFile."""
    try:
        document = docx.Document(io.BytesIO(data))
    except (BadZipFile, PackageNotFoundError, KeyError, ValueError, SyntaxError, OSError) as error:
        raise UnreadableFile("the Word file is damaged; open and save it again") from error
    reader = _Reader(document)
    reader.read(document.element.body)
    title = reader.title or reader.outline.title
    sections = reader.outline.sections()
    named = (document.core_properties.title or "").strip()
    title = title or named or title_from_name(name)
    around = [Section((), text) for text in _around(document, title)]
    return ParsedDocument(title=title, sections=(*sections, *around))


class _Reader:
    """Fills an outline from the blocks of a document, in their order."""

    def __init__(self, document: Document) -> None:
        self.outline = Outline()
        self.title: str | None = None
        self._styles = {style.style_id: style.name or "" for style in document.styles}
        self._notes = _notes(document)
        self._has_heading = False
        self._carried = ""

    def read(self, container: Element) -> None:
        """Read the blocks of a body, a cell, a content control or a text box."""
        for block in _blocks(container):
            if block.tag == qn("w:tbl"):
                self.outline.block("\n".join(table_rows(_rows(block))))
            else:
                self._paragraph(block)
        if self._carried:
            self.outline.block(self._carried)
            self._carried = ""

    def _paragraph(self, paragraph: Element) -> None:
        text, notes, boxes = _read_inline(paragraph)
        text = self._carried + text
        if _has(paragraph, "w:pPr/w:rPr/w:del"):  # the end of the paragraph was deleted: it goes on in the next
            self._carried = text
            return
        self._carried = ""
        style = self._styles.get(_value(paragraph, "w:pPr/w:pStyle") or "", "")
        if style == "Title" and self.title is None and text.strip():
            self.title = " ".join(text.split())
        elif heading := _HEADING.match(style):
            # Below a Title, "Heading 1" is a chapter; without one, the first may be the title itself.
            self.outline.heading(int(heading[1]) + (1 if self.title or self._has_heading else 0), text)
            self._has_heading = self._has_heading or self.title is not None
        else:
            is_item = style.startswith("List") or _has(paragraph, "w:pPr/w:numPr")
            told = [f"{_MARK * at} {self._notes[note]}" for at, note in enumerate(notes, 1) if note in self._notes]
            self.outline.block("\n".join((("- " if is_item and text.strip() else "") + text, *told)))
        for box in boxes:
            self.read(box)


def _blocks(container: Element) -> Iterator[Element]:
    """Paragraphs and tables, also those inside content controls and other wrappers."""
    for child in container:
        if child.tag in (qn("w:p"), qn("w:tbl")):
            yield child
        elif child.tag == qn("w:sdt"):
            if not _has(child, "w:sdtPr/w:showingPlcHdr"):
                yield from _blocks(child)
        elif child.tag not in _GONE and isinstance(child.tag, str):
            yield from _blocks(child)


def _read_inline(paragraph: Element) -> tuple[str, list[tuple[str, str]], list[Element]]:
    """(the visible text of a paragraph, the notes that it refers to, its text boxes). A note's sign is as many marks as
    its place among the notes."""
    parts: list[str] = []
    notes: list[tuple[str, str]] = []
    boxes: list[Element] = []
    waiting = list(reversed(list(paragraph)))
    while waiting:
        node = waiting.pop()
        tag = node.tag
        if not isinstance(tag, str) or tag in _GONE or (tag == qn("w:r") and _is_unseen(node)):
            continue
        if tag == qn("w:sdt") and _has(node, "w:sdtPr/w:showingPlcHdr"):
            continue
        if tag == f"{_W}txbxContent":
            boxes.append(node)
        elif tag in (qn("w:footnoteReference"), f"{_W}endnoteReference"):
            notes.append((tag.removesuffix("Reference"), node.get(qn("w:id")) or ""))
            parts.append(_MARK * len(notes))
        elif tag == qn("w:t"):
            parts.append(node.text or "")
        elif tag in (qn("w:br"), qn("w:cr")):
            parts.append("\n")
        elif tag == qn("w:tab"):
            parts.append("\t")
        elif tag == f"{_W}noBreakHyphen":
            parts.append("-")
        else:
            waiting.extend(reversed(list(node)))
    return "".join(parts), notes, boxes


def _is_unseen(run: Element) -> bool:
    """Whether a run is struck through or hidden."""
    return any(_is_on(run, f"w:rPr/{name}") for name in ("w:strike", "w:dstrike", "w:vanish"))


def _rows(table: Element) -> list[list[str]]:
    """The rows of a table as texts; a cell that spans several columns or rows is in each of them."""
    rows: list[list[str]] = []
    for row in _wrapped(table, "w:tr"):
        if _has(row, "w:trPr/w:del"):
            continue
        cells: list[str] = []
        for cell in _wrapped(row, "w:tc"):
            if _has(cell, "w:tcPr/w:cellDel"):
                continue
            merge = _find(cell, "w:tcPr/w:vMerge")
            goes_on = merge is not None and merge.get(qn("w:val")) in (None, "continue")
            text = rows[-1][len(cells)] if goes_on and rows and len(rows[-1]) > len(cells) else _cell_text(cell)
            cells += [text] * min(int(_value(cell, "w:tcPr/w:gridSpan") or 1), 100)
        rows.append(cells)
    return rows


def _wrapped(parent: Element, name: str) -> Iterator[Element]:
    """Children of a name, also those inside content controls."""
    for child in parent:
        if child.tag == qn(name):
            yield child
        elif child.tag in (qn("w:sdt"), f"{_W}sdtContent", f"{_W}customXml", qn("w:ins")):
            yield from _wrapped(child, name)


def _cell_text(cell: Element) -> str:
    texts = [
        "; ".join(table_rows(_rows(block))) if block.tag == qn("w:tbl") else _read_inline(block)[0]
        for block in _blocks(cell)
    ]
    return " ".join(text for text in texts if text.strip())


def _notes(document: Document) -> dict[tuple[str, str], str]:
    """The texts of footnotes and endnotes by (tag, id)."""
    found: dict[tuple[str, str], str] = {}
    for relation in document.part.rels.values():
        if relation.is_external or relation.reltype not in (RELATIONSHIP_TYPE.FOOTNOTES, RELATIONSHIP_TYPE.ENDNOTES):
            continue
        for note in parse_xml(relation.target_part.blob):
            if isinstance(note.tag, str) and note.get(qn("w:type")) in (None, "normal"):
                text = clean_text(" ".join(_read_inline(block)[0] for block in _blocks(note)))
                found[note.tag, note.get(qn("w:id")) or ""] = text.removeprefix(_MARK).strip()
    return {key: text for key, text in found.items() if text}


def _around(document: Document, title: str) -> Iterator[str]:
    """The texts of headers and footers that say something: not the title again, and not a page number."""
    seen: set[str] = set()
    for section in document.sections:
        for part in (section.header, section.footer, section.first_page_header, section.first_page_footer):
            if part.is_linked_to_previous:
                continue
            for block in _blocks(part._element):
                text = clean_text(_read_inline(block)[0]) if block.tag == qn("w:p") else ""
                if text not in seen and len(text.split()) >= _LEAST_HEADER_WORDS and text.lower() != title.lower():
                    seen.add(text)
                    yield text


def _has(node: Element, path: str) -> bool:
    return _find(node, path) is not None


def _is_on(node: Element, path: str) -> bool:
    found = _find(node, path)
    return found is not None and (found.get(qn("w:val")) or "1").lower() not in _OFF


def _value(node: Element, path: str) -> str | None:
    found = _find(node, path)
    return None if found is None else found.get(qn("w:val"))


def _find(node: Element, path: str) -> Element | None:
    found: Element | None = node
    for step in path.split("/"):
        found = None if found is None else found.find(qn(step))
    return found
