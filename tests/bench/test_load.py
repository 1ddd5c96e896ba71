"""The load counts answers only: not a refusal, a broken one, or another driver's."""

from typing import Any

import pytest

from tests.bench.load import Sample, _turn

TEXT = b'data: {"type":"text-delta","delta":"%s"}\n\n'
METADATA = b'data: {"type":"message-metadata","messageMetadata":{"answered_by":"%s"}}\n\n'
DONE = b"data: [DONE]\n\n"


class Answered:
    """A connection on which this answer came."""

    def __init__(self, body: bytes) -> None:
        self.body, self.marked_at = body, 0.0

    def send(self, request: bytes, marker: bytes) -> None:
        pass

    async def ended(self) -> int:
        return 200


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        (TEXT % b"A lamp." + METADATA % b"model" + DONE, {}),
        (TEXT % b"A lamp." + METADATA % b"engine" + DONE, {"not answered by the model": 1}),
        (
            TEXT % b"I'd rather not quote a figure I can't verify. " + METADATA % b"model" + DONE,
            {"a refusal for an answer": 1},
        ),
        (TEXT % b"A" + b'data: {"type":"error"}\n\n' + DONE, {"broken answer": 1}),
        (TEXT % b"A lamp." + METADATA % b"model", {"no end": 1}),
    ],
)
async def test_what_counts_as_an_answer(body: bytes, errors: dict[str, int]) -> None:
    sample = Sample("model")
    exchange: Any = Answered(body)
    await _turn(exchange, b"", sample)
    assert sample.errors == errors
    assert len(sample.whole_s) == (0 if errors else 1)
