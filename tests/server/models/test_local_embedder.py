"""all-MiniLM-L6-v2 on this machine: its numbers, its tokens, its file, its manners towards the event loop."""

import asyncio
import importlib.util
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from server.models.local import LocalEmbedder
from server.models.protocol import ModelUnavailable
from server.models.wordpiece import MAX_TOKENS, WordPieceTokenizer

REPOSITORY = Path(__file__).resolve().parents[3]
REFERENCE = REPOSITORY.parent / "shared" / "facts" / "minilm_reference.py"
START, END = 101, 102

SENTENCES = [
    "A waterproof jacket for hiking in the rain",
    "Rain coat that keeps you dry in the mountains",
    "How do I send something back and get my money?",
    "Refunds are paid within five days after we receive your return",
    "Stainless steel saucepan with a glass lid",
    "Où est ma commande ?",
    "SKU TX-4410/b, 12 pcs., Ø 8 mm — “heavy duty”",
]


def only_file(folder: Path) -> Path:
    (found,) = folder.iterdir()
    return found


@pytest.fixture(scope="module")
def tokenizer(weights_dir: Path) -> WordPieceTokenizer:
    return WordPieceTokenizer(weights_dir / "vocab.txt")


async def test_meaning_is_near_meaning(local_embedder: LocalEmbedder) -> None:
    jacket, coat, question, refund, pan, *_ = await local_embedder.embed_passages(SENTENCES)
    assert jacket @ coat > 0.6
    assert question @ refund > 0.35
    assert max(jacket @ pan, jacket @ refund, coat @ question, pan @ refund) < 0.2


async def test_the_published_models_own_numbers(local_embedder: LocalEmbedder) -> None:
    """0.9429 is what float32 gives for this pair; int8 stays near it."""
    happy, very_happy = await local_embedder.embed_passages(["That is a happy person", "That is a very happy person"])
    assert abs(float(happy @ very_happy) - 0.9429) < 0.03


async def test_vectors_agree_with_the_reference(local_embedder: LocalEmbedder, weights_dir: Path) -> None:
    if not REFERENCE.exists():
        pytest.skip("the float32 reference does not lie beside the checkout")
    spec = importlib.util.spec_from_file_location("minilm_reference", REFERENCE)
    assert spec is not None
    assert spec.loader is not None
    reference = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reference)
    texts = [*SENTENCES, "long " * 300, *(f"{sentence} {sentence}" for sentence in SENTENCES)]
    exact = reference.Embedder(str(weights_dir))(texts)
    ours = np.stack(await local_embedder.embed_passages(texts))
    agreement = (exact * ours).sum(axis=1)
    assert agreement.min() > 0.97
    assert agreement.mean() > 0.985


def test_tokens_agree_with_the_published_tokenizer(tokenizer: WordPieceTokenizer, weights_dir: Path) -> None:
    from tokenizers import Tokenizer

    published = Tokenizer.from_file(str(weights_dir / "tokenizer.json"))
    published.no_padding()
    published.enable_truncation(MAX_TOKENS)
    texts = [*SENTENCES, "", "日本語のジャケット", "naïve café\tÉCLAIR", "a" * 150, "x\u200by 🧥", "many words " * 300]
    assert tokenizer.encode(texts) == [found.ids for found in published.encode_batch(texts)]


@pytest.mark.parametrize("typed", ["[SEP]", "[CLS]", "[PAD]", "[MASK]", "[UNK]"])
def test_a_typed_control_token_is_ordinary_text(tokenizer: WordPieceTokenizer, typed: str) -> None:
    (tokens,) = tokenizer.encode([f"jacket {typed} boots"])
    assert tokens[0] == START
    assert tokens[-1] == END
    assert not {0, 100, 101, 102, 103} & set(tokens[1:-1])
    spaced = " ".join((typed[0], typed[1:-1], typed[-1]))
    assert [tokens] == tokenizer.encode([f"jacket {spaced} boots"])


async def test_text_after_256_tokens_does_not_count(local_embedder: LocalEmbedder) -> None:
    (plain,) = await local_embedder.embed_passages(["jacket " * 254])
    (longer,) = await local_embedder.embed_passages(["jacket " * 254 + "saucepan " * 50])
    (shorter,) = await local_embedder.embed_passages(["jacket " * 200 + "saucepan " * 50])
    assert float(plain @ longer) > 0.9999
    assert float(plain @ shorter) < 0.99


