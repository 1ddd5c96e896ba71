"""Web pages: the main content with its headings, without navigation, footers and scripts."""

import re
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from integrations.text import MAX_HTML_DEPTH, STRUCK_TAGS, clean_text, nests_deeper_than, one_line, strip_tags
from server.catalog.formats.text_encoding import decode_bytes

from .documents import ParsedDocument, Section, UnreadableFile
from .outline import Outline, table_rows, title_from_name

MAX_PAGE_CHARS = 5_000_000
_MIN_MAIN_CHARS = 200
MAX_SPAN = 50

_NEVER_TEXT = frozenset(
    (
        "script",
        "style",
        "noscript",
        "template",
        "iframe",
        "svg",
        "canvas",
        "object",
        "embed",
        "video",
        "audio",
        "select",
        "button",
        "input",
        "textarea",
        "dialog",
        "img",
        "-comment",
        "nav",
        "footer",
        "aside",
        *STRUCK_TAGS,
    )
)
_AROUND_ROLES = frozenset(
    ("navigation", "banner", "contentinfo", "complementary", "search", "dialog", "alert", "menu", "menubar")
)
_CLUTTER = re.compile(
    r"(?:^|[\s_-])(?:cookies?|consent|newsletter|breadcrumbs?|skip-?link|sidebar|site-?header|site-?footer|megamenu"
    r"|share-?buttons?|social-?links|announcement-bar|related-products|pagination|popup|modal)(?:$|[\s_-])",
    re.IGNORECASE,
)
_UNSEEN_STYLE = re.compile(
    r"(?:text-decoration(?:-line)?\s*:[^;]*line-through|display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE
)
_STRUCK_CLASS = re.compile(r"(?:^|\s)(?:line-through|strikethrough|text-decoration-line-through)(?:$|\s)")
_MAIN = ("main", "[role=main]", "#main-content", "#MainContent", "#main", "article", "#content")
_BLOCKS = frozenset(
    (
        "address",
        "article",
        "blockquote",
        "body",
        "center",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "form",
        "header",
        "hgroup",
        "li",
        "main",
        "ol",
        "p",
        "pre",
        "section",
        "tbody",
        "thead",
        "ul",
    )
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}


def parse_html(data: bytes, name: str) -> ParsedDocument:
    """Parse a page's main content. Headings give the path, their ids (or their section's) the anchors."""
    markup = _markup(data)
    if len(markup) > MAX_PAGE_CHARS:
        raise UnreadableFile(f"the page has more than {MAX_PAGE_CHARS:,} characters of markup")
    if nests_deeper_than(markup, MAX_HTML_DEPTH):
        text = strip_tags(re.sub(r"(?is)<(script|style)\b.{0,500000}?</\1", " ", markup))
        return ParsedDocument(title=title_from_name(name), sections=(Section((), text),) if text else ())
    tree = LexborHTMLParser(markup)
    outline = _main_content(tree)
    title = outline.title or _page_title(tree) or title_from_name(name)
    return ParsedDocument(title=title, url=_canonical(tree), sections=outline.sections())


def _markup(data: bytes) -> str:
    """Decode a page as UTF-8, or else in the encoding that it declares."""
    declared = re.search(rb"""<meta[^>]{0,200}?charset\s{0,5}=\s{0,5}["']?([A-Za-z0-9_-]{2,40})""", data[:4096])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    if declared and not declared[1].lower().startswith(b"utf"):
        try:
            return data.decode(declared[1].decode(), errors="replace")
        except LookupError:
            pass
    return decode_bytes(data)


def _page_title(tree: LexborHTMLParser) -> str | None:
    node = tree.css_first("title")
    text = one_line(node.text()) if node else ""
    # "Returns - Acme Store" and "Returns | Acme" name the shop behind the page.
    return re.split(r"\s+[|–—-]\s+", text)[0] or None


def _canonical(tree: LexborHTMLParser) -> str | None:
    node = tree.css_first("link[rel=canonical]")
    href = (node.attributes.get("href") or "") if node else ""
    try:
        parts = urlsplit(href)
    except ValueError:
        return None
    return href if parts.scheme in ("http", "https") and parts.hostname else None


def _main_content(tree: LexborHTMLParser) -> Outline:
    """The element that says it is the content, when it holds some, else the whole page. Nothing is removed from the
    tree on the way: a node that was freed with its parent must not be touched again."""
    body = tree.body
    if body is None:
        raise UnreadableFile("the page has no content")
    for selector in _MAIN:
        found = tree.css(selector)
        if len(found) == 1 and (outline := _walked(found[0])).chars >= _MIN_MAIN_CHARS:
            return outline
    outline = _walked(body)
    if not outline.chars:
        raise UnreadableFile("the page has no text outside its navigation; it may be built by a script")
    return outline


