"""The wire of chat: requests as the published schema wants them, answers in any shape and any slicing."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.models.chat_wire import Dialect, StreamDecoder, encode_request
from server.models.protocol import (
    ChatMessage,
    ModelEvent,
    ModelUnavailable,
    StepFinished,
    TextDelta,
    ToolCall,
    ToolCallsReady,
    ToolSpec,
)
from tests.standins.openai_schema import SchemaCheck


def frames(*deltas: dict[str, Any], finish: str | None = "stop", usage: Any = None, done: bool = True) -> bytes:
    chunks: list[dict[str, Any]] = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    if finish:
        chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
    if usage is not None:
        chunks.append({"choices": [], "usage": usage})
    data = [json.dumps(chunk) for chunk in chunks] + (["[DONE]"] if done else [])
    return "".join(f"data: {line}\n\n" for line in data).encode()


def decode(*pieces: bytes) -> list[ModelEvent]:
    decoder = StreamDecoder()
    events: list[ModelEvent] = [TextDelta(text) for piece in pieces for text in decoder.feed(piece)]
    return events + list(decoder.finish())


def fragment(index: int | None, arguments: str, name: str | None = None, call_id: str | None = None) -> dict[str, Any]:
    return {"tool_calls": [{"index": index, "id": call_id, "function": {"name": name, "arguments": arguments}}]}


PARALLEL = frames(
    {"role": "assistant", "content": None},
    fragment(0, "", "search_catalog", "call_a"),
    fragment(1, "", "order_status", "call_b"),
    fragment(0, '{"query": "caf'),
    fragment(1, '{"number"'),
    fragment(0, 'é"}'),
    fragment(1, ': "1001"}'),
    finish="tool_calls",
    usage={"prompt_tokens": 12, "completion_tokens": 7, "total_tokens": 19},
)
PARALLEL_EVENTS: list[ModelEvent] = [
    ToolCallsReady(
        (
            ToolCall("call_a", "search_catalog", '{"query": "café"}'),
            ToolCall("call_b", "order_status", '{"number": "1001"}'),
        )
    ),
    StepFinished("tool_calls", 12, 7),
]


def test_parallel_calls_whose_fragments_alternate() -> None:
    assert decode(PARALLEL) == PARALLEL_EVENTS


@given(st.data())
def test_slicing_the_bytes_changes_nothing(data: st.DataObject) -> None:
    stream = frames({"content": "Prix : 12 €"}, {"content": " 🧥"}) if data.draw(st.booleans()) else PARALLEL
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert decode(*pieces) == decode(stream)


@given(st.binary(max_size=300))
def test_noise_is_refused_never_a_crash(noise: bytes) -> None:
    with pytest.raises(ModelUnavailable):
        decode(b"data: " + noise.replace(b"\n", b"") + b"\xff\n\n")


@given(st.integers(0, 10**6))
def test_a_cut_anywhere_before_the_last_word_is_an_error(at: int) -> None:
    stream = frames({"content": "It costs "}, {"content": "12 €"}, done=False)
    end = stream.index(b'"finish_reason": "stop"')
    with pytest.raises(ModelUnavailable):
        decode(stream[: at % end])


def test_vendors_differ() -> None:
    text = [TextDelta("Yes"), StepFinished("stop")]
    assert decode(frames({"content": "Yes"}, finish="eos")) == text
    assert decode(frames({"content": "Yes"}, done=False)) == text
    assert decode(frames({"content": "Yes"}, finish=None)) == text
    assert decode(b": keep-alive\r\n\r\n" + frames({"content": "Yes"}).replace(b"\n", b"\r\n")) == text
    assert decode(frames({"content": "Yes"}).replace(b"data: ", b"event: x\ndata:")) == text
    assert decode(frames({"refusal": "Yes"})) == text


def test_calls_without_index_or_id_with_a_repeated_name_and_finished_as_stop() -> None:
    stream = frames(
        fragment(None, '{"a"', "search", "x"),
        fragment(None, ": 1}", "search"),
        fragment(None, "", "human", "y"),
    )
    assert decode(stream) == [
        ToolCallsReady((ToolCall("x", "search", '{"a": 1}'), ToolCall("y", "human", "{}"))),
        StepFinished("tool_calls"),
    ]
    assert decode(frames(fragment(0, "{}", "search"))) == [
        ToolCallsReady((ToolCall("call_0", "search", "{}"),)),
        StepFinished("tool_calls"),
    ]


@pytest.mark.parametrize("reason", ["length", "content_filter"])
def test_calls_that_were_cut_short_are_dropped(reason: str) -> None:
    assert decode(frames(fragment(0, '{"numb', "order_status", "x"), finish=reason)) == [StepFinished(reason)]


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": -1, "completion_tokens": 10**12},
        {"prompt_tokens": "many"},
        "none",
        [],
        {"prompt_tokens": True},
    ],
)
def test_impossible_usage_counts_as_untold(usage: Any) -> None:
    assert decode(frames({"content": "Yes"}, usage=usage))[-1] == StepFinished("stop", 0, 0)


@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        (frames({"content": "x" * 1_000_000}), "more than 64 KB"),
        (b"data: " + b"x" * 70_000, "more than 64 KB"),
        (frames(*[{"content": "x" * 60_000}] * 80), "more than 4 MB"),
        (frames(*[fragment(n, "{}", "t", f"c{n}") for n in range(17)]), "more than 16 tools"),
        (frames(fragment(0, "", "t", "c"), *[fragment(0, "x" * 30_000)] * 3), "more than 64 KB for a tool"),
        (frames(fragment(0, "{}", None, "c")), "without a name"),
        (frames({"content": 12}), "not a chat chunk"),
        (b"data: [1]\n\n", "not a chat chunk"),
        (b"<html>Welcome</html>\n", "check OPENAI_BASE_URL"),
        (b'data: {"error": {"code": "overloaded", "message": "of Ann Lee"}}\n\n', r"an error \(overloaded\)$"),
        (b'data: {"error": "sk-12345 is bad"}\n\n', "broke off with an error$"),
    ],
)
def test_nonsense_is_named(stream: bytes, reason: str) -> None:
    with pytest.raises(ModelUnavailable, match=reason):
        decode(stream)


def test_requests_fit_the_published_schema() -> None:
    schema = SchemaCheck()
    if not schema.is_enabled:
        pytest.skip("the published schema does not lie beside the checkout")
    call = ToolCall("call_1", "search_catalog", '{"query": "x"}')
    messages = [
        ChatMessage(role="system", content="You sell."),
        ChatMessage(role="user", content="Jackets?"),
        ChatMessage(role="assistant", tool_calls=(call,)),
        ChatMessage(role="tool", tool_call_id="call_1", content="[]"),
    ]
    tools = [ToolSpec("search_catalog", "Finds products", {"type": "object", "properties": {}})]
    for dialect in (Dialect(), Dialect("max_completion_tokens", asks_usage=False)):
        schema.check("CreateChatCompletionRequest", json.loads(encode_request("m", messages, tools, 50, dialect)))
    assert schema.validated == 2
    assert schema.invalid == []


def test_a_models_broken_arguments_do_not_spoil_the_next_prompt() -> None:
    call = ToolCall("call_1", "search_catalog", '{"query": ')
    body = json.loads(encode_request("m", [ChatMessage(role="assistant", tool_calls=(call,))], [], 50, Dialect()))
    assert body["messages"][0]["tool_calls"][0]["function"]["arguments"] == "{}"


def test_half_a_character_can_be_sent() -> None:
    body = json.loads(encode_request("m", [ChatMessage(role="user", content="a\ud800b é")], [], 50, Dialect()))
    assert body["messages"][0]["content"] == "a?b é"


def test_a_dialect_is_learned_once() -> None:
    plain = Dialect().learn("Unrecognized request argument: stream_options")
    assert plain == Dialect(asks_usage=False)
    assert plain.learn("stream_options") == plain
    newer = plain.learn("Use 'max_completion_tokens' instead of 'max_tokens'")
    assert newer.tokens_field == "max_completion_tokens"
    assert newer.learn("max_tokens") == newer
    assert newer.learn("context_length_exceeded") == newer