async def test_a_later_start_only_loads_the_kept_model(tmp_path: Path) -> None:
    first = LocalEmbedder(cache_dir=tmp_path / "models")
    expected = await first.embed_query("jacket")
    await first.close()
    kept = only_file(tmp_path / "models")
    assert 20_000_000 < kept.stat().st_size < 25_000_000
    code = (
        "import asyncio, sys; from pathlib import Path; from server.models.local import LocalEmbedder\n"
        f"embedder = LocalEmbedder(cache_dir=Path({str(tmp_path / 'models')!r}))\n"
        "vector = asyncio.run(embedder.embed_query('jacket'))\n"
        "print('onnx' in sys.modules, *vector[:3])"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, cwd=REPOSITORY, stdout=subprocess.PIPE)
    output, _ = await process.communicate()
    built_again, *numbers = output.decode().split()
    assert built_again == "False"
    assert np.allclose([float(number) for number in numbers], expected[:3], atol=1e-5)


async def test_a_damaged_kept_model_is_made_again(tmp_path: Path) -> None:
    first = LocalEmbedder(cache_dir=tmp_path)
    await first.warm_up()
    await first.close()
    kept = only_file(tmp_path)
    whole = kept.read_bytes()
    kept.write_bytes(whole[:1000])
    second = LocalEmbedder(cache_dir=tmp_path)
    assert (await second.embed_query("jacket")).shape == (384,)
    await second.close()
    assert kept.stat().st_size == len(whole)
    assert only_file(tmp_path) == kept


async def test_a_cache_folder_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    embedder = LocalEmbedder(cache_dir=tmp_path / "file" / "models")
    assert (await embedder.embed_query("jacket")).shape == (384,)
    await embedder.close()


async def test_other_weights_are_refused(tmp_path: Path, weights_dir: Path) -> None:
    shutil.copy(weights_dir / "vocab.txt", tmp_path)
    embedder = LocalEmbedder(model_dir=tmp_path)
    with pytest.raises(ModelUnavailable, match=r"weights cannot be read .* run `make setup`"):
        await embedder.warm_up()
    (tmp_path / "model.safetensors").write_bytes(b"something else")
    with pytest.raises(ModelUnavailable, match="not the published ones: reinstall"):
        await embedder.embed_query("jacket")
    await embedder.close()


async def test_a_closed_embedder_says_so(tmp_path: Path) -> None:
    embedder = LocalEmbedder(cache_dir=tmp_path)
    await embedder.close()
    with pytest.raises(ModelUnavailable, match="failed"):
        await embedder.embed_query("jacket")


async def test_queries_go_before_the_rest_of_the_passages(local_embedder: LocalEmbedder) -> None:
    finished: list[str] = []

    async def passages() -> None:
        await local_embedder.embed_passages([f"passage {number} " + "wool " * 60 for number in range(150)])
        finished.append("passages")

    async def queries() -> None:
        for number in range(5):
            await local_embedder.embed_query(f"a fresh question {number} {time.monotonic_ns()}")
            finished.append("query")

    async with asyncio.TaskGroup() as group:
        group.create_task(passages())
        group.create_task(queries())
    assert finished == ["query"] * 5 + ["passages"]


async def test_the_event_loop_runs_on_meanwhile(local_embedder: LocalEmbedder) -> None:
    work = asyncio.create_task(local_embedder.embed_passages(["wool " * 200] * 24))
    ticks = 0
    while not work.done():
        await asyncio.sleep(0.005)
        ticks += 1
    assert ticks > 10


async def test_too_many_waiting_queries_are_refused_at_once(local_embedder: LocalEmbedder) -> None:
    mark = time.monotonic_ns()
    asked = (local_embedder.embed_query(f"flood {number} {mark}") for number in range(400))
    results = await asyncio.gather(*asked, return_exceptions=True)
    refused = [result for result in results if isinstance(result, ModelUnavailable)]
    assert len(refused) == 400 - 256
    assert "overloaded" in str(refused[0])
    assert sum(isinstance(result, np.ndarray) for result in results) == 256
