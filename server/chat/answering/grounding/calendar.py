"""Names of months and weekdays, words of time and the patterns of dates, of all languages together."""

import re
from collections.abc import Iterator
from functools import lru_cache

from babel import Locale
from msgspec import Struct

from server.chat.answering.grounding.vocabulary import alternatives, bit_of, is_wide, phrase
from server.chat.languages.figures import LanguageFigures, load_figures
from server.chat.languages.folding import fold

_FORMS = ("format", "stand-alone")


class Calendar(Struct, frozen=True, kw_only=True):
    """Everything is folded."""

    months: dict[str, int]
    months_with_year: dict[str, int]
    """Short names that are ordinary words as well: months only with a year."""
    months_before_day: frozenset[str]
    days: dict[str, tuple[str, int]]
    """Words for a weekday or for a day by its distance from today: the key, and the languages as bits."""
    short_weekdays: dict[str, int]
    """Days in a range ("Mo-Fr") or before a time."""
    weekdays_in_sources: dict[str, int]
    phrases: re.Pattern[str]
    """Names of days that are more than one word, or stand in a script without spaces."""
    phrase_starts: frozenset[str]
    phrase_keys: dict[str, str]
    connectors: frozenset[str]
    date: re.Pattern[str]
    """Matched where a figure begins."""
    date_after_month: re.Pattern[str]
    time: re.Pattern[str]
    time_before: frozenset[str]
    time_before_ends: frozenset[str]
    between_before: frozenset[str]
    between_after: frozenset[str]
    halves: dict[str, int]
    """Words for the halves of the day, and the hours to add."""
    wide_halves: tuple[str, ...]


@lru_cache(maxsize=1)
def calendar() -> Calendar:
    """The names and patterns of every language. Read once."""
    languages = load_figures()
    months, short_months, month_first = dict[str, int](), dict[str, int](), set[str]()
    short_weekdays, in_sources = dict[str, int](), dict[str, int]()
    days = dict[str, tuple[str, int]]()
    for language, figures in languages.items():
        own = dict(_names(language, "months", "wide", figures.dates.months))
        short = dict(_names(language, "months", "abbreviated", {}))
        months |= own
        short_months |= short
        if figures.dates.month_before_day:
            month_first |= own.keys() | short.keys()
        named = [(name, f"weekday:{day}") for name, day in _names(language, "days", "wide", figures.dates.weekdays)]
        named += [(phrase(word), f"relative:{shift}") for word, shift in figures.dates.relative.items()]
        for name, key in ((prefix + name, key) for name, key in named for prefix in ("", *map(fold, figures.prefixes))):
            days[name] = key, days.get(name, ("", 0))[1] | bit_of(language)
        short_weekdays |= dict(_names(language, "days", "abbreviated", {}))
        in_sources |= dict(_extra(figures.dates.weekdays_in_sources))
    not_alone = {fold(word) for figures in languages.values() for word in figures.dates.not_alone}
    weak = {name: month for name, month in short_months.items() if name in not_alone and name not in months}
    months = {name: month for name, month in (short_months | months).items() if name not in weak}
    phrases = {name: key for name, (key, _) in days.items() if " " in name or is_wide(name)}
    spaced = sorted((re.escape(name).replace(r"\ ", r"[\s-]") for name in phrases), key=len, reverse=True)
    before = [phrase(word) for figures in languages.values() for word in figures.times.before]
    halves = {fold(word): 0 for each in languages.values() for word in each.times.am}
    halves |= {fold(word): 12 for each in languages.values() for word in each.times.pm}
    return Calendar(
        months=months,
        months_with_year=weak,
        months_before_day=frozenset(month_first),
        days={name: each for name, each in days.items() if name not in phrases},
        short_weekdays=short_weekdays,
        weekdays_in_sources=in_sources,
        phrases=re.compile("|".join(spaced)),
        phrase_starts=frozenset(name.split()[0] for name in phrases),
        phrase_keys=phrases,
        connectors=_words(languages, "connectors"),
        date=_date_pattern(languages),
        date_after_month=_after_month_pattern(languages),
        time=_time_pattern(languages),
        time_before=frozenset(before),
        time_before_ends=frozenset(word.split()[-1] for word in (*before, *_between(languages, "before"))),
        between_before=frozenset(_between(languages, "before")),
        between_after=frozenset(_between(languages, "after")),
        halves=halves,
        wide_halves=tuple(word for word in halves if is_wide(word)),
    )


