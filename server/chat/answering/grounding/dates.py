"""Dates, times of day and weekdays in a text, as keys. The text is handed back with them blanked out."""

import re
from collections.abc import Iterator
from datetime import date

from server.chat.answering.intents.words import fold

_MONTHS = (
    "january januar janvier enero jan ene", "february februar fevrier febrero feb fevr",
    "march marz mars marzo mar", "april avril abril apr avr abr", "may mai mayo", "june juni juin junio jun",
    "july juli juillet julio jul juil", "august aout agosto aug ago", "september septembre septiembre sep sept",
    "october oktober octobre octubre oct okt", "november novembre noviembre nov",
    "december dezember decembre diciembre dec dez dic",
)  # fmt: skip
_MONTH = {word: number for number, words in enumerate(_MONTHS, start=1) for word in words.split()}
_WEEKDAYS = (
    "monday mondays montag montags lundi lunes", "tuesday tuesdays dienstag dienstags mardi martes",
    "wednesday wednesdays mittwoch mittwochs mercredi miercoles",
    "thursday thursdays donnerstag donnerstags jeudi jueves", "friday fridays freitag freitags vendredi viernes",
    "saturday saturdays samstag samstags samedi sabado", "sunday sundays sonntag sonntags dimanche domingo",
)  # fmt: skip
_WEEKDAY = {word: number for number, words in enumerate(_WEEKDAYS) for word in words.split()}
_SHORT_WEEKDAY = {"mon": 0, "tue": 1, "wed": 2, "thu": 3, "fri": 4, "sat": 5, "sun": 6}
_RELATIVE = {"tomorrow": 1, "morgen": 1, "demain": 1, "yesterday": -1, "gestern": -1, "ayer": -1}

_NAME = "|".join(sorted(_MONTH, key=len, reverse=True))
_DATES = re.compile(
    r"(?P<iso>\b(?P<y1>\d{4})-(?P<m1>\d{2})-(?P<d1>\d{2})(?:t\d\d:\d\d[\d:.]{0,12}(?:z|[+-]\d\d:?\d\d)?)?(?![\d-]))"
    r"|(?P<figures>(?<![\d.,/])(?P<a>\d{1,2})(?P<sep>[./])(?P<b>\d{1,2})(?P=sep)(?P<y2>\d{4}|\d{2})(?![\d/]))"
    rf"|(?P<dayfirst>(?<![\d.,])(?P<d3>\d{{1,2}})(?:st|nd|rd|th|er)?\.?[\s-]+(?:de\s+|of\s+)?(?P<m3>{_NAME})\b"
    r"\.?(?:,?[\s-]+(?:de\s+|del\s+)?(?P<y3>\d{4})\b)?)"
    rf"|(?P<monthfirst>\b(?P<m4>{_NAME})\.?\s+(?P<d4>\d{{1,2}})(?:st|nd|rd|th)?\b(?![.,]?\d)(?!\s*%)(?:,?\s+(?P<y4>\d{{4}})\b)?)"
    rf"|(?P<monthyear>\b(?P<m5>{_NAME})\s+(?:de\s+)?(?P<y5>(?:19|20)\d\d)\b)"
)
_TIMES = re.compile(
    r"(?<![\d.,:])(?:(?P<h1>\d{1,2}):(?P<n1>\d{2})(?::\d{2})?\s?(?P<p1>[ap]\.?m\b)?(?:\s?uhr)?"
    r"|(?P<h2>\d{1,2})\s?(?P<p2>[ap]\.?m)\b|(?P<h3>\d{1,2})\s?uhr\b|(?P<h4>\d{1,2})h(?P<n4>\d{2})\b)"
)
_WORD = re.compile(r"[^\W\d_]+")
_DIGIT = re.compile(r"\d")


class DateKeys:
    """What `take_dates` found: (start, end, keys); any one of the keys is enough."""

    def __init__(self) -> None:
        self.found: list[tuple[int, int, tuple[str, ...]]] = []

    def add(self, start: int, end: int, keys: tuple[str, ...]) -> None:
        """Remember a place and what it may mean."""
        self.found.append((start, end, keys))


def take_dates(folded: str, today: date | None) -> tuple[str, DateKeys]:
    """Finds them in an already folded text; blanks dates and times so that their figures are not read again."""
    keys = DateKeys()

    def blank_date(found: re.Match[str]) -> str:
        meanings = tuple(_date_keys(found, today))
        if not meanings:
            return found[0]
        keys.add(found.start(), found.end(), meanings)
        return " " * len(found[0])

    def blank_time(found: re.Match[str]) -> str:
        key = _time_key(found)
        if key is None:
            return found[0]
        keys.add(found.start(), found.end(), (key,))
        return " " * len(found[0])

    text = _TIMES.sub(blank_time, _DATES.sub(blank_date, folded)) if _DIGIT.search(folded) else folded
    for found in _WORD.finditer(folded):
        if (day := _WEEKDAY.get(found[0])) is not None:
            keys.add(found.start(), found.end(), (f"weekday:{day}",))
        elif (shift := _RELATIVE.get(found[0])) is not None:
            keys.add(found.start(), found.end(), (f"relative:{shift}",))
    return text, keys


def keys_of_date(day: date, today: date | None) -> tuple[str, ...]:
    """All that a source with this day supports: with and without its year, its weekday, its distance from today."""
    keys = [f"date:{day.isoformat()}", f"date:--{day:%m-%d}", f"month:{day:%Y-%m}", f"weekday:{day.weekday()}"]
    if today is not None:
        keys.append(f"relative:{(day - today).days}")
    return tuple(keys)


def short_weekdays(folded: str) -> Iterator[str]:
    """Keys of "Mon", "Fri" in a source; a claim must spell the day out to be checked."""
    for found in _WORD.finditer(folded):
        if (day := _SHORT_WEEKDAY.get(found[0])) is not None:
            yield f"weekday:{day}"


def parse_day(text: str) -> date | None:
    """The day of an ISO date or time, else None."""
    try:
        return date.fromisoformat(fold(text)[:10])
    except ValueError:
        return None


def _date_keys(found: re.Match[str], today: date | None) -> Iterator[str]:
    part = found.groupdict()
    if part["iso"]:
        yield from _key(int(part["y1"]), int(part["m1"]), int(part["d1"]))
    elif part["figures"]:
        year = int(part["y2"]) + (2000 if len(part["y2"]) == 2 else 0)
        yield from _key(year, int(part["b"]), int(part["a"]))
        if part["sep"] == "/":
            yield from _key(year, int(part["a"]), int(part["b"]))
    elif part["monthyear"]:
        yield f"month:{part['y5']}-{_MONTH[part['m5']]:02d}"
    else:
        last = "3" if part["dayfirst"] else "4"
        year_text = part["y" + last]
        yield from _key(int(year_text) if year_text else None, _MONTH[part["m" + last]], int(part["d" + last]))


def _key(year: int | None, month: int, day: int) -> Iterator[str]:
    try:
        date(year or 2024, month, day)
    except ValueError:
        return
    yield f"date:{year}-{month:02d}-{day:02d}" if year else f"date:--{month:02d}-{day:02d}"


def _time_key(found: re.Match[str]) -> str | None:
    part = found.groupdict()
    hour = int(part["h1"] or part["h2"] or part["h3"] or part["h4"])
    minute = int(part["n1"] or part["n4"] or 0)
    half = part["p1"] or part["p2"]
    if half and 1 <= hour <= 12:
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    return f"time:{hour * 60 + minute}" if hour < 25 and minute < 60 else None
