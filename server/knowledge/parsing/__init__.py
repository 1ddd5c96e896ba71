"""Files and pages as documents with sections, and sections as passages to search.

Names are imported when they are first used: a child process that parses one file starts with a fifth of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .documents import ParsedDocument, Section, UnreadableFile
    from .isolation import parse_in_child
    from .parse import parse_document
    from .splitting import split_sections

__all__ = (
    "ParsedDocument",
    "Section",
    "UnreadableFile",
    "parse_document",
    "parse_in_child",
    "split_sections",
)

_HOMES = {"parse_document": "parse", "parse_in_child": "isolation", "split_sections": "splitting"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__} has no {name}")
    return getattr(import_module(f".{_HOMES.get(name, 'documents')}", __name__), name)
