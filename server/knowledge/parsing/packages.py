"""Presentations (pptx) and books (epub): zip archives of XML parts."""

import io
import posixpath
import zipfile
from collections.abc import Iterator
from urllib.parse import unquote
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from integrations.text import one_line

from .documents import ParsedDocument, Section, UnreadableFile
from .html import parse_html
from .outline import Outline, table_rows, title_from_name

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_RELATION_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_DC = "{http://purl.org/dc/elements/1.1/}"
_OPF = "{http://www.idpf.org/2007/opf}"
_CONTAINER = "{urn:oasis:names:tc:opendocument:xmlns:container}"
_TITLE_PLACES = ("title", "ctrTitle")
_UNREAD_PLACES = ("ftr", "sldNum", "dt")
_NOT_STRUCK = (None, "noStrike")
_PAGE_TYPES = ("application/xhtml+xml", "text/html")


class _Archive:
    """The parts of an archive by name. Raises UnreadableFile for one that is missing or no XML."""

    def __init__(self, data: bytes) -> None:
        self._zip = zipfile.ZipFile(io.BytesIO(data))

    def read(self, name: str) -> bytes:
        try:
            return self._zip.read(name)
        except (KeyError, zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
            raise UnreadableFile(f"the file is damaged: its part {name[:80]} is missing") from error

    def xml(self, name: str) -> Element:
        try:
            found: Element = fromstring(self.read(name))
        except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
            raise UnreadableFile(f"the file is damaged: its part {name[:80]} is no XML") from error
        return found


def parse_pptx(data: bytes, name: str) -> ParsedDocument:
    """Parse a presentation into a section for each slide that is shown, under its title. Raises UnreadableFile."""
    archive = _Archive(data)
    targets = _relations(archive, "ppt/_rels/presentation.xml.rels", "ppt")
    outline = Outline()
    first_title = ""
    for number, slide in enumerate(archive.xml("ppt/presentation.xml").iter(f"{_P}sldId"), 1):
        part = targets.get(slide.get(_RELATION_ID) or "")
        root = archive.xml(part) if part else None
        if root is None or root.get("show") == "0":
            continue
        title, blocks = _slide(root)
        first_title = first_title or title
        outline.anchor(f"#slide={number}")
        outline.heading(2, title or str(number), f"#slide={number}")
        for block in blocks:
            outline.block(block)
    return ParsedDocument(title=first_title or title_from_name(name), sections=outline.sections())


def _relations(archive: _Archive, name: str, folder: str) -> dict[str, str]:
    """The parts that a part refers to, by the ids of the references."""
    return {
        relation.get("Id") or "": posixpath.normpath(posixpath.join(folder, relation.get("Target") or "")).lstrip("/")
        for relation in archive.xml(name).iter(_RELATION)
        if relation.get("TargetMode") != "External"
    }


def _slide(root: Element) -> tuple[str, list[str]]:
    """(the title of a slide, its other texts and tables in their order)."""
    title = ""
    blocks: list[str] = []
    tree = root.find(f"{_P}cSld/{_P}spTree")
    for shape in _shapes(tree) if tree is not None else ():
        place = shape.find(f".//{_P}nvPr/{_P}ph")
        kind = place.get("type") if place is not None else None
        if kind in _UNREAD_PLACES:
            continue
        if (table := shape.find(f".//{_A}tbl")) is not None:
            rows = [[_paragraphs(cell, " ") for cell in row.iter(f"{_A}tc")] for row in table.iter(f"{_A}tr")]
            blocks.append("\n".join(table_rows(rows)))
        elif kind in _TITLE_PLACES and not title:
            title = one_line(_paragraphs(shape, " "))
        else:
            blocks.append(_paragraphs(shape, "\n"))
    return title, blocks


def _shapes(tree: Element) -> Iterator[Element]:
    """The shapes of a slide, also those inside groups."""
    for child in tree:
        if child.tag == f"{_P}grpSp":
            yield from _shapes(child)
        else:
            yield child


def _paragraphs(shape: Element, separator: str) -> str:
    texts = ("".join(_runs(paragraph)) for paragraph in shape.iter(f"{_A}p"))
    return separator.join(text for text in texts if text.strip())


def _runs(paragraph: Element) -> Iterator[str]:
    for run in paragraph:
        about = run.find(f"{_A}rPr")
        if run.tag == f"{_A}br":
            yield "\n"
        elif about is None or about.get("strike") in _NOT_STRUCK:
            yield from (text.text or "" for text in run.iter(f"{_A}t"))


def parse_epub(data: bytes, name: str) -> ParsedDocument:
    """Parse a book into the sections of its pages in the order of its spine. Raises UnreadableFile."""
    archive = _Archive(data)
    root_file = archive.xml("META-INF/container.xml").find(f".//{_CONTAINER}rootfile")
    package_name = (root_file.get("full-path") if root_file is not None else None) or ""
    package = archive.xml(package_name)
    folder = posixpath.dirname(package_name)
    pages = {
        item.get("id"): posixpath.normpath(posixpath.join(folder, unquote(item.get("href") or "")))
        for item in package.iter(f"{_OPF}item")
        if item.get("media-type") in _PAGE_TYPES and "nav" not in (item.get("properties") or "").split()
    }
    sections: list[Section] = []
    for reference in package.iter(f"{_OPF}itemref"):
        page = pages.get(reference.get("idref"))
        if page and reference.get("linear") != "no":
            sections += _chapter(archive.read(page), page)
    title = package.find(f".//{_DC}title")
    named = one_line(title.text or "") if title is not None else ""
    return ParsedDocument(title=named or title_from_name(name), sections=tuple(sections))


def _chapter(data: bytes, page: str) -> list[Section]:
    try:
        parsed = parse_html(data, page)
    except UnreadableFile:  # a cover, or a page of pictures
        return []
    return [Section((parsed.title, *section.heading_path), section.text) for section in parsed.sections]
