"""PDF text, page by page, in reading order."""

import re
from statistics import median

import pypdfium2 as pdfium

from integrations.text import one_line

from .documents import ParsedDocument, UnreadableFile
from .outline import Outline, table_rows, title_from_name
from .page_layout import Piece, Prose, has_columns, read_page

MAX_PAGES = 2_000
MAX_PIECES = 5_000
"""A page of more pieces, such as a map, is read as PDFium orders it."""
HEADING_HEIGHTS = 1.2
MAX_HEADING_CHARS = 120
_SENTENCE_END = re.compile(r"[.!?:;…]['\")\]]?$")
_LIST_START = re.compile(r"(?:[-•*–·▪●]|\d{1,3}[.)]|\([a-z0-9]{1,3}\))\s")


def parse_pdf(data: bytes, name: str) -> ParsedDocument:
    """Parse a PDF into one section per page with text, anchored at "#page=N". Raises UnreadableFile."""
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        reason = "is protected by a password" if "assword" in str(error) else "is damaged"
        raise UnreadableFile(f"the PDF {reason}; save it again and import that") from error
    if len(document) > MAX_PAGES:
        raise UnreadableFile(f"the PDF has {len(document):,} pages; at most {MAX_PAGES:,} are read: split it")
    outline = Outline()
    for number in range(len(document)):
        outline.anchor(f"#page={number + 1}")
        for block in _page_blocks(document, number):
            outline.block(block)
    sections = outline.sections()
    if not sections:
        raise UnreadableFile("the PDF holds pictures of text but no text; run text recognition (OCR) over it first")
    title = one_line(str(document.get_metadata_dict().get("Title") or ""))
    is_name = re.search(
        r"\.(docx?|pdf|indd|pages|odt)$|^\(?(?:untitled|anonymous|unspecified)|^microsoft word", title, re.IGNORECASE
    )
    title = (_heading(document) if not title or is_name else title) or title_from_name(name)
    return ParsedDocument(title=title[:200], sections=sections)


def _page_blocks(document: pdfium.PdfDocument, number: int) -> list[str]:
    """The paragraphs and the tables of a page. One broken page does not take the others with it."""
    try:
        text_page = document[number].get_textpage()
        blocks = read_page(_pieces(text_page))
        if not has_columns(blocks):
            return [paragraphs(str(text_page.get_text_bounded()))]
    except pdfium.PdfiumError:
        return []
    return [
        paragraphs("\n".join(block.lines)) if isinstance(block, Prose) else "\n".join(table_rows(block.rows))
        for block in blocks
    ]


def _pieces(text_page: pdfium.PdfTextPage) -> list[Piece]:
    count = text_page.count_rects()
    if count > MAX_PIECES:
        return []
    pieces: list[Piece] = []
    for at in range(count):
        left, bottom, right, top = text_page.get_rect(at)
        pieces.append(Piece(left, bottom, right, top, str(text_page.get_text_bounded(left, bottom, right, top))))
    return pieces


def _heading(document: pdfium.PdfDocument) -> str | None:
    """The line of the largest letters on the first page, if they are larger than those of most lines."""
    try:
        pieces = [piece for piece in _pieces(document[0].get_textpage()) if piece.text.strip()]
    except (pdfium.PdfiumError, IndexError):
        return None
    if len(pieces) < 2:
        return None
    largest = max(pieces, key=lambda piece: (piece.top - piece.bottom, piece.top))
    height = largest.top - largest.bottom
    usual = median(piece.top - piece.bottom for piece in pieces)
    beside = [piece for piece in pieces if abs(piece.bottom - largest.bottom) < height / 2]
    text = one_line(" ".join(piece.text for piece in sorted(beside, key=lambda piece: piece.left)))
    return text if height > usual * HEADING_HEIGHTS and 2 < len(text) <= MAX_HEADING_CHARS else None


def paragraphs(text: str) -> str:
    """Join printed lines to paragraphs. Words hyphenated at a line's end are joined, list items stay on their lines."""
    # PDFium marks a hyphen at a line's end with U+FFFE or U+0002.
    text = re.sub("[\ufffe\x02]\\s*", "", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = re.sub(r"(?<=[a-zà-ÿ])-\n(?=[a-zà-ÿ])", "", text)
    lines = [line.strip() for line in text.split("\n")]
    widest = max((len(line) for line in lines), default=0)
    joined: list[str] = []
    previous = ""
    for line in lines:
        goes_on = previous and line and not _SENTENCE_END.search(previous) and not _LIST_START.match(line)
        if goes_on and len(previous) > widest * 0.6:
            joined[-1] += f" {line}"
        else:
            joined.append(line)
        previous = line
    return "\n".join(joined)
