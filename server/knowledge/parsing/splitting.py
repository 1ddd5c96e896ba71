"""Splits documents into passages of whole sentences under their headings, short enough to embed."""

import hashlib
import re
from functools import lru_cache

from semantic_text_splitter import TextSplitter

from server.knowledge.passages import PassageDraft

from .documents import ParsedDocument, Section, SplitDocument

MAX_TOKENS = 200
"""Leaves room for title and headings below the 256 tokens at which the local embedder stops reading."""

_WORD = re.compile(r"[A-Za-z0-9]+|[^\sA-Za-z0-9]+")


def estimate_tokens(text: str) -> int:
    """About how many word pieces a text has for a BERT vocabulary: a word of up to 6 letters is one, each further
    4 letters one more, and every character outside ASCII letters about one (so Chinese counts in full)."""
    return sum(1 + max(len(word) - 3, 0) // 4 if word[0].isascii() else len(word) for word in _WORD.findall(text))


def split_document(document: ParsedDocument, title: str | None = None, url: str | None = None) -> SplitDocument:
    """Split a document into passages. `title` replaces its own title, `url` is used where it has none."""
    title, url = title or document.title, document.url or url
    digest = hashlib.blake2b(digest_size=16)
    for text in (title, url or "", *(f"{s.heading_path}{s.anchor}{s.text}" for s in document.sections)):
        digest.update(text.encode() + b"\x00")
    return SplitDocument(
        title=title,
        url=url,
        key=document.key,
        content_hash=digest.digest(),
        passages=tuple(split_sections(document)),
    )


def split_sections(document: ParsedDocument, max_tokens: int = MAX_TOKENS) -> list[PassageDraft]:
    """The passages of a document in order. Neighbours under one heading are put together while they fit; a sentence
    is only cut when it alone is longer than `max_tokens`."""
    splitter = _splitter(max_tokens)
    passages: list[PassageDraft] = []
    for section in _merged(document.sections, max_tokens):
        for text in splitter.chunks(section.text):
            draft = PassageDraft(
                position=len(passages), text=text, heading_path=section.heading_path, anchor=section.anchor
            )
            passages.append(draft)
    return passages


@lru_cache(maxsize=4)
def _splitter(max_tokens: int) -> TextSplitter:
    return TextSplitter.from_callback(estimate_tokens, max_tokens)


def _merged(sections: tuple[Section, ...], max_tokens: int) -> list[Section]:
    merged: list[Section] = []
    tokens = 0
    for section in sections:
        size = estimate_tokens(section.text)
        last = merged[-1] if merged else None
        is_same_place = last and (last.heading_path, last.anchor) == (section.heading_path, section.anchor)
        if last and is_same_place and tokens + size <= max_tokens:
            merged[-1] = Section(last.heading_path, f"{last.text}\n\n{section.text}", last.anchor)
            tokens += size
        else:
            merged.append(section)
            tokens = size
    return merged
