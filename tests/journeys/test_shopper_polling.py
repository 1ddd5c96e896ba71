"""For networks that hold streams back: the same answer, asked for piece by piece."""

import time
from typing import Any

import httpx
import pytest

from tests.installation import Installation, Shopper, read_answer
from tests.journeys.conftest import ModelInstallation, at

PACE_S = 0.1
"""Of a client: one that asks without a pause meets the limit."""


def poll(shopper: Shopper, last_event_id: str | None = None) -> httpx.Response:
    headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
    return shopper.client.get(f"/v1/chat/{shopper.conversation_id}/stream", params={"poll": "true"}, headers=headers)


@pytest.mark.parametrize("elsewhere", [False, True])
def test_polling_gives_the_streams_events_once_each(model_installation: ModelInstallation, elsewhere: bool) -> None:
    model_installation.model.configure(
        token_ms=40, rules=[{"when": "tents", "steps": [{"reply": "We have light tents. They are strong. " * 4}]}]
    )
    shopper = model_installation.shopper()
    poller = at(model_installation.keyless.base_url, shopper) if elsewhere else shopper
    events: list[Any] = []
    ids: list[str] = []
    polls = 0
    with shopper.stream("Tell me about your tents please") as response:
        lines = response.iter_lines()
        head = [next(lines), next(lines)]
        while True:
            got = poll(poller, ids[-1] if ids else None)
            polls += 1
            time.sleep(PACE_S)
            if got.status_code == 204:
                break
            assert got.status_code == 200
            assert got.headers["content-type"].startswith("text/event-stream")
            piece = read_answer(iter(got.text.splitlines()))
            events += piece.events
            ids += piece.ids
            if piece.done:
                break
        whole = read_answer(iter([*head, *lines]))
    assert polls > 2
    assert len(set(ids)) == len(ids)
    assert events == whole.events
    assert poll(poller, ids[-1]).status_code in (200, 204)


def test_where_nothing_runs_there_is_nothing(installation: Installation) -> None:
    shopper = installation.shopper()
    assert poll(shopper).status_code == 204
    shopper.ask("hello")
    assert poll(shopper).status_code == 204
