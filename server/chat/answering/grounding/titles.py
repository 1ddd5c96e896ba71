"""Titles of products in a sentence: they are names, so the figures in them say nothing."""

import re
from collections.abc import Iterable
from functools import lru_cache

from server.chat.answering.grounding.units import currency_of
from server.chat.answering.grounding.vocabulary import WIDE, vocabulary
from server.chat.languages.folding import fold

MAX_TITLE_CHARACTERS = 300
_PART = re.compile(r"\d+|[^\W\d_]+|[^\s\w]|_")
_MARKS = r"[*_~`]"
_FOLLOWING = re.compile(r"[*_~`]*[\s-]?[*_~`]*([^\W\d_]+|[^\s\w])('|\s?\d)?")


def without_titles(text: str, folded: str, titles: Iterable[str], currency: str) -> str:
    """The text with each title as spaces, the longest first, in any case and with Markdown in and around it.

    A figure at a title's end that a unit follows stays: "Fell 2 kg" may be the tent or a weight.
    """
    folded = folded.replace("’", "'")
    words = set(_PART.findall(folded))
    for title in sorted((title for title in titles if words_of(title) <= words), key=len, reverse=True):
        for found in title_pattern(title).finditer(folded):
            if not _is_measured(folded, found, currency):
                text = text[: found.start()] + " " * len(found[0]) + text[found.end() :]
                folded = folded[: found.start()] + " " * len(found[0]) + folded[found.end() :]
    return text


def is_name(title: str) -> bool:
    """Whether a title has a figure or a number in words to be left out, and a word that is neither number nor unit."""
    known = vocabulary()
    words = [part for part in parts_of(title) if part.isalpha()]
    is_named = any(word not in known.numbers and word not in known.units and word not in known.ones for word in words)
    return is_named and len(title) <= MAX_TITLE_CHARACTERS


@lru_cache(maxsize=4096)
def words_of(title: str) -> frozenset[str]:
    """The words, figures and signs of a title, each once."""
    return frozenset(parts_of(title))


def parts_of(title: str) -> list[str]:
    """The words, figures and signs of a title, folded, in order, without signs of Markdown."""
    return [part for part in _PART.findall(_plain(title)) if not re.fullmatch(_MARKS, part)]


@lru_cache(maxsize=1024)
def title_pattern(title: str) -> re.Pattern[str]:
    """A folded title where it stands as a whole. Linear: between its parts only spaces and Markdown may stand."""
    folded = _plain(title)
    pattern, end = "", 0
    for found in _PART.finditer(folded):
        if re.fullmatch(_MARKS, found[0]):
            continue
        if pattern:
            has_space = any(character.isspace() for character in folded[end : found.start()])
            pattern += rf"{_MARKS}*+\s++{_MARKS}*+" if has_space else f"{_MARKS}*+"
        pattern += re.escape(found[0])
        end = found.end()
    return re.compile(rf"(?<![\d.,$€£¥])(?<!(?![{WIDE}])[^\W_]){pattern}(?!(?![{WIDE}])[^\W_])(?![.,]\d)")


def _plain(title: str) -> str:
    return fold(title).replace("’", "'")


def _is_measured(folded: str, found: re.Match[str], currency: str) -> bool:
    """Whether the title ends in a number and a unit follows that is no common word ("in", "an") in any language."""
    known = vocabulary()
    last = _PART.findall(found[0])[-1]
    if not last.isdecimal() and last not in known.numbers:
        return False
    following = _FOLLOWING.match(folded, found.end())
    if not following or following[1] in known.small_words:
        return False
    word, next_sign = following[1], following[2] or ""
    if word.isalpha():
        return not next_sign.startswith("'") and (word in known.unit_starts or currency_of(word, currency) is not None)
    belongs_to_next = next_sign.strip().isdecimal()
    return not belongs_to_next and (word in known.units or currency_of(word, currency) is not None)
