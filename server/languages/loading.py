"""Reads the files of the languages into typed records, and refuses a file that says less or more than English does."""

import string
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

MASTER = "en"
FOLDER = Path(__file__).parent
LANGUAGES = (MASTER, *sorted(path.parent.name for path in FOLDER.glob("*/phrases.toml") if path.parent.name != MASTER))
"""The languages that Aisle answers in, as ISO 639-1 codes, English first."""

Record = TypeVar("Record", bound=Struct)


def language_of_locale(locale: str) -> str:
    """The language of a locale ("fr-CA" gives "fr"), English for one that Aisle does not speak."""
    language = locale.replace("_", "-").split("-")[0].lower()
    return language if language in LANGUAGES else MASTER


def load_records(name: str, record: type[Record], folder: Path = FOLDER) -> dict[str, Record]:
    """The file `name` of every language as a record, by language.

    Raises ValueError, with the file and the key, for a file that is missing or no TOML, for a key that is missing,
    unknown or empty, and for placeholders other than those of the English text.
    """
    master = _read(folder / MASTER / name, record)
    records = {MASTER: master}
    for language in LANGUAGES:
        if language != MASTER:
            path = folder / language / name
            records[language] = _read(path, record)
            _require_alike(path, dict(texts_of(records[language])), dict(texts_of(master)))
    return records


def texts_of(record: Struct) -> Iterator[tuple[str, str]]:
    """Every text of a record with its key; keys of inner tables are joined by dots ("labels.shipped")."""
    yield from _flattened(msgspec.to_builtins(record, str_keys=True))


def placeholders_of(text: str) -> set[str]:
    """The names that stand in curly braces in a text. Raises ValueError for a brace that is not closed."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def _read(path: Path, record: type[Record]) -> Record:
    try:
        found = msgspec.convert(tomllib.loads(path.read_text("utf-8")), record)
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as reason:
        raise ValueError(f"{path}: {reason}") from reason
    for key, text in texts_of(found):
        if not text.strip():
            raise ValueError(f"{path}: `{key}` is empty")
    return found


def _require_alike(path: Path, texts: dict[str, str], master: dict[str, str]) -> None:
    for key in sorted(texts.keys() ^ master.keys()):
        raise ValueError(f"{path}: `{key}` is {'missing' if key in master else 'unknown'}")
    for key, text in texts.items():
        try:
            found, wanted = placeholders_of(text), placeholders_of(master[key])
        except ValueError as reason:
            raise ValueError(f"{path}: `{key}`: {reason}") from reason
        if found != wanted:
            raise ValueError(f"{path}: `{key}` has the placeholders {sorted(found)}, English has {sorted(wanted)}")


def _flattened(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _flattened(inner, f"{key}.{name}" if key else name)
