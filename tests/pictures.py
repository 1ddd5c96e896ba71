"""Pictures as shoppers and attackers send them, made here."""

import io
import struct
import zlib
from typing import Any

from PIL import Image


def encoded(
    kind: str = "PNG", size: tuple[int, int] = (40, 30), mode: str = "RGB", colour: Any = (200, 30, 30), **more: Any
) -> bytes:
    """A plain picture; `more` goes to the encoder (exif, comment, save_all ...)."""
    out = io.BytesIO()
    Image.new(mode, size, colour).save(out, kind, **more)
    return out.getvalue()


def with_everything_a_camera_writes() -> bytes:
    """A JPEG taken with the camera held upright (orientation 6), with a place, a comment, XMP and a profile."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "SECRET-MAKER"
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2] = "N", (52.0, 31.0, 12.0)
    picture = Image.new("RGB", (60, 40), (10, 90, 10))
    picture.paste((250, 250, 250), (0, 0, 20, 20))  # the upper left corner is white as the sensor sees it
    out = io.BytesIO()
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>SECRET-XMP</x:xmpmeta>"
    picture.save(out, "JPEG", exif=exif, comment=b"SECRET-COMMENT", icc_profile=b"SECRET-PROFILE" * 10, xmp=xmp)
    return out.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A small PNG that claims to be huge, and whose rows really decompress to zeros without end."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 50_000_000, 9)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
