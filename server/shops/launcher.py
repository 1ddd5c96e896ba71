"""`GET /v1/launcher`: the little that the loader needs before anybody has shown interest."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from server.shops.appearance import DEVICES
from server.shops.readability import scheme_colors


class LauncherAnswer(Struct, frozen=True, kw_only=True):
    """How the button looks and where it stands; nothing is left to work out. Colours can be read on each other."""

    accent: str
    ink: str
    accent_dark: str
    ink_dark: str
    theme: str
    icon: str
    icon_url: str | None
    label: str | None
    shape: str
    radius: int | None
    """px; null leaves it to the widget's own style."""
    position: str
    offset: dict[str, int]
    """`{"x", "y"}` in px from the side and the bottom."""
    phone: dict[str, Any]
    """`{"hidden", "position", "offset"}`, and so is desktop."""
    desktop: dict[str, Any]
    rules: list[dict[str, Any]]
    """`{"match", "device", "hidden", "position"}`, null where a rule says nothing."""
    nudges: list[dict[str, Any]]
    """`{"match", "device", "text", "after_s", "scroll", "exit"}`."""
    quiet: dict[str, int]
    consent: bool


def launcher_of(resolved: Mapping[str, Any]) -> LauncherAnswer:
    """The launcher of a shop's resolved appearance."""
    light, dark = scheme_colors(resolved, "light").palette, scheme_colors(resolved, "dark").palette
    launcher = resolved["launcher"]
    placed = {device: _placed(resolved, resolved[device]) for device in DEVICES}
    return LauncherAnswer(
        accent=light.accent,
        ink=light.ink,
        accent_dark=dark.accent,
        ink_dark=dark.ink,
        theme=resolved["theme"],
        icon=launcher["icon"],
        icon_url=launcher["icon_url"],
        label=launcher["label"],
        shape=launcher["shape"],
        radius=resolved["radius"],
        position=resolved["position"],
        offset=resolved["offset"],
        phone=placed["phone"],
        desktop=placed["desktop"],
        rules=[_only(rule, "match", "device", "hidden", "position") for rule in _drawn(resolved["rules"])],
        nudges=[_only(nudge, "match", "device", "text", "after_s", "scroll", "exit") for nudge in resolved["nudges"]],
        quiet=resolved["quiet"],
        consent=resolved["consent"],
    )


def _placed(resolved: Mapping[str, Any], device: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "hidden": device.get("hidden", False),
        "position": device.get("position", resolved["position"]),
        "offset": resolved["offset"] | device.get("offset", {}),
    }


def _drawn(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rules that change the button; greetings are the frame's."""
    return [rule for rule in rules if "hidden" in rule or "position" in rule]


def _only(entry: Mapping[str, object], *names: str) -> dict[str, Any]:
    return {name: entry.get(name) for name in names}
