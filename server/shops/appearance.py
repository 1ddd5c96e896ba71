"""What a merchant may set of the widget's looks, checked field by field."""

import re
from typing import Any

from server.core.errors import FieldError

COLOR = re.compile(r"#[0-9a-fA-F]{6}")
CHOICES = {"position": ("right", "left"), "theme": ("auto", "light", "dark")}
TEXTS = {"name": 60, "launcher_label": 40}
DEFAULT: dict[str, Any] = {"accent": "#2f6f4f", "position": "right", "theme": "auto"}


def require_appearance(appearance: Any) -> list[FieldError]:
    """What is wrong with it, field by field; nothing when it can be kept."""
    if not isinstance(appearance, dict):
        return [FieldError("appearance", "must be an object")]
    return [
        FieldError(f"appearance.{name}", problem)
        for name, value in appearance.items()
        if (problem := _problem(name, value))
    ]


def _problem(name: str, value: Any) -> str | None:
    if name == "accent":
        return None if isinstance(value, str) and COLOR.fullmatch(value) else "a colour such as #2f6f4f"
    if name in CHOICES:
        return None if value in CHOICES[name] else f"one of {', '.join(CHOICES[name])}"
    if name in TEXTS:
        fits = isinstance(value, str) and len(value) <= TEXTS[name]
        return None if fits else f"a text of at most {TEXTS[name]} characters"
    if name == "avatar_url":
        fits = value is None or (isinstance(value, str) and value.startswith("https://"))
        return None if fits else "an https address, or null"
    return "is not a known setting"
