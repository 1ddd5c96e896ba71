"""A job as its page shows it: what it does, how far it is, and all that did not go in."""

from typing import Any

from msgspec import Struct

from server.console.models import IMPORTS
from server.core.jobs import JobView

UNITS = {"catalog.import": "row", "knowledge.import": "file", "knowledge.crawl": "page"}
"""What a job counts, in the singular."""
COUNTS = ("created", "updated", "unchanged")


class Failure(Struct, frozen=True):
    """A row, file or page that did not go in: where it stands, and why."""

    place: str
    reason: str


class JobPage(Struct, frozen=True, kw_only=True):
    """What the page says. `done` of `total` `unit`s are read; `counts` has what became of them, in words."""

    name: str
    state: str
    unit: str
    done: int
    total: int | None
    counts: list[str]
    failures: list[Failure]
    more_failures: int
    """Failures beyond those that are kept by name."""
    is_over: bool


def job_page(job: JobView) -> JobPage:
    """The page of a job."""
    unit = UNITS.get(job.kind, "item")
    failures = [_failure(error, unit) for error in job.errors]
    failed = int(job.result.get("failed") or 0)
    return JobPage(
        name=IMPORTS.get(job.kind, job.kind),
        state=job.state,
        unit=unit,
        done=job.done,
        total=job.total,
        counts=[f"{int(job.result[name]):,} {name}" for name in COUNTS if job.result.get(name)],
        failures=failures,
        more_failures=max(0, failed - len(failures)),
        is_over=job.state in ("done", "failed"),
    )


def _failure(error: Any, unit: str) -> Failure:
    """An error as its handler stored it: with a row, with a name, or only a text."""
    if not isinstance(error, dict):
        return Failure("", str(error))
    row = error.get("row")
    place = f"{unit.capitalize()} {row}" if row else "The file" if row == 0 else str(error.get("name", ""))
    return Failure(place, str(error.get("reason", "")))
