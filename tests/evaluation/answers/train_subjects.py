"""Trains the model of subjects and prints how it does on languages left out.

    python -m tests.evaluation.answers.train_subjects [--write]

The examples are those of `subjects/<code>.toml` in this folder: for each subject what shoppers ask (`asks`) and what
shops say (`tells`), invented, of many trades. Their vectors are those of the product's multilingual embedder. The model
is a softmax regression, trained by gradient descent on all examples at once: the same data give the same weights.
`--write` replaces `server/chat/answering/evidence/subjects.npz`.

For each language a model is trained without its examples and tried on them.
"""

import argparse
import asyncio
import tempfile
import tomllib
from pathlib import Path

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from server.chat.answering.evidence.subjects import MODEL_FILE
from server.models.multilingual import MultilingualEmbedder

FOLDER = Path(__file__).with_name("subjects")
STEPS = 400
RATE = 30.0
MOMENTUM = 0.9
DECAY = 1e-5

Floats = NDArray[np.float32]


class Examples(Struct, frozen=True):
    """`vectors` of shape (examples, dimensions); `subjects` are indexes of `names`; `languages` one code each."""

    names: tuple[str, ...]
    vectors: Floats
    subjects: NDArray[np.int64]
    languages: NDArray[np.str_]
    is_question: NDArray[np.bool_]


async def load_examples() -> Examples:
    """The examples of all languages with their vectors. Raises ValueError where languages have other subjects."""
    cache = Path(tempfile.gettempdir()) / "aisle-train-scorer"
    cache.mkdir(exist_ok=True)
    embedder = MultilingualEmbedder(cache_dir=cache)
    names: tuple[str, ...] = ()
    vectors: list[Floats] = []
    rows: list[tuple[str, str, bool]] = []
    for path in sorted(FOLDER.glob("*.toml")):
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        names = names or tuple(sorted(tables))
        if tuple(sorted(tables)) != names:
            raise ValueError(f"{path.name} has other subjects: {sorted(set(tables) ^ set(names))}")
        said = [
            (name, text, kind == "asks") for name in names for kind in ("asks", "tells") for text in tables[name][kind]
        ]
        vectors += await embedder.embed_passages([text for _, text, _ in said], path.stem)
        rows += [(name, path.stem, is_question) for name, _, is_question in said]
    await embedder.close()
    subjects, languages, is_question = zip(*rows, strict=True)
    return Examples(
        names,
        np.array(vectors, np.float32),
        np.array([names.index(each) for each in subjects]),
        np.array(languages),
        np.array(is_question),
    )


def train(vectors: Floats, subjects: NDArray[np.int64], count: int) -> tuple[Floats, Floats]:
    """Weights of shape (dimensions, count) and bias of shape (count,). Each subject counts as much as any other."""
    weights, bias = np.zeros((vectors.shape[1], count), np.float32), np.zeros(count, np.float32)
    past_weights, past_bias = np.zeros_like(weights), np.zeros_like(bias)
    wanted = np.eye(count, dtype=np.float32)[subjects]
    importance = (1 / np.bincount(subjects, minlength=count)[subjects]).astype(np.float32)[:, None]
    importance /= importance.sum()
    for _ in range(STEPS):
        logits = vectors @ weights + bias
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        slope = (shares - wanted) * importance
        past_weights = MOMENTUM * past_weights + vectors.T @ slope + DECAY * weights
        past_bias = MOMENTUM * past_bias + slope.sum(axis=0)
        weights, bias = weights - RATE * past_weights, bias - RATE * past_bias
    return weights, bias


def print_figures(examples: Examples) -> None:
    """By language: the share of its questions, and of its sentences, whose subject a model without it names."""
    print(f"{'left out':10} {'questions':>10} {'sentences':>10}   of {len(examples.names)} subjects")
    for language in dict.fromkeys(examples.languages.tolist()):
        is_out = examples.languages == language
        weights, bias = train(examples.vectors[~is_out], examples.subjects[~is_out], len(examples.names))
        is_right = (examples.vectors @ weights + bias).argmax(axis=1) == examples.subjects
        shares = [is_right[is_out & (examples.is_question == kind)].mean() for kind in (True, False)]
        print(f"{language:10} {shares[0]:10.2f} {shares[1]:10.2f}")


def main() -> None:
    """Train, print the figures, and write the file where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--write", action="store_true", help=f"replace {MODEL_FILE.name}")
    parser.add_argument("--quiet", action="store_true", help="without the figures")
    options = parser.parse_args()
    examples = asyncio.run(load_examples())
    if not options.quiet:
        print_figures(examples)
    if options.write:
        weights, bias = train(examples.vectors, examples.subjects, len(examples.names))
        np.savez_compressed(
            MODEL_FILE, weights=weights.astype(np.float16), bias=bias, subjects=np.array(examples.names)
        )


if __name__ == "__main__":
    main()
