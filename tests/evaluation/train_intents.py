"""Trains the intent model from the example messages of all languages and prints how it does on languages left out.

    python -m tests.evaluation.train_intents [--write]

The examples are those of `server/languages/<code>/intents.toml`, and the frames of `intent_frames/<code>.toml`
("do you have {many}?") with things set in, so that the thing does not decide; their vectors are those of the product's
multilingual embedder. The model is a softmax regression, trained by gradient descent on all messages at once: the same
data give the same weights. `--write` replaces `server/chat/answering/reading/intents.npz`.

For each language a model is trained without its messages and tried on them: how a language does that has none yet.
"""

import argparse
import asyncio
import tomllib
from pathlib import Path

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from server.chat.answering.reading.intents import MODEL_FILE
from server.languages import LANGUAGES
from server.languages.words import language
from server.models.multilingual import MultilingualEmbedder

FRAMES = Path(__file__).parent / "intent_frames"
EVERY = {"many": 6, "one": 4, "choice": 1}
"""Of the things, each so-manieth is set into a frame, beginning elsewhere in each."""
FRAMED = 0.2
"""What a message made from a frame counts beside a written one."""
STEPS = 500
RATE = 3.0
MOMENTUM = 0.9
DECAY = 1e-5
"""Weight decay. Of 1e-4, 3e-5 and 1e-5 the last was best on languages left out."""
RAREST, COMMONEST = 0.3, 3.0
"""Bounds of the weight by which an intent with few examples counts more."""

Floats = NDArray[np.float64]


class Examples(Struct, frozen=True):
    """`vectors` of shape (messages, dimensions); `intents` are indexes of `names`; `languages` one code each; `weights`
    what each counts."""

    names: tuple[str, ...]
    vectors: Floats
    intents: NDArray[np.int64]
    languages: NDArray[np.str_]
    weights: Floats

    def where(self, chosen: NDArray[np.bool_]) -> "Examples":
        """Only the messages chosen."""
        kept = (each[chosen] for each in (self.vectors, self.intents, self.languages, self.weights))
        return Examples(self.names, *kept)


async def load_examples(cache_dir: Path | None = None) -> Examples:
    """The example messages of all languages with their vectors."""
    embedder = MultilingualEmbedder(cache_dir=cache_dir)
    names = tuple(language(LANGUAGES[0]).intents)
    vectors: list[NDArray[np.float32]] = []
    intents: list[int] = []
    weights: list[float] = []
    codes: list[str] = []
    for code in LANGUAGES:
        rows = [(name, text) for name, each in language(code).intents.items() for text in each.examples]
        framed = framed_messages(code)
        weights += [1.0] * len(rows) + [FRAMED] * len(framed)
        rows += framed
        vectors += await embedder.embed_passages([text for _, text in rows], code)
        intents += [names.index(name) for name, _ in rows]
        codes += [code] * len(rows)
    await embedder.close()
    return Examples(names, np.array(vectors, np.float64), np.array(intents), np.array(codes), np.array(weights))


def framed_messages(code: str) -> list[tuple[str, str]]:
    """The intents and texts of a language's frames with things set in."""
    data = tomllib.loads((FRAMES / f"{code}.toml").read_text(encoding="utf-8"))
    return [
        (intent, frame.replace(f"{{{place}}}", thing))
        for intent, frames in data["frames"].items()
        for number, frame in enumerate(frames)
        for place in EVERY
        if f"{{{place}}}" in frame
        for thing in data[place][number % EVERY[place] :: EVERY[place]]
    ]


def train(examples: Examples) -> tuple[Floats, Floats]:
    """Weights of shape (dimensions, intents) and bias of shape (intents,)."""
    vectors, intents, count = examples.vectors, examples.intents, len(examples.names)
    weights, bias = np.zeros((vectors.shape[1], count)), np.zeros(count)
    speed_of_weights, speed_of_bias = np.zeros_like(weights), np.zeros_like(bias)
    wanted, messages = np.eye(count)[intents], len(vectors)
    each = messages / count / np.maximum(np.bincount(intents, minlength=count), 1)
    importance = (np.clip(each[intents], RAREST, COMMONEST) * examples.weights)[:, None]
    for _ in range(STEPS):
        slope = (probabilities(vectors, weights, bias) - wanted) * importance / messages
        speed_of_weights = MOMENTUM * speed_of_weights + vectors.T @ slope + DECAY * weights
        speed_of_bias = MOMENTUM * speed_of_bias + slope.sum(0)
        weights -= RATE * speed_of_weights
        bias -= RATE * speed_of_bias
    return weights, bias


def probabilities(vectors: Floats, weights: Floats, bias: Floats) -> Floats:
    """Of shape (messages, intents)."""
    logits = vectors @ weights + bias
    shifted = np.exp(logits - logits.max(1, keepdims=True))
    return np.asarray(shifted / shifted.sum(1, keepdims=True))


def accuracy_without(examples: Examples, code: str) -> float:
    """The share of a language's messages that a model trained on the others gets right."""
    own = examples.languages == code
    weights, bias = train(examples.where(~own))
    found = probabilities(examples.vectors[own], weights, bias).argmax(1)
    return float((found == examples.intents[own]).mean())


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="replace the model of the product")
    given = parser.parse_args()
    examples = asyncio.run(load_examples())
    shares = {code: accuracy_without(examples, code) for code in LANGUAGES}
    print("on a language left out:", "  ".join(f"{code} {share:.3f}" for code, share in shares.items()))
    print(f"mean {np.mean(list(shares.values())):.3f} over {len(examples.vectors)} messages")
    if given.write:
        weights, bias = train(examples)
        np.savez(
            MODEL_FILE,
            weights=weights.astype(np.float16),
            bias=bias.astype(np.float16),
            intents=np.array(examples.names),
        )
        print(f"written: {MODEL_FILE}")


if __name__ == "__main__":
    main()
