"""Sentences that say that something costs nothing, and sentences that repeat a limit or say no."""

import re
from collections.abc import Iterable
from functools import lru_cache

from server.chat.answering.grounding.vocabulary import is_wide
from server.chat.languages.figures import LanguageFigures, load_figures
from server.chat.languages.folding import fold


def find_free(folded: str) -> str | None:
    """The word of an answer that says that something is free, None without one."""
    found = _free().search(_not_free().sub("", folded))
    return found[0] if found else None


def says_free(folded: str) -> bool:
    """Whether a source says that something is free."""
    return any(start in folded for start in _starts()) and _free_in_source().search(folded) is not None


def repeats_limit(folded: str) -> bool:
    """Whether a sentence has a word of a limit or of a no."""
    return _limits().search(folded) is not None


@lru_cache(maxsize=1)
def _free() -> re.Pattern[str]:
    return _pattern(word for each in load_figures().values() for word in _spelled(each.free.words, each))


@lru_cache(maxsize=1)
def _free_in_source() -> re.Pattern[str]:
    words = (
        word for each in load_figures().values() for word in _spelled(each.free.words + each.free.in_sources, each)
    )
    return _pattern(words)


@lru_cache(maxsize=1)
def _not_free() -> re.Pattern[str]:
    return _pattern(word for each in load_figures().values() for word in each.free.not_free)


@lru_cache(maxsize=1)
def _limits() -> re.Pattern[str]:
    return _pattern(word for each in load_figures().values() for word in _spelled(each.limits.words, each))


@lru_cache(maxsize=1)
def _starts() -> tuple[str, ...]:
    """Short stretches, one of which stands in every text that says so: looking for these first is many times faster
    than the pattern."""
    words = (fold(word).split()[-1].rstrip("*") for each in load_figures().values() for word in each.free.words)
    phrases = (fold(word).split()[-1] for each in load_figures().values() for word in each.free.in_sources)
    every = sorted({*words, *phrases}, key=len)
    return tuple(word for index, word in enumerate(every) if not any(other in word for other in every[:index]))


def _spelled(words: Iterable[str], figures: LanguageFigures) -> list[str]:
    return [prefix + word for word in words for prefix in ("", *figures.prefixes)]


def _pattern(words: Iterable[str]) -> re.Pattern[str]:
    """Any of the words; a star stands for the rest of a word. Only scripts without spaces have them inside words."""
    spaced, wide = set[str](), set[str]()
    for word in map(fold, words):
        (wide if is_wide(word) else spaced).add(re.escape(word).replace(r"\*", r"\w*").replace(r"\ ", r"\s+"))
    patterns = [rf"\b(?:{'|'.join(sorted(spaced, key=len, reverse=True))})\b"] if spaced else []
    return re.compile("|".join((*patterns, *sorted(wide, key=len, reverse=True))) or r"(?!)")
