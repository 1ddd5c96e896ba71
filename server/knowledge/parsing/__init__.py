"""Files and pages as documents with sections, and sections as passages to search.

Names are imported when they are first used: the server needs no parser, which only children run.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .documents import ParsedDocument, Section, SplitDocument, UnreadableFile
    from .isolation import DocumentParser
    from .parse import parse_document
    from .splitting import split_document, split_sections

__all__ = (
    "DocumentParser",
    "ParsedDocument",
    "Section",
    "SplitDocument",
    "UnreadableFile",
    "parse_document",
    "split_document",
    "split_sections",
)

_HOMES = {
    "DocumentParser": "isolation",
    "parse_document": "parse",
    "split_document": "splitting",
    "split_sections": "splitting",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__} has no {name}")
    return getattr(import_module(f".{_HOMES.get(name, 'documents')}", __name__), name)
