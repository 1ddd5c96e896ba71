"""The words by which figures are read: units, numbers, currencies, dates and times of every language.

Each language keeps them in `figures.toml` of its folder; units, their signs and currencies, which are the same in all
of them, stand in `units.toml` beside the folders.
"""

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct, field

import server

MASTER = "en"
"""The language that a text is taken to be in as long as nothing says otherwise."""
FOLDER = Path(server.__file__).parent / "languages"

Record = TypeVar("Record", bound=Struct)


class NumberWords(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Numbers in words. In `below_twenty` and `tens` a word's other forms follow it after a slash."""

    below_twenty: str = ""
    tens: str = ""
    compounds: list[str] = []
    """How a ten and a one make a number: "{ten} {one}"; a hyphen there counts as a space."""
    bases: dict[str, int] = {}
    """Words that take all numbers below twenty: "soixante" = 60."""
    hundreds: list[str] = []
    """How a one and a hundred make one word: "{one}hundert"."""
    larger: dict[str, int] = {}
    """Words that a smaller number before them multiplies."""
    more: dict[str, int] = {}
    and_: list[str] = field(default=[], name="and")
    one: list[str] = []
    """Forms of one that are also articles or pronouns: figures only beside a unit of time."""
    one_after: list[str] = []
    """Forms of one that follow the unit."""
    articles: list[str] = []
    """Count as one only after a word of `within`."""
    alone: list[str] = []
    """Words after which a unit without a number counts as one."""
    within: list[str] = []
    fillers: list[str] = []
    """May stand between a number and its unit."""
    ranges: list[str] = []
    """May stand between the two numbers of a range, whose unit follows the second."""
    percent_before: list[str] = []
    look_alikes: list[str] = []
    """Ordinary words of this language that look like a number or a day, of this language or another: figures only
    beside a unit, unless the text's language is known to be the other."""
    idioms: list[str] = []
    """Phrases with a word of number or time that state none."""


class Numerals(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Numbers written with signs: those of 0 to 9 in order, and those that multiply what stands before them."""

    digits: str
    multipliers: dict[str, int]


class FreeWords(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """That something costs nothing. A star stands for the rest of a word."""

    words: list[str]
    in_sources: list[str]
    """Phrases that say so in a source, and are not looked for in answers."""
    not_free: list[str] = []


class LimitWords(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Words of a sentence that repeats a limit or says no."""

    words: list[str]


class DateWords(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands around figures in dates, and names that CLDR does not list."""

    ordinals: list[str] = []
    connectors: list[str] = []
    month_before_day: bool = False
    relative: dict[str, int] = {}
    """Words for a day by its distance from today, in days."""
    months: dict[int, list[str]] = {}
    weekdays: dict[int, list[str]] = {}
    """By weekday, Monday is 0."""
    weekdays_in_sources: dict[int, list[str]] = {}
    """Short forms that name a day in a source anywhere, not only in a range or before a time."""
    not_alone: list[str] = []
    """Ordinary words of this language that look like a short month of any: months only with a year."""
    year_signs: list[str] = []
    month_signs: list[str] = []
    day_signs: list[str] = []


class Between(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Words that make a figure a time of day only together."""

    before: list[str]
    after: list[str]


class TimeWords(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What makes a figure a time of day."""

    before: list[str] = []
    after: list[str] = []
    between: Between | None = None
    hour: list[str] = []
    """Signs between hour and minute."""
    minute: list[str] = []
    am: list[str] = []
    pm: list[str] = []


class SentenceWords(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Abbreviations whose dot ends no sentence, separated by spaces."""

    abbreviations: str


class LanguageFigures(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One language's `figures.toml`."""

    units: dict[str, list[str]]
    numbers: NumberWords
    currencies: dict[str, list[str]]
    """By ISO code or by a name of `shared_currencies`."""
    free: FreeWords
    limits: LimitWords
    dates: DateWords
    times: TimeWords
    sentences: SentenceWords
    duals: dict[str, list[str]] = {}
    """Words that hold a unit and its number two."""
    numerals: Numerals | None = None
    prefixes: list[str] = []
    """What may be written in front of a word without a space."""


class Reading(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How signs are read."""

    only_touching: list[str]
    percent_before: list[str]
    codes_in_capitals: list[str]


class CurrencyCodes(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """ISO codes that are read in every shop; a shop's own is read always."""

    codes: list[str]


class Measures(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sorts of measure ("weight"): scales by canonical unit, and by signs that mean it only where the sort is known."""

    units: dict[str, dict[str, float]]
    signs: dict[str, dict[str, float]]


class CommonUnits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`units.toml`."""

    units: dict[str, tuple[str, str, str]]
    """Name to kind, canonical unit and factor."""
    signs: dict[str, list[str]]
    reading: Reading
    currency_signs: dict[str, str]
    shared_currencies: dict[str, list[str]]
    currency_codes: CurrencyCodes
    measures: Measures


@lru_cache(maxsize=1)
def load_units() -> CommonUnits:
    """The units of all languages. Raises ValueError with the file's name for one that does not fit."""
    return _read(FOLDER / "units.toml", CommonUnits)


@lru_cache(maxsize=1)
def load_figures() -> dict[str, LanguageFigures]:
    """The words of every language by its ISO 639-1 code.

    Raises ValueError, with the file and what is wrong, for a file that does not fit or names an unknown unit.
    """
    common = load_units()
    found = {}
    for path in sorted(FOLDER.glob("*/figures.toml")):
        language = found[path.parent.name] = _read(path, LanguageFigures)
        if unknown := (language.units.keys() | language.duals.keys()) - common.units.keys():
            raise ValueError(f"{path}: unknown units {sorted(unknown)}")
        for name in language.currencies:
            if name not in common.shared_currencies and not (name.isupper() and len(name) == 3):
                raise ValueError(f"{path}: `{name}` is no currency")
    return found


def _read(path: Path, record: type[Record]) -> Record:
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), record, str_keys=True)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as reason:
        raise ValueError(f"{path}: {reason}") from reason
