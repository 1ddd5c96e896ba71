"""Dates, times of day and weekdays in a text, as keys. The text is handed back with them blanked out."""

import re
from collections.abc import Iterator, Set
from datetime import date

from server.chat.answering.grounding.calendar import Calendar, calendar
from server.chat.answering.grounding.vocabulary import is_look_alike, is_wide
from server.chat.languages.folding import fold

_WORD = re.compile(r"[^\W\d_]+")
_FIGURES = re.compile(r"\d+")
_LOOK_BACK = 24

Place = tuple[int, int, tuple[str, ...]]
"""(start, end, keys); any one of the keys is enough."""
Found = list[Place]


def take_dates(folded: str, words: Set[str], language: int) -> tuple[str, Found]:
    """Finds them in an already folded text; blanks dates and times so that their figures are not read again.

    `words` are those of the text, `language` is the bit of its language.
    """
    names = calendar()
    found: Found = []
    text = _blank(folded, words, found, names)
    if not names.days.keys().isdisjoint(words):
        for word in _WORD.finditer(folded):
            if word[0] in names.days and not is_look_alike(word[0], names.days[word[0]][1], language):
                found.append((word.start(), word.end(), (names.days[word[0]][0],)))
    if not names.phrase_starts.isdisjoint(words) or is_wide(folded):
        for phrase in names.phrases.finditer(folded):
            if is_wide(phrase[0]) or _stands_alone(folded, phrase):
                key = names.phrase_keys[" ".join(phrase[0].replace("-", " ").split())]
                found.append((phrase.start(), phrase.end(), (key,)))
    return text, found


def keys_of_date(day: date, today: date | None) -> tuple[str, ...]:
    """All that a source with this day supports: with and without its year, its weekday, its distance from today."""
    keys = [f"date:{day.isoformat()}", f"date:--{day:%m-%d}", f"month:{day:%Y-%m}", f"weekday:{day.weekday()}"]
    if today is not None:
        keys.append(f"relative:{(day - today).days}")
    return tuple(keys)


def short_weekdays(folded: str) -> Iterator[str]:
    """Keys of "Mon", "Mo-Fr", "Sa 10:00" in a source; a claim must spell the day out to be checked."""
    names = calendar()
    words = set(_WORD.findall(folded))
    for word in words & names.weekdays_in_sources.keys():
        yield f"weekday:{names.weekdays_in_sources[word]}"
    if names.short_weekdays.keys().isdisjoint(words):
        return
    for found in _WORD.finditer(folded):
        day = names.short_weekdays.get(found[0])
        if day is not None and _is_short_day(folded, found, names):
            yield f"weekday:{day}"


def parse_day(text: str) -> date | None:
    """The day of an ISO date or time, else None."""
    try:
        return date.fromisoformat(fold(text)[:10])
    except ValueError:
        return None


_DASH_AND_WORD = re.compile(r"\.?\s?[-–—]\s?([^\W\d_]+)")
_WORD_AND_DASH = re.compile(r"([^\W\d_]+)\.?\s?[-–—]\s?\Z")
_TIME_FOLLOWS = re.compile(r"\.?:?\s\d{1,2}[:.h]\d\d")


def _is_short_day(folded: str, found: re.Match[str], names: Calendar) -> bool:
    """Whether a short name is one end of a range of days, or a time follows: "do" is a word in most texts."""
    after = _DASH_AND_WORD.match(folded, found.end())
    if after and after[1] in names.short_weekdays:
        return True
    start = found.start()
    before = _WORD_AND_DASH.search(folded[max(0, start - 12) : start])
    if before and before[1] in names.short_weekdays:
        return True
    return _TIME_FOLLOWS.match(folded, found.end()) is not None


def _stands_alone(folded: str, found: re.Match[str]) -> bool:
    before, after = folded[: found.start()][-1:], folded[found.end() :][:1]
    return not before.isalpha() and not after.isalpha()


def _blank(folded: str, words: Set[str], found: Found, names: Calendar) -> str:
    """The text with its dates and times as spaces; what they are is added to `found`."""
    pieces: list[str] = []
    done = 0
    has_months = not names.months.keys().isdisjoint(words)
    has_hours = not names.time_before_ends.isdisjoint(words)
    for figures in _FIGURES.finditer(folded):
        start = figures.start()
        if start < done:
            continue
        taken = _after_month(folded, start, done, names) if has_months else None
        taken = taken or _date_at(folded, start, names) or _time_at(folded, start, done, names, has_hours)
        if taken:
            first, last, _ = taken
            found.append(taken)
            pieces += (folded[done:first], " " * (last - first))
            done = last
    return "".join((*pieces, folded[done:])) if pieces else folded


