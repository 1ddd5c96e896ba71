"""Which pages are made from the code."""

from collections.abc import Callable, Mapping
from pathlib import Path

from tests.documentation import commands, errors, jobs, log_events, metrics, settings, stream

PAGES: Mapping[str, Callable[[], str]] = {
    "docs/settings.md": settings.render,
    "docs/commands.md": commands.render,
    "docs/errors.md": errors.render,
    "docs/stream.md": stream.render,
    "docs/jobs.md": jobs.render,
    "docs/log-events.md": log_events.render,
    "docs/metrics.md": metrics.render,
}


def stale(root: Path) -> list[str]:
    """The pages that differ from what the code says. Raises Undescribed."""
    return [
        path for path, render in PAGES.items() if not (root / path).exists() or (root / path).read_text() != render()
    ]


def write(root: Path) -> list[str]:
    """Renew what differs; the paths written."""
    paths = stale(root)
    for path in paths:
        (root / path).write_text(PAGES[path]())
    return paths
