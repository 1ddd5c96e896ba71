"""What a page of a shop is for, by the words of its address or title (`page_kinds.toml`)."""

import re
import tomllib
from enum import IntEnum
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec
from msgspec import Struct

_FILE = Path(__file__).with_name("page_kinds.toml")


class PageKind(IntEnum):
    """In the order in which pages are read where not all can be."""

    HELP = 0
    OTHER = 1
    LIST = 2
    CATALOG = 3


class _Words(Struct, frozen=True, forbid_unknown_fields=True):
    help: tuple[str, ...]
    catalog: frozenset[str]
    lists: frozenset[str]


def sounds_helpful(text: str) -> bool:
    """Whether a title or slug has a word of policies and help in it."""
    return _help().search(text.lower()) is not None


def kind_of_address(url: str) -> PageKind:
    """What the page or sitemap at an address is for, by the folders of its path and the words in them."""
    path = unquote(urlsplit(url).path).lower()
    folders = [folder for folder in path.split("/") if folder]
    words = {word for folder in folders for word in re.split(r"[-_.\d]+", folder)}
    is_sitemap = bool(folders) and "sitemap" in folders[-1]
    named = words if is_sitemap else set(folders[:-1])
    if named & _words().catalog:
        return PageKind.CATALOG
    if any(_help_word().match(word) for word in _pieces(folders)):
        return PageKind.HELP
    return PageKind.LIST if named & _words().lists else PageKind.OTHER


def _pieces(folders: list[str]) -> list[str]:
    """The words of folders, each with what follows it: help words begin one, and some hold a hyphen."""
    return [folder[found.start() :] for folder in folders for found in re.finditer(r"(?:^|(?<=[-_. ]))\w", folder)]


@cache
def _words() -> _Words:
    return msgspec.convert(tomllib.loads(_FILE.read_text("utf-8")), _Words)


@cache
def _help() -> re.Pattern[str]:
    return re.compile("|".join(_words().help))


@cache
def _help_word() -> re.Pattern[str]:
    return re.compile(rf"(?:{'|'.join(_words().help)})")
