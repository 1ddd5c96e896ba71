"""How the search reads each language: `search.toml` of server/languages, as the function `passage_reading` needs it."""

import json
import re
import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from importlib.resources import files
from typing import Any

_LETTERS = str.maketrans("łøđðþæœßı", "loddtaosi")


def reading_rules() -> str:
    """By text search configuration the four regular expressions of `passage_reading`, as JSON in an SQL literal."""
    words: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for language in _languages():
        for key in ("before", "after", "suffixes", "endings"):
            words[language["stemmer"]][key] += language[key]
    rules = {
        stemmer: [
            _any_of(found["before"], r"\m({}) +"),
            _any_of(found["after"], r" +(?:{})\M"),
            _any_of(found["suffixes"], r"({})\M"),
            _any_of(found["endings"], r"(?:{})\M"),
        ]
        for stemmer, found in sorted(words.items())
    }
    return json.dumps(rules, ensure_ascii=False).replace("'", "''")


def compounding() -> str:
    """The text search configurations of languages that write words as one, as an array in an SQL literal."""
    return "{" + ",".join(sorted({language["stemmer"] for language in _languages() if language["compounds"]})) + "}"


def _languages() -> Iterator[dict[str, Any]]:
    for folder in files("server.languages").iterdir():
        file = folder / "search.toml"
        if file.is_file():
            yield tomllib.loads(file.read_text("utf-8"))


def _any_of(words: Iterable[str], pattern: str) -> str:
    """The longest first. Empty for no words."""
    folded = sorted({_fold(word) for word in words}, key=lambda word: (-len(word), word))
    return pattern.format("|".join(re.escape(word).replace(r"\ ", " +") for word in folded)) if folded else ""


def _fold(word: str) -> str:
    """As `passage_fold` writes it."""
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", word) if not unicodedata.combining(letter))
    return plain.lower().translate(_LETTERS)
