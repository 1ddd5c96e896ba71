"""Plain text from HTML and unusual Unicode, for stores, imported files and pages alike.

`html_to_text` walks selectolax's tree; which elements are not text, and which end a line, is defined here only.
"""

import html
import re
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

MAX_HTML_DEPTH = 256
"""Parsing HTML takes time quadratic in its depth (8,000 levels: 0.2 s; 60,000: half a minute)."""
MAX_HTML_CHARS = 100_000
"""More is not read: parsing also takes time quadratic in the attributes of one tag (129 KB of them: 0.9 s)."""

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,4000}>|<!--")
_BREAKING = "address article blockquote br dd div dl dt figcaption h1 h2 h3 h4 h5 h6 hr li ol p pre section tr ul"
_BREAKING_TAGS = frozenset(_BREAKING.split())
STRUCK_TAGS = ("del", "s", "strike")
"""Text that holds no longer: told, it would read as current."""
_UNSEEN_TAGS = ("script", "style", "noscript", "template", "iframe", "svg", "head", "title", *STRUCK_TAGS)
_VOID_TAGS = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
_SELF_CLOSED_TAGS = frozenset(
    ["p", "li", "td", "th", "tr", "tbody", "thead", "tfoot", "dt", "dd", "option", "colgroup"]
)

# Removed: NUL and controls, soft hyphen, zero-width space, word joiner and BOM, bidi overrides, Unicode tags
# (invisible to people, readable to a model). Kept: zero-width (non-)joiner: Indic scripts, Persian and emoji need it.
_REMOVED = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f\x80-\x84\x86-\x9f\u00ad\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffc\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
_COMPATIBLE = re.compile("[\ufb00-\ufb06\ufb13-\ufb17\uff01-\uff5e\u0132\u0133\u01c4-\u01cc]")
_PLAIN = re.compile(r"(?:[!-~]+ ?)*+")
"""ASCII words with single spaces: most cells of most files, which need no cleaning."""
_BREAKS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_BLANKS = re.compile("[ \t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_LINE_EDGES = re.compile(r" ?\n ?")
_EMPTY_LINES = re.compile(r"\n{3,}")


def clean_text(text: str) -> str:
    """Normalise a text: composed Unicode without control and invisible characters, ligatures and full-width forms
    replaced (but not ², ½, ™), single spaces, at most one empty line, trimmed."""
    if _PLAIN.fullmatch(text):
        return text.strip()
    text = _REMOVED.sub("", _BREAKS.sub("\n", text))
    text = _COMPATIBLE.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    text = unicodedata.normalize("NFC", text).replace("\uf0b7", "•")
    return _EMPTY_LINES.sub("\n\n", _LINE_EDGES.sub("\n", _BLANKS.sub(" ", text))).strip()


def one_line(text: str) -> str:
    """Normalise a title, name or category: `clean_text` on one line, with entities decoded."""
    return " ".join(clean_text(decode_entities(text)).split())


def decode_entities(text: str) -> str:
    """Decode entities such as `&amp;`; text such as "AT&T" or "a&b=1" is not changed."""
    return _ENTITY.sub(lambda match: html.unescape(match[0]), text) if "&" in text else text


def cut(text: str, limit: int) -> str:
    """Shorten a text to `limit` characters, between words where possible, with an ellipsis."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    at = head.rfind(" ")
    return (head[:at] if at > limit * 0.8 else head).rstrip() + "…"


def html_to_text(markup: str, *, bullet: str = "- ") -> str:
    """The text of an HTML fragment, one line per block, `bullet` before each list item. A text without tags only gets
    its entities decoded. At most MAX_HTML_CHARS of the markup are read."""
    if not _TAG.search(markup):
        return clean_text(decode_entities(markup))
    markup = markup[:MAX_HTML_CHARS]
    if nests_deeper_than(markup, MAX_HTML_DEPTH):
        return strip_tags(markup)
    from selectolax.lexbor import LexborHTMLParser

    body = LexborHTMLParser(markup).body
    parts: list[str] = []
    try:
        if body is not None:
            _collect(body, parts, f"\n{bullet}")
    except RecursionError:  # closing tags inside attributes can hide depth from the count
        return strip_tags(markup)
    return clean_text("".join(parts)).replace("\n\n", "\n")


def _collect(node: "LexborNode", parts: list[str], item_start: str) -> None:
    """Add the text below a node; the depth was bounded before parsing."""
    child = node.child
    while child is not None:
        tag = child.tag or ""
        if tag == "-text":
            parts.append(" ".join((child.text_content or "").split("\n")))
        elif tag not in _UNSEEN_TAGS:
            is_block = tag in _BREAKING_TAGS
            parts.append(item_start if tag == "li" else "\n" if is_block else " " if tag in ("td", "th") else "")
            _collect(child, parts, item_start)
            parts.append("\n" if is_block else "")
        child = child.next


def strip_tags(markup: str) -> str:
    """Remove tags by a regular expression, in linear time: for markup that nests too deep to be parsed."""
    return clean_text(decode_entities(_TAG.sub(" ", markup)))


def nests_deeper_than(markup: str, limit: int) -> bool:
    """Whether elements nest deeper than `limit`, in one linear pass without parsing; in doubt, yes."""
    open_tags: dict[str, int] = {}
    depth = 0
    for closing, name in _tags(markup):
        if closing:
            if open_tags.get(name):
                open_tags[name] -= 1
                depth -= 1
        elif name not in _VOID_TAGS and name not in _SELF_CLOSED_TAGS:
            open_tags[name] = open_tags.get(name, 0) + 1
            depth += 1
            if depth > limit:
                return True
    return False


_TAG_NAME = re.compile(r"/?([A-Za-z][A-Za-z0-9:-]{0,40})")
_RAW_TEXT_TAGS = frozenset(("script", "style", "textarea", "title"))


def _tags(markup: str) -> Iterator[tuple[bool, str]]:
    """Yield (is a closing tag, lower-case name) in order, skipping comments and scripts."""
    at = markup.find("<")
    while at >= 0:
        if markup.startswith("<!--", at):
            at = markup.find("-->", at + 4)
        elif name := _TAG_NAME.match(markup, at + 1):
            closing, tag = markup[at + 1] == "/", name[1].lower()
            yield closing, tag
            at = name.end()
            if tag in _RAW_TEXT_TAGS and not closing:
                at = markup.find(f"</{tag}", at)
        else:
            at += 1
        at = markup.find("<", at) if at >= 0 else -1
