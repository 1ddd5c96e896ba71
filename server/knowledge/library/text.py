"""A document as a text that a person edits: headings are lines that begin with #, everything else stands as it is."""

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter

from server.knowledge.parsing.documents import Section
from server.knowledge.parsing.outline import MAX_HEADING_CHARS

_HEADING = re.compile(r"(#{1,6})[ \t]+([^ \t].*)")
_BLANKS = " \t"


def text_of(sections: Iterable[Section]) -> str:
    """The sections as one text. The outermost headings have one #."""
    blocks: list[str] = []
    above: tuple[str, ...] = ()
    for section in sections:
        path = section.heading_path
        shared = _shared(above, path)
        if path and shared == len(path):
            shared -= 1  # the same place with another anchor, or back from a heading below: named again
        blocks += [f"{'#' * min(depth, 6)} {heading}" for depth, heading in enumerate(path[shared:], shared + 1)]
        blocks.append(section.text)
        above = path
    return "\n\n".join(blocks)


def sections_of(text: str, known: Sequence[Section] = ()) -> tuple[Section, ...]:
    """The sections of an edited text. A section keeps the anchor of the `known` one under the same headings."""
    anchors = {section.heading_path: section.anchor for section in reversed(known)}
    sections: list[Section] = []
    path: tuple[str, ...] = ()
    lines: list[str] = []

    def close() -> None:
        if body := "\n".join(lines).strip():
            sections.append(Section(path, body, anchors.get(path)))
        lines.clear()

    for line in text.splitlines():
        heading = _HEADING.fullmatch(line)
        if heading is None:
            lines.append(line.rstrip())
            continue
        close()
        path = (*path[: len(heading[1]) - 1], _without_closing(heading[2])[:MAX_HEADING_CHARS])
    close()
    return tuple(sections)


def join_passages(passages: Iterable[tuple[tuple[str, ...], str, str | None]]) -> tuple[Section, ...]:
    """The sections that passages (headings, text, address) were cut from: neighbours of one place are one section."""
    located = (
        ((heading_path, f"#{url.partition('#')[2]}" if url and "#" in url else None), body)
        for heading_path, body, url in passages
    )
    return tuple(
        Section(heading_path, "\n\n".join(body for _, body in found), anchor)
        for (heading_path, anchor), found in groupby(located, key=itemgetter(0))
    )


def _without_closing(heading: str) -> str:
    """The heading without the blanks and the #s that may close its line. Those of "C#" are its own."""
    name = heading.rstrip(_BLANKS)
    stem = name.rstrip("#")
    return stem.rstrip(_BLANKS) if stem and stem[-1] in _BLANKS else name


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    """How many headings two paths have in common from the outermost on."""
    count = 0
    for first, second in zip(one, other, strict=False):
        if first != second:
            break
        count += 1
    return count
