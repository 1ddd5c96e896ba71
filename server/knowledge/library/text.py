"""A document as a text that a person edits: headings are lines that begin with #, everything else stands as it is."""

import re
from collections.abc import Iterable, Sequence

from server.knowledge.parsing.documents import Section
from server.knowledge.parsing.outline import MAX_HEADING_CHARS

_HEADING = re.compile(r"(#{1,6})[ \t]+(\S.*?)[ \t]*#*")


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
        path = (*path[: len(heading[1]) - 1], heading[2][:MAX_HEADING_CHARS])
    close()
    return tuple(sections)


def join_passages(passages: Iterable[tuple[tuple[str, ...], str, str | None]]) -> tuple[Section, ...]:
    """The sections that passages (headings, text, address) were cut from: neighbours of one place are one section."""
    sections: list[Section] = []
    for heading_path, body, url in passages:
        anchor = f"#{url.partition('#')[2]}" if url and "#" in url else None
        last = sections[-1] if sections else None
        if last and (last.heading_path, last.anchor) == (heading_path, anchor):
            sections[-1] = Section(heading_path, f"{last.text}\n\n{body}", anchor)
        else:
            sections.append(Section(heading_path, body, anchor))
    return tuple(sections)


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    """How many headings two paths have in common from the outermost on."""
    count = 0
    for first, second in zip(one, other, strict=False):
        if first != second:
            break
        count += 1
    return count