def _names(language: str, kind: str, width: str, extra: dict[int, list[str]]) -> Iterator[tuple[str, int]]:
    """Folded name to month (from 1) or weekday (Monday is 0), as CLDR has them and the language's file adds."""
    names = getattr(Locale.parse(language), kind)
    for form in _FORMS:
        for number, name in names[form][width].items():
            if not name[0].isdecimal():
                yield phrase(name).removesuffix(" ."), number
    yield from _extra(extra)


def _extra(names: dict[int, list[str]]) -> Iterator[tuple[str, int]]:
    yield from ((phrase(name), number) for number, words in names.items() for name in words)


def _words(languages: dict[str, LanguageFigures], name: str) -> frozenset[str]:
    return frozenset(fold(word) for figures in languages.values() for word in getattr(figures.dates, name))


def _between(languages: dict[str, LanguageFigures], name: str) -> Iterator[str]:
    for figures in languages.values():
        if figures.times.between:
            yield from map(fold, getattr(figures.times.between, name))


def _date_pattern(languages: dict[str, LanguageFigures]) -> re.Pattern[str]:
    ordinals, connectors = alternatives(_words(languages, "ordinals")), alternatives(_words(languages, "connectors"))
    year, month, day = (alternatives(_words(languages, f"{name}_signs")) for name in ("year", "month", "day"))
    return re.compile(
        r"(?P<iso>(?P<y1>\d{4})-(?P<m1>\d{2})-(?P<d1>\d{2})(?:t\d\d:\d\d[\d:.]{0,12}(?:z|[+-]\d\d:?\d\d)?)?(?![\d-]))"
        r"|(?P<yearfirst>(?P<y6>\d{4})(?P<s6>[./])(?P<m6>\d{1,2})(?P=s6)(?P<d6>\d{1,2})(?![\d/]))"
        r"|(?P<figures>(?P<a>\d{1,2})(?P<separator>[./])(?P<b>\d{1,2})(?P=separator)(?P<y2>\d{4}|\d{2})(?![\d/]))"
        r"|(?P<dashed>(?P<d8>\d{1,2})-(?P<m8>\d{1,2})-(?P<y8>(?:19|20)\d\d)(?![\d-]))"
        rf"|(?P<signs>(?:(?P<y7>\d{{4}})(?:{year})\s?)?(?P<m7>\d{{1,2}})(?:{month})\s?(?P<d7>\d{{1,2}})(?:{day}))"
        rf"|(?P<monthsign>(?P<y9>\d{{4}})(?:{year})\s?(?P<m9>\d{{1,2}})(?:{month}))"
        rf"|(?P<dayfirst>(?P<d3>\d{{1,2}})(?::?(?:{ordinals})(?![^\W\d_]))?\.?[\s-]+(?:(?:{connectors})\s+)?"
        rf"(?P<m3>[^\W\d_]++)\.?(?:,?[\s-]+(?:(?:{connectors})\s+)?(?P<y3>\d{{4}})\b)?)"
    )


def _after_month_pattern(languages: dict[str, LanguageFigures]) -> re.Pattern[str]:
    ordinals = alternatives(_words(languages, "ordinals"))
    return re.compile(
        rf"(?P<figure>\d{{1,4}})(?:(?:{ordinals})(?![^\W\d_]))?(?![\d\w])(?![.,]\d)(?!\s*%)(?:,?\s+(?P<year>\d{{4}})\b)?"
    )


def _time_pattern(languages: dict[str, LanguageFigures]) -> re.Pattern[str]:
    times = [figures.times for figures in languages.values()]
    hours = {fold(sign) for each in times for sign in each.hour}
    wide_hours = {sign for sign in hours if is_wide(sign)}
    longer = {word[len(sign) :] for sign in wide_hours for word in _units_of(languages) if word.startswith(sign)} - {""}
    minutes = alternatives(fold(sign) for each in times for sign in each.minute)
    words = {fold(word) for each in times for word in (*each.am, *each.pm, *each.after)}
    words |= {fold(word) for each in times if each.between for word in each.between.after}
    return re.compile(
        r"(?P<hour>\d{1,2})(?:"
        r":(?P<minute>\d{2})(?!\d)(?::\d{2})?"
        rf"|(?:{alternatives(hours)})(?P<signed>\d{{2}})(?!\d)(?:\s?(?:{minutes}))?"
        rf"|(?P<sign>{alternatives(wide_hours)})(?!{alternatives(longer)})"
        r"|\.(?P<dotted>\d{2})(?![.,]?\d)"
        r")?(?![.,:]?\d)"
        rf"(?:\s?(?P<word>{alternatives(words)})(?![^\W\d_]))?"
    )


def _units_of(languages: dict[str, LanguageFigures]) -> Iterator[str]:
    yield from (fold(word) for figures in languages.values() for words in figures.units.values() for word in words)
