"""The child of `reading.PictureReader`: one picture in, the same one encoded anew out, within limits."""

import msgspec
from PIL import Image

from server.chat.conversations.pictures.encoding import encode_anew
from server.chat.conversations.pictures.models import RefusedPicture
from server.core.fork_server import serve

MAX_MEMORY_BYTES = 768 * 2**20
MAX_CPU_S = 8
QUALITY = 82


def main() -> None:
    """Import the decoders, then encode what comes."""
    Image.preinit()
    serve(answer, max_memory_bytes=MAX_MEMORY_BYTES, max_cpu_s=MAX_CPU_S)


def answer(_: str, data: bytes) -> bytes:
    """The picture, or the reason why it cannot be taken: every failure becomes one."""
    try:
        return msgspec.msgpack.encode(encode_anew(data, QUALITY))
    except MemoryError:
        reason = "needs too much memory; send it smaller"
    except Exception:  # a decoder met what its authors did not think of: this picture is the problem
        reason = "is damaged or cut off"
    return msgspec.msgpack.encode(RefusedPicture(reason))


if __name__ == "__main__":
    main()
