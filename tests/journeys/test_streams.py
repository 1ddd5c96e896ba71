"""Streams survive: cut anywhere, resumed on either replica, stopped, left alone, asked twice."""

import asyncio
import json
import uuid
from typing import Any

import httpx
import pytest

from tests.installation import Answer, Shopper, read_answer
from tests.journeys.conftest import ModelInstallation, at
from tests.waiting import await_that

SENTENCES = [
    "Happy to help you with that.",
    "Let me know what you like.",
    "Of course, feel free to ask.",
    "Good question, let me have a look.",
    "Thank you, and welcome.",
    "Which one would you like to see?",
]
QUESTION = "Tell me about your tents please"
TOKEN_MS = 30


@pytest.fixture
def slow(model_installation: ModelInstallation) -> ModelInstallation:
    """A model that takes a second or so for its answer."""
    model_installation.model.configure(
        token_ms=TOKEN_MS, rules=[{"when": "tents", "steps": [{"reply": " ".join(SENTENCES)}]}]
    )
    return model_installation


def resume(shopper: Shopper, last_event_id: str | None = None) -> Any:
    """GET the running turn's stream."""
    headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
    return shopper.client.stream("GET", f"/v1/chat/{shopper.conversation_id}/stream", headers=headers)


def read_events(response: Any, count: int) -> Answer:
    """The first `count` events."""
    lines: list[str] = []
    for line in response.iter_lines():
        lines.append(line)
        if sum(line.startswith("data: ") for line in lines) == count:
            break
    return read_answer(iter(lines))


def read_until(response: Any, kind: str) -> Answer:
    """Events up to the first of a kind."""
    lines: list[str] = []
    for line in response.iter_lines():
        lines.append(line)
        if line.startswith("data: {") and json.loads(line[6:])["type"] == kind:
            break
    return read_answer(iter(lines))


def await_messages(shopper: Shopper, count: int) -> list[dict[str, Any]]:
    """The conversation's messages as soon as there are so many."""

    def all_messages() -> list[dict[str, Any]] | None:
        messages: list[dict[str, Any]] = shopper.history()["messages"]
        return messages if len(messages) >= count else None

    messages = await_that(all_messages, f"{count} messages")
    assert len(messages) == count
    return messages


def test_the_wire_is_the_ui_message_stream(slow: ModelInstallation) -> None:
    shopper = slow.shopper()
    with shopper.stream(QUESTION) as response:
        assert response.headers["x-vercel-ai-ui-message-stream"] == "v1"
        assert response.headers.get_list("content-type") == ["text/event-stream; charset=utf-8"]
        assert "no-transform" in response.headers["cache-control"]
        lines = list(response.iter_lines())
    data = [line for line in lines if line.startswith("data: ")]
    assert data[-1] == "data: [DONE]"
    assert data.count("data: [DONE]") == 1
    answer = read_answer(iter(lines))
    assert len(answer.ids) == len(set(answer.ids)) == len(answer.events)
    kinds = [event["type"] for event in answer.events]
    assert kinds[0] == "start"
    assert kinds[-2:] == ["message-metadata", "finish"]
    assert answer.text == " ".join(SENTENCES)


async def test_cut_anywhere_and_resumed_on_either_replica(slow: ModelInstallation) -> None:
    """For every k: the first k events, and what a resume from there gives, are the whole stream once and in order."""
    whole = await _whole_stream(slow)
    gate = asyncio.Semaphore(6)

    async def one(count: int, url: str) -> None:
        async with gate:
            shopper = await asyncio.to_thread(slow.shopper)
            first, rest = await _cut_and_resume(slow.url, url, shopper, count)
            events, ids = first.events + rest.events, first.ids + rest.ids
            assert [number(each) for each in ids] == list(range(len(ids))), f"cut after {count} at {url}"
            assert _plain(events) == whole, f"cut after {count}, resumed at {url}"
            assert rest.done or count == len(whole)

    await asyncio.gather(
        *(one(count, url) for count in range(len(whole) + 1) for url in (slow.url, slow.keyless.base_url))
    )


async def _whole_stream(slow: ModelInstallation) -> list[dict[str, Any]]:
    answer = await asyncio.to_thread(lambda: slow.shopper().ask(QUESTION))
    return _plain(answer.events)


async def _cut_and_resume(url: str, other_url: str, shopper: Shopper, count: int) -> tuple[Answer, Answer]:
    headers = {name: shopper.client.headers[name] for name in ("Origin", "Authorization")}
    message = {"id": str(uuid.uuid4()), "role": "user", "parts": [{"type": "text", "text": QUESTION}]}
    async with httpx.AsyncClient(headers=headers, timeout=60) as client:
        lines: list[str] = []
        body = {"id": shopper.conversation_id, "message": message}
        async with client.stream("POST", f"{url}/v1/chat", json=body) as response:
            assert response.status_code == 200
            async for line in response.aiter_lines():
                if sum(line.startswith("data: ") for line in lines) == count:
                    break
                lines.append(line)
        first = read_answer(iter(lines))
        after = {"Last-Event-ID": first.ids[-1]} if first.ids else {}
        path = f"{other_url}/v1/chat/{shopper.conversation_id}/stream"
        async with client.stream("GET", path, headers=after) as response:
            if response.status_code == 204:
                return first, Answer([])
            assert response.status_code == 200
            return first, read_answer(iter([line async for line in response.aiter_lines()]))


