"""The chat client against a server that fails in every way we know."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Callable, Sequence

import pytest

from integrations.circuit_breaker import CircuitBreaker
from server.models.circuit import model_circuit
from server.models.deadlines import Deadlines
from server.models.openai_client import OpenAIChatModel
from server.models.protocol import (
    ChatMessage,
    ModelEvent,
    ModelUnavailable,
    StepFinished,
    TextDelta,
    ToolCallsReady,
    ToolSpec,
)
from tests.standins.openai_server import RunningStandin

KEY = "sk-canary-7f3a"
SHORT = {
    "stall": Deadlines(first_token_s=0.5),
    "drip": Deadlines(first_token_s=0.5),
    "stall_after": Deadlines(idle_s=0.4),
    "words": Deadlines(total_s=1.5),
}
"""The one limit that strikes in each mode. All others are as they ship: a busy machine exceeds half a second."""
QUESTION = "Do you have jackets under $50? My name is Canary Jones."
QUERY = {"type": "object", "properties": {"query": {"type": "string"}, "max_price": {"type": "number"}}}
ORDER = {"type": "object", "properties": {"order_number": {"type": "string"}}}
TOOLS = [
    ToolSpec("search_catalog", "Finds products", QUERY),
    ToolSpec("search_policies", "Finds policies", QUERY),
    ToolSpec("order_status", "Looks up an order", ORDER),
]

Make = Callable[..., OpenAIChatModel]


@pytest.fixture
async def make(standin: RunningStandin) -> AsyncIterator[Make]:
    """Models of the stand-in, closed at the end."""
    made: list[OpenAIChatModel] = []

    def build(
        base_url: str = standin.base_url, deadlines: Deadlines | None = None, circuit: CircuitBreaker | None = None
    ) -> OpenAIChatModel:
        made.append(OpenAIChatModel(base_url, KEY, "a-model", deadlines=deadlines, circuit=circuit))
        return made[-1]

    yield build
    for model in made:
        await model.close()
    assert standin.stats()["invalid"] == []


async def ask(model: OpenAIChatModel, question: str = QUESTION, tools: Sequence[ToolSpec] = ()) -> list[ModelEvent]:
    messages = [ChatMessage(role="system", content="You sell."), ChatMessage(role="user", content=question)]
    return [event async for event in model.stream(messages, tools, max_tokens=200)]


async def listen(model: OpenAIChatModel, heard: list[ModelEvent]) -> None:
    """Keeps what came before a failure."""
    async for event in model.stream([ChatMessage(role="user", content=QUESTION)], TOOLS, max_tokens=200):
        heard += [event]


def text_of(events: list[ModelEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


async def no_stream_is_open(standin: RunningStandin) -> None:
    await asyncio.to_thread(standin.wait_for_open, 0)


async def test_text_then_the_end_with_its_cost(make: Make) -> None:
    events = await ask(make(), "hello")
    assert text_of(events).startswith("Hello! I can help")
    match events[-1]:
        case StepFinished("stop", prompt, completion):
            assert prompt > 0
            assert completion > 0
        case other:
            pytest.fail(f"unexpected last event {other}")


async def test_a_whole_tool_loop(make: Make) -> None:
    model = make()
    question = "Jackets under $50, and can I return one from order 1001?"
    calls, finished = await ask(model, question, TOOLS)
    assert isinstance(calls, ToolCallsReady)
    assert finished == StepFinished("tool_calls", finished.prompt_tokens, finished.completion_tokens)  # type: ignore[union-attr]
    assert {call.name: json.loads(call.arguments) for call in calls.calls} == {
        "order_status": {"order_number": "1001"},
        "search_policies": {"query": question, "max_price": 50.0},
    }
    results = ['{"status_text": "It was delivered on Monday."}', '{"text": "Returns are free for 30 days."}']
    messages = [
        ChatMessage(role="user", content=question),
        ChatMessage(role="assistant", tool_calls=calls.calls),
        *(
            ChatMessage(role="tool", tool_call_id=call.id, content=result)
            for call, result in zip(calls.calls, results, strict=True)
        ),
    ]
    answer = [event async for event in model.stream(messages, TOOLS, max_tokens=200)]
    assert text_of(answer) == "It was delivered on Monday. Returns are free for 30 days."


@pytest.mark.parametrize(
    ("mode", "kind", "reason", "said", "calls"),
    [
        ("429", "rate_limited", r"asked too often \(HTTP 429, scripted\)", "", 2),
        ("500", "server_error", r"failed \(HTTP 500, scripted\)", "", 2),
        ("503", "server_error", r"failed \(HTTP 503, scripted\)", "", 2),
        ("400", "request_refused", r"refused the request \(HTTP 400, scripted\)", "", 1),
        ("403", "misconfigured", "may not use the model a-model: .* AISLE_CHAT_MODEL", "", 1),
        ("no_credit", "no_credit", "no credit left", "", 1),
        ("stall", "timeout", r"said nothing within 0.5 s", "", 1),
        ("drip", "timeout", r"said nothing within 0.5 s", "", 1),
        ("cut_first", "broken_off", "broke off", "", 2),
        ("html", "invalid_answer", "check OPENAI_BASE_URL", "", 1),
        ("huge_token", "invalid_answer", "more than 64 KB", "", 1),
        ("stall_after", "timeout", r"fell silent for 0.4 s", "Let me see", 1),
        ("cut", "broken_off", "broke off in the middle", "Our jackets", 1),
        ("garbage", "invalid_answer", "not a chat chunk", "Our", 1),
        ("stream_error", "broken_off", r"broke off with an error \(overloaded\)", "Our", 1),
    ],
)
async def test_failures(
    make: Make, standin: RunningStandin, mode: str, kind: str, reason: str, said: str, calls: int
) -> None:
    standin.configure(mode=mode, drip_ms=50)
    heard: list[ModelEvent] = []
    with pytest.raises(ModelUnavailable, match=reason) as failure:
        await listen(make(deadlines=SHORT.get(mode)), heard)
    assert failure.value.kind == kind
    assert text_of(heard) == said
    assert standin.stats()["chat"] == calls, "retried once before the first word, never after it"
    assert KEY not in str(failure.value)
    assert "Canary" not in str(failure.value)
    await no_stream_is_open(standin)


async def test_the_whole_step_has_a_deadline(make: Make, standin: RunningStandin) -> None:
    standin.configure(mode="words", tokens=100, token_ms=100)
    with pytest.raises(ModelUnavailable, match=r"did not finish within 1.5 s"):
        await ask(make(deadlines=SHORT["words"]))
    await no_stream_is_open(standin)


@pytest.mark.parametrize("mode", ["429", "500", "cut_first"])
async def test_the_second_try_may_succeed(make: Make, standin: RunningStandin, mode: str) -> None:
    standin.configure(mode=mode, times=1, retry_after="0")
    assert text_of(await ask(make(), "hello")).startswith("Hello!")
    assert standin.stats()["chat"] == 2


async def test_a_short_wait_that_the_server_asks_for_is_kept(make: Make, standin: RunningStandin) -> None:
    standin.configure(mode="429", times=1, retry_after="1")
    started = time.monotonic()
    assert text_of(await ask(make(), "hello")).startswith("Hello!")
    assert time.monotonic() - started >= 1


async def test_a_long_wait_is_not(make: Make, standin: RunningStandin) -> None:
    standin.configure(mode="429", retry_after="30")
    started = time.monotonic()
    with pytest.raises(ModelUnavailable, match="asked too often"):
        await ask(make())
    assert time.monotonic() - started < 30, "as long as the server asks for"
    assert standin.stats()["chat"] == 1


@pytest.mark.parametrize("mode", ["refuse_stream_options", "refuse_max_tokens"])
async def test_a_parameter_the_server_does_not_know_is_left_out_from_then_on(
    make: Make, standin: RunningStandin, mode: str
) -> None:
    standin.configure(mode=mode)
    model = make()
    assert text_of(await ask(model)) == "Yes."
    assert text_of(await ask(model)) == "Yes."
    assert standin.stats()["chat"] == 3


async def test_many_at_once_learn_the_same_lesson(make: Make, standin: RunningStandin) -> None:
    standin.configure(mode="refuse_stream_options", first_ms=20)
    model = make()
    answers = await asyncio.gather(*(ask(model) for _ in range(8)))
    assert {text_of(events) for events in answers} == {"Yes."}


async def test_wrong_usage_is_untold_usage(make: Make, standin: RunningStandin) -> None:
    standin.configure(mode="wrong_usage")
    assert (await ask(make()))[-1] == StepFinished("stop", 0, 0)


async def test_a_call_cut_by_the_token_limit_is_not_passed_on(make: Make, standin: RunningStandin) -> None:
    standin.configure(mode="half_call")
    events = await ask(make(), tools=TOOLS)
    assert [type(event) for event in events] == [StepFinished]
    assert events[0].reason == "length"  # type: ignore[union-attr]


async def test_closing_the_iterator_closes_the_call_upstream(make: Make, standin: RunningStandin) -> None:
    standin.configure(mode="words", tokens=10_000, token_ms=5)
    stream = make().stream([ChatMessage(role="user", content=QUESTION)], (), max_tokens=200)
    assert isinstance(await anext(stream), TextDelta)
    assert standin.stats()["open"] == 1
    await stream.aclose()  # type: ignore[attr-defined]
    await no_stream_is_open(standin)
    assert standin.stats()["disconnected"] == 1


@pytest.mark.parametrize("mode", ["words", "stall"])
async def test_cancelling_closes_the_call_and_is_no_failure_of_the_model(
    make: Make, standin: RunningStandin, mode: str
) -> None:
    standin.configure(mode=mode, tokens=10_000, token_ms=5)
    model = make(circuit=model_circuit("the model a-model", failures=1))
    turn = asyncio.create_task(ask(model))
    await asyncio.to_thread(standin.wait_for_open, 1)
    turn.cancel()
    await asyncio.wait([turn])
    assert turn.cancelled()
    await no_stream_is_open(standin)
    standin.configure(mode="assistant")
    assert text_of(await ask(model, "hello"))


async def test_connections_are_used_again(make: Make, standin: RunningStandin) -> None:
    model = make()
    for _ in range(3):
        await ask(model, "hello", TOOLS)
    assert len({tuple(request["client"]) for request in standin.requests()}) == 1


async def test_a_dead_model_costs_nothing(make: Make, standin: RunningStandin) -> None:
    standin.configure(mode="500", retry_after="0")
    now = 1000.0
    model = make(circuit=model_circuit("the model a-model", failures=2, open_s=30, clock=lambda: now))
    for _ in range(2):
        with pytest.raises(ModelUnavailable, match="HTTP 500"):
            await ask(model)
    asked = standin.stats()["chat"]
    with pytest.raises(ModelUnavailable, match="the model a-model failed too often"):
        await ask(model)
    assert standin.stats()["chat"] == asked
    standin.configure(mode="assistant")
    now += 30
    assert text_of(await ask(model, "hello"))


async def test_one_shops_oversized_prompt_does_not_open_the_circuit(make: Make, standin: RunningStandin) -> None:
    standin.configure(mode="400", times=3)
    model = make(circuit=model_circuit("the model a-model", failures=1))
    for _ in range(3):
        with pytest.raises(ModelUnavailable, match="refused the request"):
            await ask(model)
    assert text_of(await ask(model, "hello"))


async def test_check_tells_what_is_wrong(make: Make, standin: RunningStandin) -> None:
    assert "the model a-model at 127.0.0.1" in await make().check()
    standin.configure(key="sk-another")
    with pytest.raises(ModelUnavailable, match=r"check OPENAI_API_KEY \(HTTP 401, invalid_api_key\)") as failure:
        await make().check()
    assert KEY not in str(failure.value)
    standin.configure(key=None, model="other-model")
    with pytest.raises(ModelUnavailable, match=r"no model a-model .* check AISLE_CHAT_MODEL and OPENAI_BASE_URL"):
        await make().check()


async def test_nobody_listens(make: Make) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
        with pytest.raises(
            ModelUnavailable, match=r"no connection to the model server .* check OPENAI_BASE_URL"
        ) as failure:
            await make(address).check()
    assert KEY not in str(failure.value)


@pytest.mark.parametrize("address", ["http://[::1", "not an address", "ftp://example.test/v1", "http:///v1"])
async def test_an_address_that_is_none_is_told_at_start(make: Make, address: str) -> None:
    with pytest.raises(ValueError, match="OPENAI_BASE_URL is not a web address"):
        make(address)


async def test_a_password_in_the_address_is_refused(make: Make) -> None:
    with pytest.raises(ValueError, match="put the key into OPENAI_API_KEY") as failure:
        make(f"http://user:{KEY}@example.test/v1")
    assert KEY not in str(failure.value)


async def test_a_host_that_does_not_exist(make: Make) -> None:
    with pytest.raises(ModelUnavailable, match=r"no connection to the model server .* check OPENAI_BASE_URL"):
        await make("http://no-such-host.invalid/v1").check()


async def test_a_redirect_does_not_get_the_key(make: Make) -> None:
    heard: list[bytes] = []

    async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 307 Moved\r\nLocation: /elsewhere\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(redirect, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(ModelUnavailable, match="redirects: set OPENAI_BASE_URL"):
            await ask(make(f"http://127.0.0.1:{port}/v1"))
    assert len(heard) == 1
    assert b"/elsewhere" not in heard[0]


async def test_the_key_goes_only_into_the_authorization_header(make: Make, standin: RunningStandin) -> None:
    await ask(make(), tools=TOOLS)
    (request,) = standin.requests()
    assert KEY not in json.dumps(request)
