"""The child of `reading.read_picture`: one picture on stdin, the same one encoded anew on stdout, within limits."""

import os
import sys

from server.core.child_limits import limit_this_process

MAX_MEMORY_BYTES = 768 * 2**20
MAX_CPU_S = 8
QUALITY = 82


def main() -> None:
    """Read, decode, encode, answer; every failure becomes a reason."""
    limit_this_process(max_memory_bytes=MAX_MEMORY_BYTES, max_cpu_s=MAX_CPU_S)
    answers = os.dup(1)
    os.dup2(2, 1)  # what a library prints does not get between the bytes of the answer
    data = sys.stdin.buffer.read()
    with os.fdopen(answers, "wb") as out:
        out.write(_answer(data))


def _answer(data: bytes) -> bytes:
    import msgspec

    from server.chat.pictures.encoding import encode_anew
    from server.chat.pictures.models import RefusedPicture

    try:
        return msgspec.msgpack.encode(encode_anew(data, QUALITY))
    except MemoryError:
        reason = "needs too much memory; send it smaller"
    except Exception:  # a decoder met what its authors did not think of: this picture is the problem
        reason = "is damaged or cut off"
    return msgspec.msgpack.encode(RefusedPicture(reason))


if __name__ == "__main__":
    main()
