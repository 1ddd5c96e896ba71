"""The words of the chat as its source has them, so that tests can find things by name in every language."""

import json
import pathlib
import re
from collections.abc import Iterator

FOLDER = pathlib.Path(__file__).parents[2] / "widget" / "src" / "frame" / "strings"
LANGUAGES = sorted(file.stem for file in FOLDER.glob("*.ts"))
TEXT = r'"(?:[^"\\]|\\.)*"'

Words = dict[str, str | dict[str, str]]


def words_of(language: str) -> Words:
    """Every phrase by its name; a counted one as {plural class: text}."""
    source = (FOLDER / f"{language}.ts").read_text()
    literal = source[source.index("= {\n") + 2 : source.index("\n};") + 2]
    plain = re.sub(rf'({TEXT})|\bas "ltr" \| "rtl"|\bas Plural', lambda found: found[1] or "", literal)
    named = re.sub(rf"({TEXT})|(\w+):", lambda found: found[1] or f'"{found[2]}":', plain)
    words: Words = json.loads(re.sub(rf"({TEXT})|,(?=\s*}})", lambda found: found[1] or "", named))
    return words


def texts_of(words: Words) -> Iterator[str]:
    """Every text, plural classes apart."""
    for name, phrase in words.items():
        if name != "direction":
            yield from [phrase] if isinstance(phrase, str) else phrase.values()


def pattern_of(text: str) -> re.Pattern[str]:
    """Matches the text with its blanks filled."""
    pieces = re.split(r"\{\w+\}", text)
    return re.compile(".+?".join(map(re.escape, pieces)), re.DOTALL)
