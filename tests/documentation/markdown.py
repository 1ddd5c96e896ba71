"""Pieces of the generated pages."""

import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


class Undescribed(Exception):
    """The code has something that no description names, or the other way round."""


def page(title: str, source: str, *blocks: str) -> str:
    """A whole page; `source` says where its content comes from."""
    notice = f"<!-- Made from {source} by `make docs-write`; do not edit it here. -->"
    return "\n\n".join([f"# {title}", notice, *blocks]) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def code(text: str) -> str:
    """Text in back-ticks; nothing for nothing."""
    return f"`{text}`" if text else ""


def sentence(docstring: str | None) -> str:
    """The first paragraph of a docstring on one line."""
    return " ".join((docstring or "").split("\n\n")[0].split())


def descriptions(name: str, found: Iterable[str]) -> dict[str, Any]:
    """The descriptions in docs/reference/NAME.toml. Raises Undescribed unless they are those of `found`, no more and no
    fewer."""
    described = tomllib.loads((REFERENCE / f"{name}.toml").read_text())
    if missing := sorted(set(found) - set(described)):
        raise Undescribed(f"docs/reference/{name}.toml does not describe {', '.join(missing)}")
    if unused := sorted(set(described) - set(found)):
        raise Undescribed(f"docs/reference/{name}.toml describes {', '.join(unused)}, which the code does not have")
    return described
