"""Decodes an uploaded picture and encodes its pixels anew. Runs in a child process only."""

import io
import warnings

from PIL import Image, ImageOps

from server.chat.conversations.pictures.models import (
    MAX_PIXELS,
    MAX_SENT_SIDE,
    MAX_SIDE,
    EncodedPicture,
    RefusedPicture,
    kind_of,
)


def encode_anew(data: bytes, quality: int) -> EncodedPicture | RefusedPicture:
    """Return the picture's first frame, upright, at most MAX_SIDE pixels wide and high and without metadata, or the
    reason for which it is refused. Raises whatever Pillow's decoders raise for a damaged file."""
    kind = kind_of(data)
    if kind is None:
        return RefusedPicture("is not a JPEG, PNG, WebP or GIF picture")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of large pictures, which are refused below
        image = Image.open(io.BytesIO(data), formats=[kind])
    width, height = image.size
    if width * height > MAX_PIXELS or max(width, height) > MAX_SENT_SIDE:
        return RefusedPicture(f"has too many pixels ({width} x {height}); at most {MAX_PIXELS // 10**6} million")
    image.draft("RGB", (MAX_SIDE, MAX_SIDE))  # decodes a JPEG at a smaller size, which costs less
    image.load()
    upright = ImageOps.exif_transpose(image)
    upright.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    return _encode(_pixels(upright), quality)


def _pixels(image: Image.Image) -> Image.Image:
    """A copy of the picture's pixels alone, without profile, comment, EXIF, XMP and further frames: RGB, or RGBA where
    part of it is transparent."""
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        with_alpha = image.convert("RGBA")
        lowest = with_alpha.getchannel("A").getextrema()[0]
        if isinstance(lowest, int | float) and lowest < 255:
            return Image.frombytes("RGBA", with_alpha.size, with_alpha.tobytes())
    opaque = image.convert("RGB")
    return Image.frombytes("RGB", opaque.size, opaque.tobytes())


def _encode(image: Image.Image, quality: int) -> EncodedPicture:
    out = io.BytesIO()
    if image.mode == "RGBA":
        image.save(out, "WEBP", quality=quality, method=4)
        media_type = "image/webp"
    else:
        image.save(out, "JPEG", quality=quality, optimize=True)
        media_type = "image/jpeg"
    return EncodedPicture(media_type=media_type, width=image.width, height=image.height, data=out.getvalue())
