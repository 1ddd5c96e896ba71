"""docs/log-events.md, from the calls of loggers in the code and docs/reference/log_events.toml."""

import re
from pathlib import Path

from tests.documentation.log_calls import LogCall, log_calls
from tests.documentation.markdown import Undescribed, code, descriptions, page, table

ROOT = Path(__file__).parents[2]
SEVERITY = ("critical", "error", "warning", "info", "debug")
EVENT = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def render() -> str:
    """The page. Raises Undescribed for events that are built, misnamed, or described on one side only."""
    calls = log_calls(ROOT)
    if wrong := [f"{call.path}:{call.line}" for call in calls if not EVENT.fullmatch(call.event or "")]:
        raise Undescribed(f"the event's name must be a literal in snake_case: {', '.join(wrong)}")
    by_event: dict[str, list[LogCall]] = {}
    for call in calls:
        by_event.setdefault(call.event or "", []).append(call)
    texts = {event: text["meaning"] for event, text in descriptions("log_events", by_event).items()}
    levels = {event: min((call.level for call in found), key=SEVERITY.index) for event, found in by_event.items()}
    blocks = []
    for level in SEVERITY:
        rows = [_row(event, by_event[event], texts[event]) for event in sorted(by_event) if levels[event] == level]
        if rows:
            blocks += [f"## {level.capitalize()}", table(["event", "what it means", "fields", "where"], rows)]
    return page(
        "Log events",
        "the code and `docs/reference/log_events.toml`",
        "Aisle writes its log to stderr, one line per event. Each line has `event`, `level` and `timestamp`; lines "
        "that belong to a request have its `request_id`, which the caller finds in the header `x-request-id`. Secrets "
        "and the names in e-mail addresses are redacted, and what shoppers write is never logged. An event that is "
        "logged at two levels stands under the more severe one.",
        *blocks,
    )


def _row(event: str, calls: list[LogCall], meaning: str) -> tuple[str, ...]:
    fields = dict.fromkeys(field for call in calls for field in call.fields)
    places = dict.fromkeys(call.path for call in calls)
    return code(event), meaning, ", ".join(map(code, fields)), ", ".join(map(code, places))
