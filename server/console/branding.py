"""The branding page's form: from settings to fields, and back. A field is named as the API names its error, such as
`appearance.rules[2].match`, so an error finds its field by itself."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from server.core.errors import FieldError
from server.shops.appearance import DEVICES, MAX_NUDGES, MAX_RULES, VARIABLES
from server.shops.models import ShopChanges, ShopView

TEXTS = ("accent", "accent_dark", "background", "background_dark", "theme", "font", "name", "logo_url", "avatar_url")
NUMBERS = ("radius",)
FLAGS = ("sound", "images", "hide_branding", "consent")
RULE = {
    "match": "text",
    "device": "text",
    "hidden": "flag",
    "position": "text",
    "greeting": "text",
    "suggestions": "lines",
}
NUDGE = {"match": "text", "device": "text", "text": "text", "after_s": "number", "scroll": "number", "exit": "flag"}
ROWS = {"rules": (RULE, MAX_RULES), "nudges": (NUDGE, MAX_NUDGES)}
ON = "on"
REMOVE = "remove"
_LINE = re.compile(r"(.*suggestions|handoff\.hours\.days\.\w+)\[(\d+)\]")

Fields = dict[str, str]


def fields_of(shop: ShopView) -> Fields:
    """What the form shows of a shop. A field without a value is not there."""
    known: dict[str, Any] = {
        "appearance": {name: value for name, value in shop.appearance.items() if name not in ROWS},
        "greeting": shop.greeting,
        "suggestions": list(shop.suggestions),
    }
    fields = dict(_flat("", known))
    for name in ROWS:
        for index, row in enumerate(shop.appearance.get(name, [])):
            fields |= dict(_flat(f"appearance.{name}[{index}]", row))
    return fields


def changes_of(form: Mapping[str, str]) -> ShopChanges:
    """What the form asks for. A field left empty goes back to its default; what cannot be read is handed on as it was
    typed, for the settings' own checks to name."""
    given = {name: value.replace("\r\n", "\n").strip() for name, value in form.items()}
    appearance: dict[str, Any] = {name: given.get(f"appearance.{name}") or None for name in TEXTS}
    appearance |= {name: _number(given.get(f"appearance.{name}")) for name in NUMBERS}
    appearance |= {name: (f"appearance.{name}" in given) or None for name in FLAGS}
    appearance |= {name: _rows(given, name) or None for name in ROWS}
    appearance["position"] = given.get("appearance.position") or None
    appearance["launcher"] = _words(given, "appearance.launcher", ("icon", "icon_url", "label", "shape")) or None
    appearance["offset"] = _numbers(given, "appearance.offset", ("x", "y")) or None
    appearance["quiet"] = _numbers(given, "appearance.quiet", ("max_per_page_load", "hours_after_close")) or None
    appearance["variables"] = _words(given, "appearance.variables", VARIABLES) or None
    for device in DEVICES:
        appearance[device] = _device(given, f"appearance.{device}") or None
    return ShopChanges(
        appearance=appearance,
        greeting=given.get("greeting") or None,
        suggestions=tuple(_lines(given.get("suggestions", ""))),
    )


def rows_of(fields: Mapping[str, str], name: str) -> list[int]:
    """The numbers of the rows to show: those with anything in them, and an empty one at the end while there is room."""
    filled = _filled(fields, name)
    return [*filled, max(filled, default=-1) + 1] if len(filled) < ROWS[name][1] else filled


def placed_errors(errors: tuple[FieldError, ...], form: Mapping[str, str]) -> dict[str, str]:
    """Each error under the name of its field in the form."""
    placed: dict[str, str] = {}
    for error in errors:
        field = _in_form(error.field, form)
        words = f"{error.message[:1].upper()}{error.message[1:]}."
        if line := _LINE.fullmatch(field):
            field, words = line[1], f"Entry {int(line[2]) + 1}: {error.message}."
        placed.setdefault(field, words)
    return placed


def _flat(name: str, value: object) -> Iterator[tuple[str, str]]:
    match value:
        case None | False | "":
            return
        case True:
            yield name, ON
        case dict():
            for key, each in value.items():
                yield from _flat(f"{name}.{key}" if name else key, each)
        case list():
            if value:
                yield name, "\n".join(value)
        case _:
            yield name, str(value)


def _rows(given: Fields, name: str) -> list[dict[str, Any]]:
    return [_row(given, f"appearance.{name}[{index}]", ROWS[name][0]) for index in _stored_rows(given, name)]


def _row(given: Fields, prefix: str, kinds: Mapping[str, str]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name, kind in kinds.items():
        value = given.get(f"{prefix}.{name}")
        if value:
            row[name] = True if kind == "flag" else _lines(value) if kind == "lines" else value
        if value and kind == "number":
            row[name] = _number(value)
    return row


def _filled(fields: Mapping[str, str], name: str) -> list[int]:
    """Rows with anything in them, in the form's own numbers, which may leave some out."""
    pattern = re.compile(rf"appearance\.{name}\[(\d{{1,3}})\]\.\w+")
    found = {int(match[1]) for field, value in fields.items() if value.strip() and (match := pattern.fullmatch(field))}
    return sorted(found)


def _stored_rows(fields: Mapping[str, str], name: str) -> list[int]:
    return [index for index in _filled(fields, name) if f"appearance.{name}[{index}].{REMOVE}" not in fields]


def _in_form(field: str, form: Mapping[str, str]) -> str:
    """The checks count the rows that are stored; the form has others between them."""
    found = re.fullmatch(r"appearance\.(rules|nudges)\[(\d+)\](.*)", field)
    if not found:
        return field
    return f"appearance.{found[1]}[{_stored_rows(form, found[1])[int(found[2])]}]{found[3]}"


def _device(given: Fields, prefix: str) -> dict[str, Any]:
    device: dict[str, Any] = _words(given, prefix, ("position",))
    if offset := _numbers(given, f"{prefix}.offset", ("x", "y")):
        device["offset"] = offset
    return device | ({"hidden": True} if f"{prefix}.hidden" in given else {})


def _words(given: Fields, prefix: str, names: tuple[str, ...]) -> dict[str, str]:
    return {name: value for name in names if (value := given.get(f"{prefix}.{name}"))}


def _numbers(given: Fields, prefix: str, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: _number(value) for name in names if (value := given.get(f"{prefix}.{name}"))}


def _number(text: str | None) -> Any:
    if not text:
        return None
    return int(text) if re.fullmatch(r"-?[0-9]{1,6}", text) else text


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
