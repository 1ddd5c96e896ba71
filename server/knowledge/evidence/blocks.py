"""The lines of a body as blocks: paragraphs, lists with what leads to them, rows with their headers, headings.

A body is what `parsing` makes of a page: blocks with an empty line between them, "- " before list items, table rows as
"Header: cell; Header: cell", as "name: value" or as "cell | cell". Markdown tables, headings and emphasis are read too.
"""

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum, auto

from msgspec import Struct

MAX_NAME_CHARS = 60
MIN_WRAPPED_CHARS = 60
"""A shorter line was not broken for want of room."""

_ITEM = re.compile(r"[\s>]*(?:[-*+•·‣▪●►✓✔✅–—]|\d{1,3}[.)])\s+(?=\S)")
_INLINE_ITEM = re.compile(r"\s*[•●▪►✓✔✅]\s*")
_HEADING = re.compile(r"\s{0,3}(#{1,6})\s+(.*?)\s*#*$")
_RULE = re.compile(r"[\s|:=\-–—_*]{3,}")
_PAIR = re.compile(rf"([^:：;|\n]{{1,{MAX_NAME_CHARS}}}?)(?:\s?:\s+|\s?：\s*)(\S[^\n]*)")
_ROW = re.compile(r"[^:;|]{1,60}: [^;]+(?:; [^:;]{1,60}: [^;]+)+")
_LINK = re.compile(r"!?\[([^\]\n]{0,300})\]\([^)\n]{0,1000}\)|<[^<>\s\n]{1,500}>")
_EMPHASIS = re.compile(r"(?<!\w)[*_`]{1,3}(?=\S)|(?<=\S)[*_`]{1,3}(?!\w)|\*\*|`")
_ENDS_LINE = re.compile(r"[\d.!?…。！？؟:：;$€£%]['\"”’»)\]]*$")
_ENDS_SENTENCE = re.compile(r"[.!?…。！？؟:：;]['\"”’»)\]]*$")


class BlockKind(StrEnum):
    """What a block is."""

    PARAGRAPH = auto()
    ITEM = auto()
    PAIR = auto()
    ROW = auto()
    HEADING = auto()


class Line(Struct, frozen=True):
    """A line of a body, and which passage it came from."""

    text: str
    passage: int = 0


class Block(Struct, frozen=True, kw_only=True):
    """One block. `cells` are (header, cell) of a row or (name, value) of a pair; `text` is plain, on one line.

    `group` is the same for blocks that stood together without an empty line between them. `level` is a heading's.
    """

    kind: BlockKind
    text: str
    cells: tuple[tuple[str, str], ...] = ()
    group: int = 0
    level: int = 0
    passage: int = 0


def read_blocks(lines: Iterable[Line]) -> list[Block]:
    """The blocks of a body, in order."""
    blocks: list[Block] = []
    header: list[str] = []
    bare_rows: list[tuple[list[str], Line]] = []
    joins, group = False, 0

    def flush_rows() -> None:
        blocks.extend(_bare_rows(bare_rows, group))
        bare_rows.clear()

    for line in lines:
        if "|" not in line.text:
            flush_rows()
            header = []
        if not line.text.strip() or _RULE.fullmatch(line.text):
            joins = False
            group += not line.text.strip()
            continue
        if found := _HEADING.fullmatch(line.text):
            joins = False
            blocks.append(
                Block(kind=BlockKind.HEADING, text=plain(found[2]), level=len(found[1]), passage=line.passage)
            )
        elif line.text.lstrip().startswith("|"):  # a Markdown table, whose first row is its header
            cells = [plain(cell) for cell in line.text.strip().strip("|").split("|")]
            if header:
                blocks.append(_row(tuple(zip(header, cells, strict=False)), group, line))
            header, joins = header or cells, False
        elif " | " in line.text:
            bare_rows.append(([plain(cell) for cell in line.text.split(" | ")], line))
            joins = False
        elif block := _own_line(line, group):
            blocks.append(block)
            joins = block.kind is BlockKind.ITEM
        elif len(pieces := _INLINE_ITEM.split(plain(line.text))) > 2:
            blocks += _inline_items(pieces, group, line)
            joins = False
        elif joins and blocks and _goes_on(blocks[-1], line.text):
            last = blocks.pop()
            blocks.append(_joined(last, plain(line.text)))
        else:
            blocks.append(Block(kind=BlockKind.PARAGRAPH, text=plain(line.text), group=group, passage=line.passage))
            joins = True
    flush_rows()
    return [block for block in blocks if block.text]


def plain(text: str) -> str:
    """One line without Markdown."""
    text = _LINK.sub(lambda found: found[1] or "", text)
    return " ".join(_EMPHASIS.sub("", text).split())


def find_pair(text: str) -> tuple[str, str] | None:
    """The name and the value of "Weight: 1.2 kg"; None for a sentence with a colon in it."""
    found = _PAIR.fullmatch(text)
    if not found or len(found[1].split()) > 6 or re.search(r"[.!?]\s", found[1]):
        return None
    return found[1].strip(), found[2].strip()


def _own_line(line: Line, group: int) -> Block | None:
    """What a line is when it stands for itself: a row, an item or a pair."""
    if found := _ITEM.match(line.text):
        text = plain(line.text[found.end() :])
        return Block(kind=BlockKind.ITEM, text=text, group=group, passage=line.passage) if text else None
    text = plain(line.text)
    if _ROW.fullmatch(text):
        cells = tuple((name.strip(), cell.strip()) for name, _, cell in (c.partition(": ") for c in text.split("; ")))
        return _row(cells, group, line)
    if pair := find_pair(text):
        return Block(kind=BlockKind.PAIR, text=text, cells=(pair,), group=group, passage=line.passage)
    return None


def _row(cells: Sequence[tuple[str, str]], group: int, line: Line) -> Block:
    kept = tuple((name, cell) for name, cell in cells if cell)
    text = ", ".join(f"{name}: {cell}" if name else cell for name, cell in kept)
    return Block(kind=BlockKind.ROW, text=text, cells=kept, group=group, passage=line.passage)


def _bare_rows(rows: Sequence[tuple[list[str], Line]], group: int) -> list[Block]:
    """Rows without headers; a first row with one cell less than all others holds the headers of a matrix."""
    if len(rows) > 1 and all(len(cells) == len(rows[0][0]) + 1 for cells, _ in rows[1:]):
        header = ["", *rows[0][0]]
        return [_row(tuple(zip(header, cells, strict=True)), group, line) for cells, line in rows[1:]]
    return [_row([("", cell) for cell in cells], group, line) for cells, line in rows]


def _inline_items(pieces: Sequence[str], group: int, line: Line) -> list[Block]:
    """ "Features: • light • warm" as what leads to a list, and its items."""
    kinds = [BlockKind.PARAGRAPH, *[BlockKind.ITEM] * (len(pieces) - 1)]
    return [
        Block(kind=kind, text=text.strip(), group=group, passage=line.passage)
        for kind, text in zip(kinds, pieces, strict=True)
        if text.strip()
    ]


def _goes_on(last: Block, text: str) -> bool:
    """Whether a line continues the block above: a wrapped sentence, not the next of several short lines."""
    if last.kind not in (BlockKind.PARAGRAPH, BlockKind.ITEM):
        return False
    if text.lstrip()[:1].islower():
        return not _ENDS_SENTENCE.search(last.text)
    return len(last.text) > MIN_WRAPPED_CHARS and not _ENDS_LINE.search(last.text)


def _joined(block: Block, text: str) -> Block:
    return Block(kind=block.kind, text=f"{block.text} {text}", group=block.group, passage=block.passage)
