"""Where people in danger of harming themselves find help: a line by country, and the emergency number."""

import tomllib
from functools import lru_cache
from pathlib import Path

import msgspec
from msgspec import Struct

from server.chat.languages.phrases import phrase
from server.languages.detection import LANGUAGE_DATA

FILE = Path(__file__).parent / "crisis_lines.toml"


class CrisisLine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One country's help. Without `name` and `contact`, `source` is a directory of help lines.

    `seen` is a page on which name and number were found when they were looked up.
    """

    source: str
    emergency: str
    name: str | None = None
    contact: str | None = None
    seen: str | None = None

    def __post_init__(self) -> None:
        if (self.name is None) != (self.contact is None):
            raise ValueError("a line has both a name and a contact, or neither")


class CrisisLines(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`crisis_lines.toml`: the lines by country (ISO 3166), and what is said of every other country."""

    countries: dict[str, CrisisLine]
    fallback: CrisisLine


@lru_cache(maxsize=1)
def load_crisis_lines() -> CrisisLines:
    """The lines of all countries. Raises ValueError, with the file and the key, for a file that is wrong."""
    try:
        return msgspec.convert(tomllib.loads(FILE.read_text("utf-8")), CrisisLines)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as reason:
        raise ValueError(f"{FILE}: {reason}") from reason


def crisis_line(country: str | None) -> CrisisLine:
    """The help of a country such as "AT"; for one that has no entry, a directory of lines."""
    lines = load_crisis_lines()
    return lines.countries.get((country or "").upper(), lines.fallback)


def country_of_locale(locale: str) -> str | None:
    """The region of a locale ("de-AT" gives "AT", "zh-Hant-TW" gives "TW"), else its language's main country.

    None for a language without a region that Aisle does not speak.
    """
    language, *rest = locale.replace("_", "-").split("-")
    regions = [part.upper() for part in rest if len(part) == 2 and part.isalpha()]
    data = LANGUAGE_DATA.get(language.lower())
    return regions[0] if regions else data.country if data else None


def crisis_text(locale: str, language: str) -> str:
    """What is said to somebody in danger: in `language`, with the line and emergency number of the locale's country."""
    line = crisis_line(country_of_locale(locale))
    if line.name is None or line.contact is None:
        help_line = phrase("crisis_line_unknown", language, url=line.source)
    else:
        help_line = phrase("crisis_line", language, name=line.name, contact=line.contact)
    return phrase("crisis", language, line=help_line, emergency=line.emergency)