def _date_at(folded: str, start: int, names: Calendar) -> Place | None:
    """The date whose figures begin here."""
    found = names.date.match(folded, start)
    if not found:
        return None
    before = folded[start - 1 : start]
    part = found.groupdict()
    if part["dayfirst"]:
        keys = () if before in (".", ",") else tuple(_dayfirst_keys(part, names))
    elif (part["iso"] and before.isalnum()) or (part["figures"] and before and before in ".,/"):
        keys = ()
    else:
        keys = tuple(_figure_keys(part))
    return (start, found.end(), keys) if keys else None


def _after_month(folded: str, start: int, done: int, names: Calendar) -> Place | None:
    """ "November 28, 2026" and "November 2026", from the month on."""
    first, word = _word_before(folded, start, done, names)
    if word not in names.months or not (found := names.date_after_month.match(folded, start)):
        return None
    figure, year = found["figure"], found["year"]
    if len(figure) <= 2 and word in names.months_before_day:
        keys = tuple(_key(int(year) if year else None, names.months[word], int(figure)))
        return (first, found.end(), keys) if keys else None
    if len(figure) == 4 and figure[:2] in ("19", "20"):
        return first, found.end("figure"), (f"month:{figure}-{names.months[word]:02d}",)
    return None


def _word_before(folded: str, start: int, done: int, names: Calendar) -> tuple[int, str]:
    """The word before a figure and where it begins, a connector ("de") between them left out."""
    low = max(done, start - _LOOK_BACK)
    before = folded[low:start]
    words = before.split()
    if not words or not before[-1:].isspace():
        return start, ""
    if words[-1] in names.connectors and len(words) > 1:
        words.pop()
    word = words[-1].rstrip(".")
    if word.isalpha():
        return low + before.rindex(word), word
    return start, ""


def _dayfirst_keys(part: dict[str, str | None], names: Calendar) -> Iterator[str]:
    word, day, year = part["m3"] or "", int(part["d3"] or 0), part["y3"]
    month = names.months.get(word) or (names.months_with_year.get(word) if year else None)
    if month:
        yield from _key(int(year) if year else None, month, day)


def _figure_keys(part: dict[str, str | None]) -> Iterator[str]:
    def number(name: str) -> int:
        return int(part[name] or 0)

    if part["iso"]:
        yield from _key(number("y1"), number("m1"), number("d1"))
    elif part["yearfirst"]:
        yield from _key(number("y6"), number("m6"), number("d6"))
    elif part["dashed"]:
        yield from _key(number("y8"), number("m8"), number("d8"))
    elif part["signs"]:
        yield from _key(number("y7") or None, number("m7"), number("d7"))
    elif part["monthsign"]:
        yield f"month:{number('y9')}-{number('m9'):02d}"
    elif part["figures"]:
        year = number("y2") + (2000 if len(part["y2"] or "") == 2 else 0)
        yield from _key(year, number("b"), number("a"))
        if part["separator"] == "/":
            yield from _key(year, number("a"), number("b"))


def _key(year: int | None, month: int, day: int) -> Iterator[str]:
    try:
        date(year or 2024, month, day)
    except ValueError:
        return
    yield f"date:{year}-{month:02d}-{day:02d}" if year else f"date:--{month:02d}-{day:02d}"


def _time_at(folded: str, start: int, done: int, names: Calendar, has_words: bool) -> Place | None:
    """The time of day whose hour begins here, with the word before it where the script has no spaces."""
    if start and folded[start - 1] in ".,:":
        return None
    found = names.time.match(folded, start)
    if not found:
        return None
    word, has_minutes = found["word"] or "", bool(found["minute"] or found["signed"])
    if not has_minutes and not found["sign"]:
        if not word and not has_words:
            return None
        if not _is_hour(word, folded[max(0, start - _LOOK_BACK) : start], names):
            return None
    before = next((half for half in names.wide_halves if folded.endswith(half, done, start)), "")
    hour, minute = int(found["hour"]), int(found["minute"] or found["signed"] or found["dotted"] or 0)
    half = names.halves.get(word, names.halves.get(before))
    if half is not None and 1 <= hour <= 12:
        hour = hour % 12 + half
    if hour > 24 or minute > 59:
        return None
    return start - len(before), found.end(), (f"time:{hour * 60 + minute}",)


def _is_hour(word: str, before: str, names: Calendar) -> bool:
    """Whether the words around a figure without minutes (or with "10.30") make it a time."""
    words = before.replace(".", " ").split()
    last = words[-1] if words else ""
    if word in names.between_after:
        return last in names.between_before
    return len(word) > 1 or last in names.time_before or " ".join(words[-2:]) in names.time_before
