"""What every embedder promises; run over the local and the remote one."""

import asyncio

import numpy as np
import pytest

from server.models.protocol import EMBEDDING_DIMENSIONS, Embedder, Vector

TEXTS = [
    "Waterproof hiking boots with a rubber sole",
    "Returns are accepted within 30 days of delivery",
    "Ceramic coffee mug, 350 ml, dishwasher safe",
]


def assert_vector(vector: Vector) -> None:
    assert vector.shape == (EMBEDDING_DIMENSIONS,)
    assert vector.dtype == np.float32
    assert abs(float(np.linalg.norm(vector)) - 1) < 1e-3


async def test_vectors_have_the_promised_shape_and_length(embedder: Embedder) -> None:
    assert_vector(await embedder.embed_query(TEXTS[0]))
    for vector in await embedder.embed_passages(TEXTS):
        assert_vector(vector)


async def test_passages_keep_their_order_whatever_their_length(embedder: Embedder) -> None:
    texts = [f"{text} {'and so on ' * (7 * number % 40)}" for number in range(40) for text in TEXTS]
    together = await embedder.embed_passages(texts)
    for number in (0, 17, 61, 119):
        (alone,) = await embedder.embed_passages([texts[number]])
        assert float(together[number] @ alone) > 0.98


async def test_a_question_is_nearest_to_the_passage_that_shares_its_words(embedder: Embedder) -> None:
    passages = np.stack(await embedder.embed_passages(TEXTS))
    for wanted, question in enumerate(["hiking boots waterproof?", "returns within 30 days", "coffee mug dishwasher"]):
        assert int(np.argmax(passages @ await embedder.embed_query(question))) == wanted


@pytest.mark.parametrize(
    "text", ["", "   ", "\x00", "\ud800 half a character", "é" * 50_000, "🧥" * 400, "[SEP][PAD][MASK]"]
)
async def test_any_text_has_a_vector(embedder: Embedder, text: str) -> None:
    assert_vector(await embedder.embed_query(text))
    assert_vector((await embedder.embed_passages([text]))[0])


async def test_no_passages_cost_nothing(embedder: Embedder) -> None:
    assert await embedder.embed_passages([]) == []


async def test_the_same_question_has_the_same_vector_and_nobody_can_change_it(embedder: Embedder) -> None:
    first = await embedder.embed_query("do you  have jackets?")
    again = await embedder.embed_query(" do you have jackets? ")
    assert again is first
    with pytest.raises(ValueError, match="read-only"):
        first[0] = 1


async def test_many_at_once(embedder: Embedder) -> None:
    vectors = await asyncio.gather(*(embedder.embed_query(f"question {number % 7}") for number in range(60)))
    for number, vector in enumerate(vectors):
        assert vector is vectors[number % 7]


async def test_check_says_that_it_answers(embedder: Embedder) -> None:
    assert "answers" in await embedder.check()  # type: ignore[attr-defined]
