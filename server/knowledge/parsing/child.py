"""The child of `isolation.parse_in_child`: one file on stdin, its documents on stdout, within limits."""

import os
import sys

from server.core.child_limits import limit_this_process

MAX_MEMORY_BYTES = 512 * 2**20
MAX_CPU_S = 8


def main() -> None:
    """Read, parse, answer; every failure becomes a reason."""
    limit_this_process(max_memory_bytes=MAX_MEMORY_BYTES, max_cpu_s=MAX_CPU_S)
    answers = os.dup(1)
    os.dup2(2, 1)  # what a library prints does not get between the bytes of the answer
    data = sys.stdin.buffer.read()
    with os.fdopen(answers, "wb") as out:
        out.write(_answer(data, sys.argv[1]))


def _answer(data: bytes, name: str) -> bytes:
    import msgspec

    from .documents import Parsed, Refused, UnreadableFile
    from .parse import parse_document

    try:
        outcome: Parsed | Refused = Parsed(parse_document(data, name))
    except UnreadableFile as error:
        outcome = Refused(str(error))
    except MemoryError:
        outcome = Refused("reading the file needs too much memory; split it")
    except Exception as error:  # a parser met what its authors did not think of: this file is the problem
        outcome = Refused(f"the file could not be read ({type(error).__name__}); it may be damaged")
    return msgspec.msgpack.encode(outcome)


if __name__ == "__main__":
    main()
