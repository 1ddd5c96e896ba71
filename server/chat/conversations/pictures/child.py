"""The child process of `reading.PictureReader`: it encodes one picture anew within limits of memory and time."""

import msgspec
from PIL import Image

from server.chat.conversations.pictures.encoding import encode_anew
from server.chat.conversations.pictures.models import RefusedPicture
from server.core.fork_server import serve

MAX_MEMORY_BYTES = 768 * 2**20
MAX_CPU_S = 8
QUALITY = 82


def main() -> None:
    """Import the decoders, then serve pictures until the parent ends the process."""
    Image.preinit()
    serve(answer, max_memory_bytes=MAX_MEMORY_BYTES, max_cpu_s=MAX_CPU_S)


def answer(_: str, data: bytes) -> bytes:
    """The encoded picture or the reason for its refusal, in MessagePack. Raises nothing: every failure is a refusal."""
    try:
        return msgspec.msgpack.encode(encode_anew(data, QUALITY))
    except MemoryError:
        reason = "needs too much memory; send it smaller"
    except Exception:  # decoders raise almost anything for a damaged file
        reason = "is damaged or cut off"
    return msgspec.msgpack.encode(RefusedPicture(reason))


if __name__ == "__main__":
    main()
