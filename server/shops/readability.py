"""Finds colours of a shop on which text cannot be read, and the readable ones that the widget uses instead."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from msgspec import Struct

from server.shops.contrast import (
    BODY,
    READABLE,
    SURFACE_CONTRAST,
    Palette,
    Scheme,
    Surface,
    contrast,
    palette_of,
    surface_of,
    tints_of,
)

SCHEMES: tuple[Scheme, ...] = ("light", "dark")


class AppearanceNote(Struct, frozen=True):
    """A remark on a setting that is stored nevertheless: `field` names it (`appearance.accent`), `message` says what is
    wrong and what is shown instead."""

    field: str
    message: str


class SchemeColors(Struct, frozen=True):
    """The readable colours of a shop in one scheme, as the widget computes them."""

    surface: Surface
    palette: Palette


def appearance_notes(resolved: Mapping[str, Any]) -> list[AppearanceNote]:
    """Remarks on all resolved colours that cannot be read, in the schemes that the shop's theme can show."""
    shown: tuple[Scheme, ...] = SCHEMES if resolved["theme"] == "auto" else (resolved["theme"],)
    notes = [note for scheme in shown for note in (*_of_background(resolved, scheme), *_of_accent(resolved, scheme))]
    return list(dict.fromkeys([*notes, *_of_bubble(resolved)]))


def scheme_colors(resolved: Mapping[str, Any], scheme: Scheme) -> SchemeColors:
    """The colours that the widget shows in a scheme."""
    surface = surface_of(_own(resolved, "background", scheme), scheme)
    accent = _own(resolved, "accent", scheme) or resolved["accent"]
    return SchemeColors(surface, palette_of(accent, surface.scheme, surface.hardest))


def palettes_of(resolved: Mapping[str, object]) -> dict[str, dict[str, str]]:
    """Every colour of the chat, made readable, by the device's scheme. The frame uses them without computing any."""
    names = ("accent", "accent_dark", "background", "background_dark")
    return _palettes(*(resolved[name] for name in names))


@lru_cache(maxsize=4096)
def _palettes(
    accent: str, accent_dark: str | None, background: str | None, background_dark: str | None
) -> dict[str, dict[str, str]]:
    colors = {
        "accent": accent,
        "accent_dark": accent_dark,
        "background": background,
        "background_dark": background_dark,
    }
    return {scheme: _palette(scheme_colors(colors, scheme)) for scheme in SCHEMES}


def _palette(look: SchemeColors) -> dict[str, str]:
    accent = look.palette
    filled = {"accent": accent.accent, "ink": accent.ink, "text": accent.text}
    return {"scheme": look.surface.scheme, **tints_of(look.surface), **filled}


def _own(resolved: Mapping[str, Any], name: str, scheme: Scheme) -> str | None:
    value: str | None = resolved[f"{name}_dark" if scheme == "dark" else name]
    return value


def _of_background(resolved: Mapping[str, object], scheme: Scheme) -> Iterator[AppearanceNote]:
    background = _own(resolved, "background", scheme)
    if background is None:
        return
    field = "appearance.background_dark" if scheme == "dark" else "appearance.background"
    surface = scheme_colors(resolved, scheme).surface
    if surface.color != background.lower():
        ratio = contrast(background, BODY[surface.scheme])
        yield AppearanceNote(
            field,
            f"Text on {background} has a contrast of {ratio:.1f} at best, and {SURFACE_CONTRAST:.0f} is needed for all "
            f"of the chat to be read; the widget uses {surface.color} instead.",
        )
    if surface.scheme != scheme:
        yield AppearanceNote(
            field, f"{background} asks for {_ink_words(surface.scheme)} text, so the chat looks {surface.scheme} here."
        )


def _of_accent(resolved: Mapping[str, Any], scheme: Scheme) -> Iterator[AppearanceNote]:
    own_dark = resolved["accent_dark"] if scheme == "dark" else None
    accent: str = own_dark or resolved["accent"]
    field = "appearance.accent_dark" if own_dark else "appearance.accent"
    look = scheme_colors(resolved, scheme)
    if look.palette.accent != accent.lower():
        yield AppearanceNote(field, _fill_words(accent, look, scheme))
    # a light accent that is also used in dark mode is always made lighter there, which needs no remark
    elif look.palette.text != accent.lower() and (own_dark or scheme == "light"):
        yield AppearanceNote(field, _text_words(accent, look, scheme))


def _of_bubble(resolved: Mapping[str, Any]) -> Iterator[AppearanceNote]:
    """A remark on the shop's own CSS variables, which are used unchanged even where they cannot be read."""
    fill, ink = (resolved["variables"].get(f"--aisle-{name}", "") for name in ("bubble", "bubble-ink"))
    if len(fill) == len(ink) == len("#rrggbb") and fill[0] == ink[0] == "#" and contrast(fill, ink) < READABLE:
        yield AppearanceNote(
            "appearance.variables.--aisle-bubble-ink",
            f"{ink} on {fill} has contrast {contrast(fill, ink):.1f}, but {READABLE} is needed; it is shown as is.",
        )


def _fill_words(accent: str, look: SchemeColors, scheme: Scheme) -> str:
    ratio = contrast(accent, look.surface.hardest)
    why = (
        f"is lost on the {scheme} chat (contrast {ratio:.1f})"
        if ratio < contrast(look.palette.accent, look.surface.hardest)
        else "can carry neither white nor black text"
    )
    return f"{accent} {why}; the widget uses {look.palette.accent} in {scheme} mode instead."


def _text_words(accent: str, look: SchemeColors, scheme: Scheme) -> str:
    return (
        f"As text on the {scheme} chat {accent} has a contrast of {contrast(accent, look.surface.hardest):.1f}, "
        f"and {READABLE} is needed; links and small buttons use {look.palette.text} instead."
    )


def _ink_words(scheme: Scheme) -> str:
    return "dark" if scheme == "light" else "light"
