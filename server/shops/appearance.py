"""How the widget looks in a shop: what a merchant may set, how a change is merged, and what the widget gets.

The shop's row stores only what was set. A setting that was stored under older rules and no longer fits them is read as
not set.
"""

from collections.abc import Mapping
from typing import Any

from server.core.errors import FieldError
from server.shops.checks import (
    Check,
    InvalidSetting,
    choice,
    color,
    css_value,
    flag,
    fonts,
    list_of,
    page_glob,
    record,
    secure_address,
    text,
    whole,
)
from server.shops.readability import palettes_of

DEFAULT_ACCENT = "#2f6f4f"
OLD_LABEL = "launcher_label"
"""Once a setting of its own; still taken, and means `launcher.label`."""
ICONS = ("bubble", "question", "bag", "sparkle", "headset")
SHAPES = ("round", "squircle", "pill")
THEMES = ("auto", "light", "dark")
SIDES = ("right", "left")
DEVICES = ("phone", "desktop")
VARIABLES = tuple(f"--aisle-{name}" for name in ("bubble", "bubble-ink", "line", "card", "muted", "focus"))
MAX_RULES, MAX_NUDGES, MAX_STARTERS = 20, 10, 4
NUDGE_AFTER_S = 30

_side = choice(*SIDES)
_offset = record({"x": whole(0, 300, "px"), "y": whole(0, 300, "px")})
_device = record({"hidden": flag, "position": _side, "offset": _offset})
_rule = record(
    {
        "match": page_glob,
        "device": choice(*DEVICES),
        "hidden": flag,
        "position": _side,
        "greeting": text(300, lines=True),
        "suggestions": list_of(text(80), MAX_STARTERS),
    },
    needed=("match",),
)
_nudge = record(
    {
        "match": page_glob,
        "device": choice(*DEVICES),
        "text": text(160),
        "after_s": whole(5, 600, "seconds"),
        "scroll": whole(1, 100, "percent"),
        "exit": flag,
    },
    needed=("match", "text"),
)
SETTINGS: Mapping[str, Check] = {
    "accent": color,
    "accent_dark": color,
    "background": color,
    "background_dark": color,
    "theme": choice(*THEMES),
    "font": fonts,
    "radius": whole(0, 28, "px"),
    "name": text(60),
    "logo_url": secure_address,
    "avatar_url": secure_address,
    "launcher": record(
        {"icon": choice(*ICONS), "icon_url": secure_address, "label": text(40), "shape": choice(*SHAPES)}
    ),
    "position": _side,
    "offset": _offset,
    "phone": _device,
    "desktop": _device,
    "rules": list_of(_rule, MAX_RULES),
    "nudges": list_of(_nudge, MAX_NUDGES),
    "quiet": record({"max_per_page_load": whole(0, 3), "hours_after_close": whole(0, 720, "hours")}),
    "variables": record(dict.fromkeys(VARIABLES, css_value)),
    "sound": flag,
    "images": flag,
    "hide_branding": flag,
    "consent": flag,
}
DEFAULTS: Mapping[str, Any] = {
    "accent": DEFAULT_ACCENT,
    "accent_dark": None,
    "background": None,
    "background_dark": None,
    "theme": "auto",
    "font": None,
    "radius": None,
    "name": None,
    "logo_url": None,
    "avatar_url": None,
    "launcher": {"icon": "bubble", "icon_url": None, "label": None, "shape": "squircle"},
    "position": "right",
    "offset": {"x": 20, "y": 20},
    "phone": {},
    "desktop": {},
    "rules": [],
    "nudges": [],
    "quiet": {"max_per_page_load": 1, "hours_after_close": 24},
    "variables": {},
    "sound": False,
    "images": False,
    "hide_branding": False,
    "consent": False,
}
"""The values where a shop has set nothing; null leaves it to the widget's own style."""
_PARTLY = ("launcher", "offset", "quiet")
"""Objects of which a part may be set: the rest keeps its default."""


def require_appearance(changes: object) -> list[FieldError]:
    """What is wrong with a change, field by field (`appearance.rules[2].match`); nothing when it can be stored."""
    if changes is not None and not isinstance(changes, dict):
        return [FieldError("appearance", "must be an object, or null for all defaults")]
    return [error for name, value in (changes or {}).items() for error in _errors(name, value)]


def merged_appearance(stored: Mapping[str, Any], changes: Mapping[str, Any] | None) -> dict[str, Any]:
    """What is stored after a change that `require_appearance` found nothing wrong with.

    Each setting that is named is replaced as a whole, null resets it to its default, the others stay. No change at all
    (null) resets everything.
    """
    if changes is None:
        return {}
    old = readable_appearance(stored)
    new = {
        name: SETTINGS[name](value, name) for name, value in changes.items() if name in SETTINGS and value is not None
    }
    if OLD_LABEL in changes and "launcher" not in changes:
        label = {"label": changes[OLD_LABEL].strip()} if changes[OLD_LABEL] else {}
        new["launcher"] = {key: value for key, value in old.get("launcher", {}).items() if key != "label"} | label
    kept = old | new
    return {name: value for name, value in kept.items() if name in new or changes.get(name, value) is not None}


def readable_appearance(stored: Mapping[str, Any]) -> dict[str, Any]:
    """What of a stored appearance fits the rules of today, in today's words."""
    kept = {
        name: SETTINGS[name](value, name)
        for name, value in stored.items()
        if name in SETTINGS and value is not None and not _errors(name, value)
    }
    label = stored.get(OLD_LABEL)
    if label and not _errors(OLD_LABEL, label):
        kept["launcher"] = {"label": label.strip()} | kept.get("launcher", {})
    return kept


def resolved_appearance(stored: Mapping[str, object], shop_name: str, *, may_hide_branding: bool) -> dict[str, Any]:
    """Every setting with a value: the shop's, else the default (`DEFAULTS`). The name is the shop's where none is set;
    `hide_branding` is true only where the plan has it; a nudge without a time has one."""
    kept = readable_appearance(stored)
    parts = {name: DEFAULTS[name] | kept.get(name, {}) for name in _PARTLY}
    return {
        **DEFAULTS,
        "name": shop_name,
        **kept,
        **parts,
        "nudges": [{"after_s": NUDGE_AFTER_S} | nudge for nudge in kept.get("nudges", [])],
        "hide_branding": kept.get("hide_branding", False) and may_hide_branding,
    }


def session_appearance(resolved: Mapping[str, object]) -> dict[str, Any]:
    """What `POST /v1/sessions` returns: all but the nudges, which are the launcher's; and every colour, readable."""
    told = {name: value for name, value in resolved.items() if name not in ("nudges", "quiet")}
    return told | {"palette": palettes_of(resolved)}


def _errors(name: str, value: object) -> tuple[FieldError, ...]:
    field = f"appearance.{name}"
    if name == OLD_LABEL:
        check: Check | None = text(40)
    else:
        check = SETTINGS.get(name)
    if check is None:
        return (FieldError(field, f"is not a known setting; there are {', '.join(SETTINGS)}"),)
    try:
        if value is not None:
            check(value, field)
    except InvalidSetting as reason:
        return reason.errors
    return ()
