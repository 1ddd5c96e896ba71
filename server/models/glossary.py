"""English meanings of words of other languages.

The words are data: `server/languages/<code>/glossary.tsv` has one English meaning a line, a tab and the words that have
it; a phrase is written with underscores. Inflected forms are found by the language's stemmer, compounds by splitting
them into words of the glossary. A language that the multilingual embedder does not know is read through it word by word
(`gloss`); for the others it adds what single nouns mean, which that embedder knows least (`meanings`).
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from msgspec import Struct

from server.languages.loading import LANGUAGES
from server.languages.matching import normalise
from server.languages.words import language as word_data
from server.languages.writing import writing_of

FOLDER = Path(__file__).parent.parent / "languages"

_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_LINKS = ("", "s")
"""Letters that may join the parts of a compound."""
_SHORTEST_PART = 3
_SHORTEST_STEM = 4
"""Letters of a stem that is no word of the glossary itself: shorter ones are of many words ("dere", "deri")."""
_LONGEST_WORD = 40
_LONGEST_PHRASE = 4
_MAX_WORDS = 64


class _Glossary(Struct, frozen=True):
    words: dict[str, str]
    """Words, and phrases with spaces, in lower case."""
    stems: dict[str, str]
    """The same by the stems of their words."""
    stem: "_Stem"
    has_spaces: bool
    prefixes: tuple[str, ...]


class _Stem:
    """The stem of a lower-case word; the word itself where there is no stemmer."""

    def __init__(self, language: str) -> None:
        import snowballstemmer  # type: ignore[import-untyped]

        name = writing_of(language).stemmer
        self._stemmer = snowballstemmer.stemmer(name) if name else None

    def __call__(self, text: str) -> str:
        return " ".join(map(str, self._stemmer.stemWords(text.split()))) if self._stemmer else text


def has_glossary(language: str) -> bool:
    """Whether there is a glossary of this language (ISO 639-1)."""
    return language in _languages()


def gloss(text: str, language: str) -> str:
    """The text with every word that the language's glossary knows in English."""
    glossary = _load(language)
    return _WORD.sub(lambda found: _meaning(glossary, found[0].lower()) or found[0], text)


def meanings(text: str, language: str) -> list[str]:
    """The English meanings of the words and phrases of a text that the language's glossary knows, each once."""
    if not has_glossary(language):
        return []
    glossary = _load(language)
    found = _found_phrases(glossary, text) if glossary.has_spaces else _found_parts(glossary, text)
    return list(dict.fromkeys(found))


def _found_phrases(glossary: _Glossary, text: str) -> Iterator[str]:
    words = [word for found in _WORD.finditer(text) for word in _parts_known(glossary, found[0].lower())][:_MAX_WORDS]
    place = 0
    while place < len(words):
        for length in range(min(_LONGEST_PHRASE, len(words) - place), 0, -1):
            phrase = " ".join(words[place : place + length])
            meaning = _meaning(glossary, phrase) if length == 1 else _simple_meaning(glossary, phrase)
            if meaning is not None:
                yield meaning
                place += length - 1
                break
        place += 1


def _parts_known(glossary: _Glossary, word: str) -> list[str]:
    """The word, or the pieces between its hyphens where it is known only by them: "ember-schlafsack"."""
    return [word] if "-" not in word or _meaning(glossary, word) else word.split("-")


def _found_parts(glossary: _Glossary, text: str) -> Iterator[str]:
    """Of a language without spaces: the longest words of the glossary from the left."""
    longest = max(map(len, glossary.words), default=0)
    text, place = text.lower()[: _MAX_WORDS * _LONGEST_PHRASE], 0
    while place < len(text):
        length = next((n for n in range(longest, 0, -1) if text[place : place + n] in glossary.words), 1)
        if text[place : place + length] in glossary.words:
            yield glossary.words[text[place : place + length]]
        place += length


@lru_cache(maxsize=1)
def _languages() -> frozenset[str]:
    return frozenset(file.parent.name for file in FOLDER.glob("*/glossary.tsv"))


@lru_cache(maxsize=16)
def _load(language: str) -> _Glossary:
    stem = _Stem(language)
    small_words = word_data(language).stop_words if language in LANGUAGES else frozenset()
    words: dict[str, str] = {}
    for line in (FOLDER / language / "glossary.tsv").read_text("utf-8").splitlines():
        meaning, _, given = line.partition("\t")
        for word in (each.replace("_", " ").replace("'", " ") for each in given.split()):
            words.setdefault(word, meaning)
    for word, meaning in list(words.items()):  # shoppers leave accents out; a word that is written so comes first
        if (plain := normalise(word)) not in small_words:  # "dés" are dice, and "des" is an article
            words.setdefault(plain, meaning)
    stems: dict[str, str] = {}
    for word in sorted(words, key=len):  # "zelte" has the stem of "zelt" and of "zelten": the shortest word has it
        stems.setdefault(stem(word), words[word])
    writing = writing_of(language)
    return _Glossary(words, stems, stem, writing.spaced, writing.prefixes)


def _meaning(glossary: _Glossary, word: str) -> str | None:
    found = _simple_meaning(glossary, word)
    if found is not None or len(word) > _LONGEST_WORD:
        return found
    for end in range(len(word) - _SHORTEST_PART, _SHORTEST_PART - 1, -1):  # the longest first part wins
        head = _simple_meaning(glossary, word[end:])
        if head is None:
            continue
        for link in _LINKS:
            if word[:end].endswith(link):
                part = _simple_meaning(glossary, word[: end - len(link)])
                if part is not None:
                    return f"{part} {head}"
    return None


def _simple_meaning(glossary: _Glossary, word: str) -> str | None:
    """By the word, by its stem, then the same without accents and without what is written in front of it."""
    for form in _forms(glossary, word):
        if (found := glossary.words.get(form)) is not None:
            return found
        stem = glossary.stem(form)
        if (found := glossary.stems.get(stem)) is not None and (len(stem) >= _SHORTEST_STEM or stem in glossary.words):
            return found
    return None


def _forms(glossary: _Glossary, word: str) -> Iterator[str]:
    yield word
    if (plain := normalise(word)) != word:
        yield plain
    for prefix in glossary.prefixes:
        if plain.startswith(prefix) and len(plain) - len(prefix) >= _SHORTEST_PART:
            yield plain[len(prefix) :]
