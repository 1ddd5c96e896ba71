"""Markdown: headings, and the text between them as a page would show it."""

import re
from functools import lru_cache
from itertools import pairwise
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from integrations.text import html_to_text
from server.catalog.formats.field_values import parse_url, render_text
from server.catalog.formats.text_encoding import decode_bytes

from .documents import ParsedDocument, Section
from .outline import Outline, slug, table_rows, title_from_name

_FRONT_MATTER = re.compile(r"---\r?\n(.{0,20000}?)\r?\n(?:---|\.\.\.)\s*(?:\r?\n|$)", re.DOTALL)
_EXPLICIT_ID = re.compile(r"\s*\{#([\w\-.:]{1,100})\}\s*$")


def parse_markdown(data: bytes, name: str) -> ParsedDocument:
    """Parse a Markdown file. YAML front matter may have `title` and `url`."""
    text = decode_bytes(data)
    about: dict[str, Any] = {}
    if front := _FRONT_MATTER.match(text):
        about = _front_matter(front[1])
        text = text[front.end() :]
    title, sections = markdown_sections(text)
    named = render_text(about.get("title"))
    return ParsedDocument(
        title=named or title or title_from_name(name),
        url=parse_url(about.get("url") or about.get("permalink"), max_chars=None),
        sections=sections,
    )


def markdown_sections(text: str) -> tuple[str | None, tuple[Section, ...]]:
    """Return (the level-1 heading at the top, all sections) of a Markdown text."""
    tokens = _parser().parse(text)
    outline = Outline()
    lists: list[int | None] = []
    rows: list[list[str]] = []
    is_item_start = False
    for previous, token in pairwise([Token("start", "", 0), *tokens]):
        match token.type:
            case "bullet_list_open":
                lists.append(None)
            case "ordered_list_open":
                lists.append(int(token.attrGet("start") or 1))
            case "bullet_list_close" | "ordered_list_close":
                lists.pop()
            case "list_item_open":
                is_item_start = True
            case "table_open":
                rows = []
            case "tr_open":
                rows.append([])
            case "table_close":
                outline.block("\n".join(table_rows(rows)))
            case "inline" if previous.type == "heading_open":
                _open_section(outline, int(previous.tag[1]), inline_text(token))
            case "inline" if previous.type in ("th_open", "td_open"):
                rows[-1].append(inline_text(token))
            case "inline":
                outline.block(_marker(lists, is_item_start) + inline_text(token))
                is_item_start = False
            case "fence" | "code_block":
                outline.block(token.content)
            case "html_block":
                outline.block(html_to_text(token.content))
    sections = outline.sections()
    return outline.title, sections


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"maxNesting": 30}).enable(["table", "strikethrough"])


def _open_section(outline: Outline, level: int, text: str) -> None:
    explicit = _EXPLICIT_ID.search(text)
    text = _EXPLICIT_ID.sub("", text)
    outline.heading(level, text, f"#{explicit[1]}" if explicit else slug(text))


def _marker(lists: list[int | None], is_item_start: bool) -> str:
    """The marker of a list item: "- " or its number."""
    if not lists or not is_item_start:
        return ""
    number = lists[-1]
    if number is None:
        return "- "
    lists[-1] = number + 1
    return f"{number}. "


def inline_text(token: Token) -> str:
    """Render inline Markdown as text: without marks and struck text, links as their text, images as their
    description."""
    parts = []
    struck = 0
    for child in token.children or []:
        struck += child.nesting if child.type in ("s_open", "s_close") else 0
        match child.type:
            case _ if struck:
                pass
            case "text" | "code_inline":
                parts.append(child.content)
            case "softbreak":
                parts.append(" ")
            case "hardbreak":
                parts.append("\n")
            case "image":
                parts.append(child.content)
    return "".join(parts)


def _front_matter(text: str) -> dict[str, Any]:
    import yaml

    try:
        found = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
