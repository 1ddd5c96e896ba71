"""The words of `words/`: names of columns, what cells say, and names of fields that shoppers must not see."""

import tomllib
from functools import lru_cache
from pathlib import Path

import msgspec
from msgspec import Struct

_FOLDER = Path(__file__).parent / "words"


class CellWords(Struct, frozen=True):
    """`cells.toml`: what a cell says of availability and of visibility, in lower case."""

    available: frozenset[str]
    unavailable: frozenset[str]
    public: frozenset[str]
    not_public: frozenset[str]


class PrivateNames(Struct, frozen=True):
    """`private.toml`: which normalised names are private."""

    names: frozenset[str]
    starts: tuple[str, ...]
    words: tuple[str, ...]
    public: tuple[str, ...]


class LookAlikes(Struct, frozen=True):
    """`look_alikes.toml`: words in the names of columns that look like one of our meanings."""

    price: tuple[str, ...]
    status: tuple[str, ...]
    status_or_condition: tuple[str, ...]
    group: tuple[str, ...]
    stock: tuple[str, ...]
    not_price: tuple[str, ...]


@lru_cache(maxsize=1)
def column_names() -> dict[str, tuple[str, ...]]:
    """Normalised names of columns by meaning, best first."""
    return msgspec.convert(_load("columns")["targets"], dict[str, tuple[str, ...]])


@lru_cache(maxsize=1)
def cell_words() -> CellWords:
    """What cells say."""
    return msgspec.convert(_load("cells"), CellWords)


@lru_cache(maxsize=1)
def private_names() -> PrivateNames:
    """Names of fields that are never read."""
    return msgspec.convert(_load("private"), PrivateNames)


@lru_cache(maxsize=1)
def look_alikes() -> LookAlikes:
    """Words that make a column look like one that should have been understood."""
    return msgspec.convert(_load("look_alikes"), LookAlikes)


@lru_cache(maxsize=8)
def headings(platform: str) -> dict[str, dict[str, str]]:
    """`<platform>_headings.tsv`: by language, each folded heading and the English one. Earlier lines win."""
    found: dict[str, dict[str, str]] = {}
    for line in (_FOLDER / f"{platform}_headings.tsv").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            language, english, name = line.split("\t")
            found.setdefault(language, {}).setdefault(fold_heading(name), english)
    return found


def fold_heading(name: str) -> str:
    """A heading to compare: case folded, with one kind of space and of apostrophe."""
    return " ".join(name.replace("’", "'").casefold().split())


def _load(name: str) -> dict[str, object]:
    with (_FOLDER / f"{name}.toml").open("rb") as file:
        return tomllib.load(file)
