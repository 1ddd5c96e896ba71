"""PDF text, page by page."""

import re

import pypdfium2 as pdfium

from .documents import ParsedDocument, UnreadableFile
from .outline import Outline, title_from_name

MAX_PAGES = 2_000
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
        outline.block(paragraphs(_page_text(document, number)))
    sections = outline.sections()
    if not sections:
        raise UnreadableFile("the PDF holds pictures of text but no text; run text recognition (OCR) over it first")
    title = str(document.get_metadata_dict().get("Title") or "").strip()
    is_name = re.search(
        r"\.(docx?|pdf|indd|pages|odt)$|^\(?(?:untitled|anonymous|unspecified)|^microsoft word", title, re.IGNORECASE
    )
    return ParsedDocument(title=title_from_name(name) if not title or is_name else title[:200], sections=sections)


def _page_text(document: pdfium.PdfDocument, number: int) -> str:
    try:
        page = document[number]
        return str(page.get_textpage().get_text_bounded())
    except pdfium.PdfiumError:
        return ""  # one broken page does not take the others with it


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
