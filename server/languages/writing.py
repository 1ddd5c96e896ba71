"""How a language writes its words, from the head of its `words.toml`."""

import tomllib
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

FOLDER = Path(__file__).parent


class Writing(Struct, frozen=True):
    """`stemmer` is the name of a snowball stemmer, empty without one; `spaced` says whether spaces part words;
    `prefixes` are what it writes in front of a word without a space, normalised."""

    stemmer: str = ""
    spaced: bool = True
    prefixes: tuple[str, ...] = ()


@cache
def writing_of(code: str) -> Writing:
    """The writing of a language by its code; of a language without a folder that of most."""
    path = FOLDER / code / "words.toml"
    return msgspec.convert(tomllib.loads(path.read_text("utf-8")), Writing) if path.is_file() else Writing()
