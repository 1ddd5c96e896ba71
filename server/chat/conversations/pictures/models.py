"""A picture before and after it was encoded anew, and the limits on it."""

from msgspec import Struct

MAX_BYTES = 8 * 2**20
MAX_SIDE = 1600
"""The greatest width and height of a stored picture, in pixels."""
MAX_PIXELS = 50_000_000
"""Of an uploaded picture: as many as the largest cameras of telephones have."""
MAX_SENT_SIDE = 16_384
PER_MESSAGE = 4
PER_DAY = 20
"""In one conversation, over the last 24 hours."""
URL = "aisle-image:"
"""The prefix of a picture's address in a message part; its id follows."""


class EncodedPicture(Struct, frozen=True, kw_only=True, tag=True):
    """A picture encoded anew: JPEG, or WebP where it is transparent. It holds pixels and no metadata."""

    media_type: str
    width: int
    height: int
    data: bytes


class StoredPicture(Struct, frozen=True, kw_only=True):
    """A picture as it is stored."""

    media_type: str
    data: bytes


class RefusedPicture(Struct, frozen=True, tag=True):
    """Why a picture was refused, for whoever sent it."""

    reason: str


def kind_of(data: bytes) -> str | None:
    """The image format that these first bytes announce; None for any that is refused (SVG, HTML, PDF and others)."""
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    return None
