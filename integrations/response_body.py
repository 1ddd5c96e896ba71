"""Bodies of HTTP responses, decompressed at most once and never beyond a limit: a server may be hostile."""

import zlib
from collections.abc import AsyncIterable, AsyncIterator

COMPRESSION = {"Accept-Encoding": "gzip"}
"""The header of requests whose response is read with `decompress`."""


class UnreadableBody(Exception):
    """A body that was not read to its end. The message continues a sentence: "the response is damaged (gzip)"."""


async def decompress(chunks: AsyncIterable[bytes], encoding: str | None, max_bytes: int) -> AsyncIterator[bytes]:
    """Yield a body's bytes without the compression that `encoding` names (the Content-Encoding header).

    Raises UnreadableBody above `max_bytes` decompressed bytes, for a damaged body or one that ends too early, and for
    an encoding that COMPRESSION did not ask for.
    """
    name = (encoding or "").strip().lower()
    if name not in ("", "identity", "gzip", "x-gzip"):
        raise UnreadableBody(f"is compressed as {name[:20]}, which was not requested")
    gzip = zlib.decompressobj(zlib.MAX_WBITS | 16) if "gzip" in name else None
    remaining = max_bytes
    async for chunk in chunks:
        try:
            plain = gzip.decompress(chunk, remaining + 1) if gzip else chunk
        except zlib.error:
            raise UnreadableBody("is damaged (gzip)") from None
        remaining -= len(plain)
        if remaining < 0:
            raise UnreadableBody(f"is larger than {max_bytes:,} bytes")
        yield plain
    if gzip and remaining < max_bytes and not gzip.eof:
        raise UnreadableBody("ends too early (gzip)")
