"""The child of `isolation.DocumentParser`: one file in, its documents cut into passages out, within limits."""

from importlib import import_module

import msgspec

from server.core.fork_server import serve

from .documents import FileAbout, Parsed, Refused, UnreadableFile
from .parse import parse_document
from .splitting import split_document

MAX_MEMORY_BYTES = 512 * 2**20
MAX_CPU_S = 8
_TOOLS = (
    ".code", ".entries", ".html", ".mail", ".markdown", ".packages", ".pdf", ".plain", ".sheets", ".word",
    "charset_normalizer", "defusedxml.ElementTree", "python_calamine", "yaml",
)  # fmt: skip
"""The modules that `parse_document` imports on demand, imported before the first fork so that all have them."""


def main() -> None:
    """Import everything, then serve parse requests."""
    for name in _TOOLS:
        import_module(name, __package__)
    serve(answer, max_memory_bytes=MAX_MEMORY_BYTES, max_cpu_s=MAX_CPU_S)


def answer(about: str, data: bytes) -> bytes:
    """Return the documents, or the reason why there are none. Every failure becomes a reason."""
    file = msgspec.json.decode(about, type=FileAbout)
    try:
        documents = parse_document(data, file.name)
        outcome: Parsed | Refused = Parsed(tuple(split_document(each, file.title, file.url) for each in documents))
    except UnreadableFile as error:
        outcome = Refused(str(error))
    except MemoryError:
        outcome = Refused("reading the file needs too much memory; split it")
    except Exception as error:  # a parser met what its authors did not think of: this file is the problem
        outcome = Refused(f"the file could not be read ({type(error).__name__}); it may be damaged")
    return msgspec.msgpack.encode(outcome)


if __name__ == "__main__":
    main()
