"""Product files of every common shape, read as a stream of `Product`.

Names are imported when they are first used, because a child process that parses a document needs `text_encoding` only.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .detect_and_read import detect_format, read_products
    from .guard import read_understood_products
    from .mapping import MappingError, parse_mapping
    from .row_result import BadRow, ParsedProduct, Progress, ReadLimit, ReplacedRow, Row, SkippedRow, UnreadableFile

__all__ = (
    "BadRow",
    "MappingError",
    "ParsedProduct",
    "Progress",
    "ReadLimit",
    "ReplacedRow",
    "Row",
    "SkippedRow",
    "UnreadableFile",
    "detect_format",
    "parse_mapping",
    "read_products",
    "read_understood_products",
)

_HOMES = {
    "MappingError": "mapping",
    "parse_mapping": "mapping",
    "read_products": "detect_and_read",
    "detect_format": "detect_and_read",
    "read_understood_products": "guard",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__} has no {name}")
    return getattr(import_module(f".{_HOMES.get(name, 'row_result')}", __name__), name)
