"""The documents say what the code does, and the gate sees it when they do not."""

from pathlib import Path

import pytest

from tests.documentation import log_events, markdown
from tests.documentation.log_calls import calls_in
from tests.documentation.pages import PAGES, stale
from tests.documentation.prose import ROOT, complaints, documents, in_line


def test_the_generated_pages_are_what_the_code_says() -> None:
    assert stale(ROOT) == []
    assert set(PAGES) <= {document.relative_to(ROOT).as_posix() for document in documents(ROOT)}


@pytest.mark.parametrize("document", documents(ROOT), ids=lambda document: document.relative_to(ROOT).as_posix())
def test_what_a_document_names_exists(document: Path) -> None:
    assert complaints(ROOT, document) == []


@pytest.mark.parametrize(
    "line",
    [
        "[gone](docs/gone.md)",
        "[gone](docs/settings.md#aisle_gone)",
        "Set `AISLE_SMTP_ULR`.",
        "`GET /v1/gone`",
        "`server/gone.py`",
        "`server.core.gone`",
        "`make gone`",
        "`aisle gone`",
        "`aisle serve --gone`",
        "| `server/chat/` | `endpoints.py`, then `service.py` |",
    ],
)
def test_what_does_not_exist_is_found(line: str) -> None:
    assert list(in_line(ROOT, ROOT / "README.md", line))


def test_an_event_built_from_pieces_is_found() -> None:
    text = "log = get_logger('x')\nlog.warning(f'{work}_failed')\nlog.info('turn_ended', turn_id=1)\n"
    assert [(call.event, call.level, call.fields) for call in calls_in(text, "x.py")] == [
        (None, "warning", ()),
        ("turn_ended", "info", ("turn_id",)),
    ]


def test_an_event_without_a_description_and_one_without_a_call_are_found() -> None:
    known = [call.event or "" for call in log_events.log_calls(ROOT)]
    for differing in ([*known, "never_described"], [event for event in known if event != "job_failed"]):
        with pytest.raises(markdown.Undescribed, match=r"never_described|job_failed"):
            markdown.descriptions("log_events", differing)
