"""Product pictures of a demo shop: flat illustrations, 4:3, drawn from a motif and two colours.

A motif (`motifs/*.svg`) is the content of an `<svg viewBox="0 0 400 300">`, drawn on a floor at y = 242. Its colours
are placeholders: $c the product's colour, $d and $l its shade and tint, $a the accent and $b its shade,
$k ink, $w paper, $m and $n metal, $o wood.
"""

from functools import lru_cache
from pathlib import Path
from string import Template

from integrations.demo.records import PictureRecord

MOTIFS = Path(__file__).parent / "motifs"

_OUTDOOR = frozenset({"Tents & Shelter", "Packs & Bags", "Sleep & Camp", "Camp Kitchen", "Garden", "Footwear"})
_FIXED = {"k": "#2b3238", "w": "#f8f2e6", "m": "#bcc4c9", "n": "#858e95", "o": "#b0793f"}

_HILLS = Template(
    '<rect width="400" height="300" fill="$sky"/><circle cx="306" cy="84" r="42" fill="$sun"/>'
    '<path d="M0 206 Q70 138 150 186 Q230 124 312 178 Q362 158 400 188 V300 H0 Z" fill="$far"/>'
    '<path d="M0 232 Q110 202 210 226 Q310 204 400 230 V300 H0 Z" fill="$near"/>'
)
_INDOORS = Template(
    '<rect width="400" height="300" fill="$sky"/>'
    '<path d="M92 236 V150 A108 108 0 0 1 308 150 V236 Z" fill="$far"/>'
    '<rect y="236" width="400" height="64" fill="$near"/>'
)
_SHADOW = '<ellipse cx="200" cy="246" rx="136" ry="9" fill="#2b3238" opacity=".16"/>'


@lru_cache(maxsize=512)
def draw(picture: PictureRecord, category: str = "") -> str:
    """The SVG document, with hills behind the products of _OUTDOOR. Raises FileNotFoundError for an unknown motif."""
    motif = Template((MOTIFS / f"{picture.motif}.svg").read_text(encoding="utf-8"))
    backdrop = _HILLS if category in _OUTDOOR else _INDOORS
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 300" width="800" height="600">'
        f"{backdrop.substitute(_backdrop_colours(picture))}{_SHADOW}{motif.substitute(_colours(picture))}</svg>"
    )


def _colours(picture: PictureRecord) -> dict[str, str]:
    return {
        "c": picture.colour,
        "d": mix(picture.colour, "#20262c", 0.22),
        "l": mix(picture.colour, "#ffffff", 0.25),
        "a": picture.accent,
        "b": mix(picture.accent, "#20262c", 0.24),
        **_FIXED,
    }


def _backdrop_colours(picture: PictureRecord) -> dict[str, str]:
    """Pale tints of the product's colours. A pale product gets tints of its accent, so that it stands out."""
    colour = picture.accent if _lightness(picture.colour) > 0.78 else picture.colour
    return {
        "sky": mix(colour, "#fbf7ef", 0.86),
        "sun": mix(picture.accent, "#f9d99a", 0.85),
        "far": mix(colour, "#f1ebde", 0.7),
        "near": mix(picture.accent, "#efe7d8", 0.72),
    }


def _lightness(colour: str) -> float:
    return sum(int(colour[i : i + 2], 16) for i in (1, 3, 5)) / 765


def mix(colour: str, other: str, share: float) -> str:
    """`colour` with `share` (0..1) of `other` in it; both `#rrggbb`."""
    pairs = ((int(colour[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)
