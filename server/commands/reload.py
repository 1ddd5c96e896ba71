"""`--reload`: a process that starts again when a file of the product changes. For developers."""

from collections.abc import Callable, Iterator
from pathlib import Path
from socket import socket

import uvicorn
from uvicorn.supervisors.statreload import StatReload

SOURCES = tuple(str(Path(__file__).parents[2] / name) for name in ("server", "integrations", "billing"))
SUFFIXES = frozenset({".py", ".html", ".css", ".js", ".toml", ".sql"})
DELAY_S = 0.5
"""Between two looks at the files. Looking at 800 of them takes some 15 ms."""


class SourceReload(StatReload):
    """Uvicorn's reloader, which also watches templates, styles, word lists and SQL."""

    def iter_py_files(self) -> Iterator[Path]:
        for folder in self.config.reload_dirs:
            yield from (path for path in folder.rglob("*") if path.suffix in SUFFIXES)


def run_with_reload(target: Callable[..., None], sockets: list[socket]) -> None:
    """Run `target(sockets=...)` in a new process until SIGTERM, and again after each change of a source file.

    `target` is imported by the new process: a function of a module, or a method of what can be pickled."""
    config = uvicorn.Config(
        "server.commands.serve:app_from_environment",
        factory=True,
        reload=True,
        reload_dirs=list(SOURCES),
        reload_delay=DELAY_S,
        log_config=None,
    )
    SourceReload(config, target, sockets).run()
