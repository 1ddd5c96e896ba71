"""The vectors of headings and texts: embedded once, and missing while the embedder is away."""

from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace

from server.chat.answering.evidence import Headings
from server.models.multilingual import MULTILINGUAL_DIMENSIONS, MultilingualEmbedder
from server.models.protocol import ModelUnavailable, Vector
from tests.server.chat.evidence.test_features import candidate


class CountingEmbedder(MultilingualEmbedder):
    """Gives each text a vector of ones, and keeps the texts that it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.is_away = False

    async def embed_passages(self, texts: Sequence[str], language: str = "") -> list[Vector]:
        if self.is_away:
            raise ModelUnavailable("away")
        self.texts += texts
        return [np.ones(MULTILINGUAL_DIMENSIONS, np.float32) for _ in texts]


UNITS = [
    candidate("It costs $14.95.", heading="Canada"),
    candidate("It takes 9 days.", heading="Canada"),
    replace(candidate("780 g", label="Weight"), is_product=True),
]


async def test_units_of_documents_get_topics_and_text_vectors() -> None:
    first, second, of_product = await Headings(CountingEmbedder()).described(UNITS, "en")
    for each in (first, second):
        assert each.heading_topics is not None
        assert each.text_vector is not None
        assert abs(float(each.heading_topics.sum()) - 1) < 1e-5
    assert of_product.heading_topics is None
    for each in (first, second, of_product):
        assert each.text_vector is not None
        assert each.subjects is not None
        assert abs(float(each.subjects.sum()) - 1) < 1e-5


async def test_each_text_is_embedded_once() -> None:
    embedder = CountingEmbedder()
    headings = Headings(embedder)
    once = await headings.described(UNITS, "en")
    again = await headings.described(UNITS, "en")
    assert sorted(embedder.texts) == ["It costs $14.95.", "It takes 9 days.", "Shipping > Canada", "Weight: 780 g"]
    assert again[0].text_vector is once[0].text_vector


async def test_equal_texts_of_shops_in_other_languages_are_apart() -> None:
    embedder = CountingEmbedder()
    headings = Headings(embedder)
    await headings.described(UNITS[:1], "en")
    await headings.described(UNITS[:1], "sv")
    assert len(embedder.texts) == 4


async def test_candidates_stay_as_they_are_while_the_embedder_is_away() -> None:
    embedder = CountingEmbedder()
    embedder.is_away = True
    headings = Headings(embedder)
    assert await headings.described(UNITS, "en") == UNITS
    embedder.is_away = False
    assert (await headings.described(UNITS, "en"))[0].text_vector is not None
