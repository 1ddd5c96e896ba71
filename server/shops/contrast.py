"""Which colours read on which: the arithmetic of `widget/src/frame/contrast.ts`, so that the console and the launcher
say what the widget does. `tests/payloads/contrast_cases.json` holds both to the same cases.

Contrast and relative luminance are those of WCAG 2.2; 4.5 is what its level AA asks for text. Colours are `#rrggbb`.
"""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

Scheme = Literal["light", "dark"]
Rgb = tuple[int, int, int]

READABLE = 4.5
SURFACE_CONTRAST = 7.0
"""A surface leaves this much to body text, so that softer text can still be read on it."""
VISIBLE = 1.35
"""Below this a filled shape is lost on its surface."""
STEP = 0.05
WHITE, NEARLY_BLACK, BLACK = "#ffffff", "#111113", "#000000"
OWN_SURFACE: Mapping[Scheme, str] = {"light": "#ffffff", "dark": "#16171a"}
BODY: Mapping[Scheme, str] = {"light": "#1c1b1a", "dark": "#f1f0ee"}
MUTED: Mapping[Scheme, str] = {"light": "#66625f", "dark": "#a5a29e"}
GOOD: Mapping[Scheme, str] = {"light": "#15703f", "dark": "#6fcf97"}
BAD: Mapping[Scheme, str] = {"light": "#b42318", "dark": "#ff9b8f"}
HARDEST: Mapping[Scheme, str] = {"light": "#f2f2f2", "dark": "#2b2e33"}
"""Where coloured text is hardest to read: tinted in light, the raised cards in dark."""


class Palette(Struct, frozen=True):
    """Readable colours for one accent: the fill, the text on it, and the accent as text on the surface."""

    accent: str
    ink: str
    text: str


class Surface(Struct, frozen=True):
    """What the chat stands on: which look it asks for, its colour, and the shade of it that is hardest to read on."""

    scheme: Scheme
    color: str
    hardest: str


def contrast(one: str, other: str) -> float:
    """Contrast of two colours, 1 to 21."""
    light, dark = sorted((luminance(rgb(one)), luminance(rgb(other))), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def palette_of(accent: str, scheme: Scheme, hardest: str = "") -> Palette:
    """Readable colours for an accent; `hardest` is that of a surface of the shop's own."""
    against = hardest or HARDEST[scheme]
    visible = moved(accent, against, VISIBLE) if contrast(accent, against) < VISIBLE else accent
    ink = next((one for one in (WHITE, NEARLY_BLACK) if contrast(visible, one) >= READABLE), WHITE)
    solid = mixed_until(visible, BLACK, ink, READABLE)
    return Palette(solid, ink, moved(solid, against, READABLE))


def surface_of(background: str | None, wanted: Scheme) -> Surface:
    """The chat's surface on the shop's background, or on ours: moved until body text can be read on it."""
    if background is None:
        return Surface(wanted, OWN_SURFACE[wanted], HARDEST[wanted])
    scheme = scheme_on(background)
    is_light = scheme == "light"
    color = mixed_until(background, WHITE if is_light else BLACK, BODY[scheme], SURFACE_CONTRAST)
    hardest = _mix(color, BLACK, 0.05) if is_light else _mix(color, WHITE, 0.1)
    return Surface(scheme, color, hardest)


def tints_of(surface: Surface) -> dict[str, str]:
    """The chat's other colours on a surface: raised and sunken parts, and text of four kinds."""
    is_light = surface.scheme == "light"
    softer = {"muted": MUTED, "good": GOOD, "bad": BAD}
    return {
        "surface": surface.color,
        "card": _mix(surface.color, WHITE, 0.6 if is_light else 0.05),
        "sunken": _mix(surface.color, BLACK if is_light else WHITE, 0.04 if is_light else 0.06),
        "body": BODY[surface.scheme],
        **{name: moved(color[surface.scheme], surface.hardest, READABLE) for name, color in softer.items()},
    }


def scheme_on(background: str) -> Scheme:
    """The scheme whose body text reads better on a background."""
    return "light" if contrast(BODY["light"], background) >= contrast(BODY["dark"], background) else "dark"


def moved(color: str, surface: str, wanted: float) -> str:
    """Darker by black; lighter by its own brightest tone first, so that a dark brand colour does not turn grey."""
    if scheme_on(surface) == "light":
        return mixed_until(color, BLACK, surface, wanted)
    channels = rgb(color)
    most = max(channels) or 255
    red, green, blue = (_rounded(value * 255 / most) for value in channels)
    return mixed_until(mixed_until(color, _hex((red, green, blue)), surface, wanted), WHITE, surface, wanted)


def mixed_until(color: str, towards: str, against: str, wanted: float) -> str:
    """The first of twenty even steps towards a colour that has this contrast; that colour when none has."""
    share = 0.0
    while share < 1:
        mixed = _mix(color, towards, share)
        if contrast(mixed, against) >= wanted:
            return mixed
        share += STEP
    return towards


def rgb(color: str) -> Rgb:
    """The channels, 0 to 255."""
    value = int(color[1:], 16)
    return value >> 16, (value >> 8) & 255, value & 255


def luminance(color: Rgb) -> float:
    """Relative luminance, 0 to 1."""
    red, green, blue = (
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in (c / 255 for c in color)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _mix(one: str, other: str, share: float) -> str:
    red, green, blue = (_rounded(a + (b - a) * share) for a, b in zip(rgb(one), rgb(other), strict=True))
    return _hex((red, green, blue))


def _hex(color: Rgb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)


def _rounded(value: float) -> int:
    return int(value + 0.5)  # halves up, as browsers do