def _walked(root: LexborNode) -> Outline:
    outline = Outline()
    _Walk(outline).walk(root)
    return outline


def _is_skipped(node: LexborNode, tag: str) -> bool:
    """Whether an element belongs to the site rather than to the page's content."""
    if tag in _NEVER_TEXT:
        return True
    about = node.attributes
    if _UNSEEN_STYLE.search(about.get("style") or "") or _STRUCK_CLASS.search(about.get("class") or ""):
        return True
    if "hidden" in about or about.get("aria-hidden") == "true" or about.get("role") in _AROUND_ROLES:
        return True
    if tag == "header":  # a site's header, not an article's
        return node.parent is not None and node.parent.tag == "body" and not node.css_first("h1")
    if tag not in ("div", "section", "ul", "ol", "p"):
        return False
    names = f"{about.get('class') or ''} {about.get('id') or ''}"
    return bool(_CLUTTER.search(names)) and not node.css_first("h1, main, article")


class _Walk:
    """Walks the content in reading order. The depth is bounded before the page is parsed."""

    def __init__(self, outline: Outline) -> None:
        self._outline = outline
        self._inline: list[str] = []
        self._level = 1

    def walk(self, root: LexborNode) -> None:
        self._children(root)
        self._flush()

    def _children(self, node: LexborNode) -> None:
        child = node.child
        while child is not None:
            self._visit(child)
            child = child.next

    def _visit(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag != "-text" and _is_skipped(node, tag):
            return
        if tag == "-text":
            self._inline.append(" ".join((node.text_content or "").split("\n")))
        elif tag in _HEADINGS:
            self._heading(_HEADINGS[tag], node)
        elif tag in ("summary", "dt"):
            self._heading(min(self._level + 1, 7), node, is_deeper=False)
        elif tag == "table":
            self._table(node)
        elif tag == "br":
            self._inline.append("\n")
        elif tag in _BLOCKS:
            self._flush()
            if tag == "li":
                self._inline.append("- ")
            self._children(node)
            self._flush()
        else:
            self._children(node)

    def _heading(self, level: int, node: LexborNode, *, is_deeper: bool = True) -> None:
        self._flush()
        if is_deeper:
            self._level = level
        self._outline.heading(level, _text_of(node), _anchor(node))

    def _table(self, table: LexborNode) -> None:
        self._flush()
        if table.css_first("table table, table h2, table h3"):  # a table for layout
            self._children(table)
            return
        self._outline.block("\n".join(table_rows(_rows(table))))

    def _flush(self) -> None:
        text = clean_text("".join(self._inline))
        if text and text != "-":
            self._outline.block(text)
        self._inline = []


def _rows(table: LexborNode) -> list[list[str]]:
    """The rows of a table as texts. A cell that spans several columns or rows is in each of them."""
    rows: list[list[str]] = []
    below: dict[int, tuple[int, str]] = {}
    for row in table.css("tr"):
        cells: list[str] = []
        given = iter(row.css("td, th"))
        while True:
            if left := below.pop(len(cells), None):
                count, text = left
                if count > 1:
                    below[len(cells)] = (count - 1, text)
                cells.append(text)
                continue
            cell = next(given, None)
            if cell is None:
                break
            text = one_line(_text_of(cell))
            for _ in range(_span(cell, "colspan")):
                if (rows_down := _span(cell, "rowspan")) > 1:
                    below[len(cells)] = (rows_down - 1, text)
                cells.append(text)
        rows.append(cells)
    return rows


def _span(cell: LexborNode, name: str) -> int:
    text = cell.attributes.get(name) or ""
    return min(max(int(text), 1), MAX_SPAN) if text.isdecimal() and len(text) < 6 else 1


def _text_of(node: LexborNode) -> str:
    """The text of a heading or a cell, without what is struck or not text. The depth was bounded before parsing."""
    parts: list[str] = []
    child = node.child
    while child is not None:
        tag = child.tag or ""
        if tag == "-text":
            parts.append(child.text_content or "")
        elif not _is_skipped(child, tag):
            parts.append(_text_of(child))
        child = child.next
    return " ".join(parts)


def _anchor(heading: LexborNode) -> str | None:
    """The id of the heading, of a link in it, or of the element around it."""
    inner = heading.css_first("a[id], a[name], span[id]")
    for node in (heading, inner, heading.parent):
        if node is None or node.tag in ("body", "main", "article"):
            continue
        name = node.attributes.get("id") or (node.attributes.get("name") if node.tag == "a" else None)
        if name and re.fullmatch(r"[^\s\"'<>#]{1,200}", name):
            return f"#{name}"
    return None
