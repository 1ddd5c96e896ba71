"""Checks of single settings: each returns the value as it is stored, or raises InvalidSetting with what is wrong where.

Values end up in style declarations, addresses and texts on other people's pages, so each check lists what may pass.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any
from unicodedata import category

from server.core.addresses import is_web_address
from server.core.errors import FieldError

Check = Callable[[Any, str], Any]
"""Takes the value and the field's name as the caller wrote it, such as `appearance.rules[2].match`."""

MAX_ADDRESS = 2_000
MAX_GLOB = 300
MAX_FONT = 120
MAX_STARS = 4
"""Wildcards of one page glob: with more a long address would cost a matcher too much time."""
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_FAMILY = r"""(?:"[A-Za-z0-9 -]+"|'[A-Za-z0-9 -]+'|-?[A-Za-z][A-Za-z0-9 -]*)"""
_FONT = re.compile(rf"{_FAMILY}(?: *, *{_FAMILY})*")
_CSS_COLOR = re.compile(
    r"#(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})|transparent|(?:rgb|hsl)a?\([0-9][0-9.,%/ ]{2,40}\)"
)
_CSS_LENGTH = re.compile(r"0|[0-9]{1,3}(?:\.[0-9]{1,2})?(?:px|rem|em)")
_PATH = re.compile(r"/[A-Za-z0-9\-._~!$&'()*+,;=:@%/?#]*")


class InvalidSetting(Exception):
    """A value that cannot be stored; `errors` says why, field by field."""

    def __init__(self, *errors: FieldError) -> None:
        super().__init__("; ".join(f"{error.field}: {error.message}" for error in errors))
        self.errors = errors


def color(value: object, field: str) -> str:
    """`#rrggbb`."""
    return _matching(_COLOR, value, field, "must be a colour such as #2f6f4f")


def fonts(value: object, field: str) -> str:
    """A CSS list of font families."""
    wanted = f"must be font families such as Inter, 'Open Sans', sans-serif: at most {MAX_FONT} letters, digits, spaces"
    return _matching(_FONT, value if len(str(value)) <= MAX_FONT else None, field, wanted)


def css_value(value: object, field: str) -> str:
    """A colour or a length: nothing that could end a declaration or load anything."""
    if isinstance(value, str) and (_CSS_COLOR.fullmatch(value) or _CSS_LENGTH.fullmatch(value)):
        return value
    raise _wrong(field, "must be a colour such as #e8efe9 or rgb(20 30 25 / 8%), or a length such as 1px")


def secure_address(value: object, field: str) -> str:
    """An https address."""
    if isinstance(value, str) and len(value) <= MAX_ADDRESS and value.startswith("https://") and is_web_address(value):
        return value
    raise _wrong(field, "must be an https address such as https://shop.example/logo.png")


def page_glob(value: object, field: str) -> str:
    """A path, or a whole address, as `widget/src/pages.ts` reads it: `*` stands for anything, also for nothing."""
    if isinstance(value, str) and len(value) <= MAX_GLOB and value.count("*") <= MAX_STARS and _is_page(value):
        return value
    raise _wrong(
        field,
        "must be a path such as /checkout* or an address such as https://shop.example/sale/*, without spaces; "
        f"* (at most {MAX_STARS}) stands for anything",
    )


def flag(value: object, field: str) -> bool:
    """Yes or no."""
    if isinstance(value, bool):
        return value
    raise _wrong(field, "must be true or false")


def choice(*words: str) -> Check:
    """One of these words."""

    def check(value: object, field: str) -> str:
        if isinstance(value, str) and value in words:
            return value
        raise _wrong(field, f"must be one of {', '.join(words)}")

    return check


def whole(lowest: int, highest: int, unit: str = "") -> Check:
    """A whole number between two, both included."""

    def check(value: object, field: str) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest:
            return value
        raise _wrong(field, f"must be a whole number from {lowest} to {highest}{unit and ' ' + unit}")

    return check


def text(longest: int, *, lines: bool = False) -> Check:
    """Words without control characters; `lines` lets line breaks be."""

    def check(value: object, field: str) -> str:
        kept = value.strip() if isinstance(value, str) else ""
        if 1 <= len(kept) <= longest and all(_is_plain(each, lines) for each in kept):
            return kept
        raise _wrong(field, f"must be a text of 1 to {longest} characters{'' if lines else ' in one line'}")

    return check


def list_of(check: Check, most: int) -> Check:
    """At most so many values, each checked."""

    def check_all(value: object, field: str) -> list[Any]:
        if not isinstance(value, list | tuple):
            raise _wrong(field, "must be a list")
        if len(value) > most:
            raise _wrong(field, f"must have at most {most} entries; it has {len(value)}")
        return list(_check_all({f"{field}[{index}]": (check, each) for index, each in enumerate(value)}).values())

    return check_all


def record(fields: Mapping[str, Check], *, needed: tuple[str, ...] = ()) -> Check:
    """An object with these fields; null is as good as leaving a field out."""

    def check(value: object, field: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise _wrong(field, "must be an object")
        given = {name: each for name, each in value.items() if each is not None}
        absent = {name: None for name in needed if name not in given}
        wanted = {f"{field}.{name}": (fields.get(name, _unknown(fields)), each) for name, each in given.items()}
        missing = {f"{field}.{name}": (_missing, None) for name in absent}
        return {name[len(field) + 1 :]: kept for name, kept in _check_all(wanted | missing).items()}

    return check


def _check_all(wanted: Mapping[str, tuple[Check, Any]]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    errors: list[FieldError] = []
    for name, (check, value) in wanted.items():
        try:
            kept[name] = check(value, name)
        except InvalidSetting as reason:
            errors += reason.errors
    if errors:
        raise InvalidSetting(*errors)
    return kept


def _unknown(fields: Mapping[str, Check]) -> Check:
    def check(_value: object, field: str) -> None:
        raise _wrong(field, f"is not a known setting; there are {', '.join(fields)}")

    return check


def _missing(_value: object, field: str) -> None:
    raise _wrong(field, "is missing")


def _matching(pattern: re.Pattern[str], value: object, field: str, wanted: str) -> str:
    if isinstance(value, str) and pattern.fullmatch(value):
        return value
    raise _wrong(field, wanted)


def _is_page(value: str) -> bool:
    if value.startswith("/"):
        return bool(_PATH.fullmatch(value))
    host, slash, path = value.partition("://")[2].partition("/")
    return is_web_address(value) and "*" not in host and (not slash or bool(_PATH.fullmatch(slash + path)))


def _is_plain(character: str, lines: bool) -> bool:
    return category(character) not in ("Cc", "Cs") or (lines and character == "\n")


def _wrong(field: str, message: str) -> InvalidSetting:
    return InvalidSetting(FieldError(field, message))
