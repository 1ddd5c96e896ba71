"""A picture, before and after it was read."""

from msgspec import Struct

MAX_BYTES = 8 * 2**20
MAX_SIDE = 1600
"""Of what is kept, in pixels."""
MAX_PIXELS = 50_000_000
"""Of what is sent: the largest cameras of telephones."""
MAX_SENT_SIDE = 16_384
PER_MESSAGE = 4
PER_DAY = 20
"""In one conversation."""
URL = "aisle-image:"
"""Before a picture's id: its address in a message part."""


class EncodedPicture(Struct, frozen=True, kw_only=True, tag=True):
    """As we encoded it: JPEG, or WebP where it is see-through. Pixels only."""

    media_type: str
    width: int
    height: int
    data: bytes


class RefusedPicture(Struct, frozen=True, tag=True):
    """Why it cannot be taken, for whoever sent it."""

    reason: str


def kind_of(data: bytes) -> str | None:
    """The picture format that these first bytes announce; None for all that we do not take (SVG, HTML, PDF ...)."""
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    return None
