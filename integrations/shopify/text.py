"""A product's HTML description as the plain text a shopper would read."""

from html import unescape

from selectolax.lexbor import LexborHTMLParser

_BLOCKS = (
    "address, article, blockquote, br, dd, div, dt, figure, h1, h2, h3, h4, h5, h6, hr, li, ol, p, pre, section, "
    "table, tr, ul"
)
_UNREAD = ["script", "style", "template", "iframe", "noscript", "svg", "head"]
_BREAK = "\x1e"  # a control character that no document may hold, so it can mark the ends of blocks
MAX_LENGTH = 200_000


def plain_text(html: str) -> str:
    """One line for each block, entities read, everything that is not shown left out. At most MAX_LENGTH characters
    of HTML are looked at."""
    tree = LexborHTMLParser(html[:MAX_LENGTH].replace(_BREAK, " "))
    tree.strip_tags(_UNREAD)
    body = tree.body
    if body is None:
        return ""
    for block in body.css(_BLOCKS):
        block.insert_before(_BREAK)
        block.insert_after(_BREAK)
    for cell in body.css("td, th"):
        cell.insert_after(" ")
    lines = (" ".join(line.split()) for line in body.text().split(_BREAK))
    return "\n".join(line for line in lines if line)


def one_line(text: str) -> str:
    """A title: entities that imports left behind read, white space made single."""
    return " ".join(unescape(text).split())
