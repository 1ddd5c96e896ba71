"""Every line that the code can write to the log, found in its syntax trees."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from msgspec import Struct

LEVELS = {
    "debug": "debug",
    "info": "info",
    "warning": "warning",
    "error": "error",
    "exception": "error",
    "critical": "critical",
}
SOURCES = ("server", "integrations", "billing")
CONFIGURES_LOGGING = "server/core/logging.py"


class LogCall(Struct, frozen=True):
    """One call of a logger. `event` is None where its name is not literal."""

    event: str | None
    level: str
    path: str
    line: int
    fields: tuple[str, ...]


def log_calls(root: Path) -> list[LogCall]:
    """All calls below `root`, by file and line."""
    files = sorted(file for source in SOURCES for file in (root / source).rglob("*.py"))
    return [call for file in files for call in calls_in(file.read_text(), file.relative_to(root).as_posix())]


@cache
def calls_in(text: str, path: str) -> tuple[LogCall, ...]:
    """The calls of one module. Raises SyntaxError."""
    return tuple(_find_calls(text, path))


def _find_calls(text: str, path: str) -> Iterator[LogCall]:
    tree = ast.parse(text)
    names = {name for node in ast.walk(tree) for name in _loggers_made(node)}
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=receiver, attr=method)) if method in LEVELS:
                if (isinstance(receiver, ast.Name) and receiver.id in names) or _makes_logger(receiver):
                    fields = tuple(
                        keyword.arg for keyword in node.keywords if keyword.arg and keyword.arg != "exc_info"
                    )
                    yield LogCall(_literal(node.args), LEVELS[method], path, node.lineno, fields)


def _loggers_made(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Assign) and _makes_logger(node.value):
        yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def _makes_logger(node: ast.expr) -> bool:
    """get_logger(...), also of a module and of the standard library (getLogger)."""
    if not isinstance(node, ast.Call):
        return False
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return called in ("get_logger", "getLogger")


def _literal(arguments: list[ast.expr]) -> str | None:
    match arguments:
        case [ast.Constant(value=str() as event), *_]:
            return event
    return None