def number(event_id: str) -> int:
    """Which event of its turn it is."""
    return int(event_id.rpartition("-")[2])


def _plain(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without what differs from turn to turn."""
    text = json.dumps([{key: value for key, value in event.items() if key != "messageId"} for event in events])
    return list(json.loads(text))


def test_a_closed_tab_changes_nothing(slow: ModelInstallation) -> None:
    shopper = slow.shopper()
    with shopper.stream(QUESTION) as response:
        read_events(response, 1)
    _, answer = await_messages(shopper, 2)
    assert [part["text"] for part in answer["parts"] if part["type"] == "text"] == [" ".join(SENTENCES)]
    assert answer["metadata"]["answered_by"] == "model"


@pytest.mark.parametrize("where", ["here", "elsewhere"])
def test_stop_keeps_what_was_said(slow: ModelInstallation, where: str) -> None:
    shopper = slow.shopper()
    stopper = shopper if where == "here" else at(slow.keyless.base_url, shopper)
    slow.model.configure(token_ms=150)
    with shopper.stream(QUESTION) as response:
        lines = response.iter_lines()
        first: list[str] = []
        for line in lines:
            first.append(line)
            if '"text-delta"' in line:
                break
        stopped = stopper.client.post(f"/v1/chat/{shopper.conversation_id}/stop")
        assert stopped.status_code == 200
        answer = read_answer(iter([*first, *lines]))
    assert answer.done
    assert answer.events[-1]["type"] == "abort"
    assert answer.text.startswith(SENTENCES[0])
    assert len(answer.text) < len(" ".join(SENTENCES))
    _, kept = shopper.history()["messages"]
    assert "\n\n".join(part["text"] for part in kept["parts"] if part["type"] == "text").strip() == answer.text
    assert kept["metadata"]["kind"] == "stopped"
    assert kept["metadata"]["stopped"] is True
    assert shopper.ask("hello").text


def test_stopping_when_nothing_runs_is_harmless(model_installation: ModelInstallation) -> None:
    shopper = model_installation.shopper()
    path = f"/v1/chat/{shopper.conversation_id}"
    assert shopper.client.post(f"{path}/stop").status_code == 200
    assert shopper.client.get(f"{path}/stream").status_code == 204
    assert shopper.ask("hello").text
    assert shopper.client.post(f"{path}/stop").status_code == 200
    assert shopper.client.get(f"{path}/stream").status_code == 204


def test_one_answer_at_a_time(slow: ModelInstallation) -> None:
    shopper = slow.shopper()
    with shopper.stream(QUESTION) as response:
        read_events(response, 1)
        for replica in (shopper, at(slow.keyless.base_url, shopper)):
            with replica.stream("and your jackets?") as refused:
                assert refused.status_code == 409
                assert json.loads(refused.read())["code"] == "conflict"
    await_messages(shopper, 2)


async def test_many_at_once_make_one_turn_each(slow: ModelInstallation) -> None:
    """Different messages in the same moment: one is answered. The same one in the same moment: one turn, one text."""
    shopper = await asyncio.to_thread(slow.shopper)
    rivals = await asyncio.gather(*(_send(slow, shopper, str(uuid.uuid4()), index) for index in range(8)))
    assert sorted(status for status, _ in rivals) == [200] + [409] * 7
    twin = await asyncio.to_thread(slow.shopper)
    message_id = str(uuid.uuid4())
    same = await asyncio.gather(*(_send(slow, twin, message_id, index) for index in range(8)))
    assert {status for status, _ in same} == {200}
    assert {text for _, text in same} == {" ".join(SENTENCES)}
    assert len(twin.history()["messages"]) == 2


async def _send(slow: ModelInstallation, shopper: Shopper, message_id: str, index: int) -> tuple[int, str]:
    """To one replica or the other, in turns."""
    headers = {name: shopper.client.headers[name] for name in ("Origin", "Authorization")}
    message = {"id": message_id, "role": "user", "parts": [{"type": "text", "text": QUESTION}]}
    async with httpx.AsyncClient(headers=headers, timeout=60) as client:
        answer = await client.post(f"{slow.url}/v1/chat", json={"id": shopper.conversation_id, "message": message})
    return answer.status_code, read_answer(iter(answer.text.splitlines())).text


@pytest.mark.exhaustive  # waits for a heartbeat
def test_heartbeats_while_nothing_is_said(model_installation: ModelInstallation) -> None:
    """Then the silent model is given up: an error that asks to try again, and what was said is kept."""
    said = "Our tents are light. They keep out the rain."
    model_installation.model.configure(rules=[{"when": "tents", "steps": [{"reply": said, "then": "stall"}]}])
    shopper = model_installation.shopper()
    with shopper.stream(QUESTION) as response:
        lines = list(response.iter_lines())
    assert ": ping" in lines
    answer = read_answer(iter(lines))
    assert [event["type"] for event in answer.events][-2:] == ["error", "finish"]
    assert answer.done
    assert answer.text.startswith("Our tents are light.")
