"""The subject of a question or of a sentence: the fee of a return, the weight of a product, what is in the box.

A linear classifier over the vectors of the built-in multilingual embedder, trained on example questions and example
sentences of shops in twelve languages (`python -m tests.evaluation.answers.train_subjects`). A question and a unit
that are about the same subject may have no word in common: "iade süresi" and "You can send it back for 30 days".
"""

from functools import lru_cache
from pathlib import Path

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from server.models.protocol import Vector

MODEL_FILE = Path(__file__).with_name("subjects.npz")
HEADING_WEIGHT = 0.7
"""What the headings above a unit count beside its own text."""


CAUTIONS = ("warning", "age_suitability", "pets_safe", "pregnancy", "allergens", "road_legal", "age_limit_to_buy")
"""Subjects of what must not be missed."""


class SubjectModel(Struct, frozen=True):
    """`weights` of shape (dimensions, subjects), `bias` of shape (subjects,)."""

    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    subjects: tuple[str, ...]

    def probabilities(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Of shape (vectors, subjects), for vectors of shape (vectors, dimensions)."""
        logits = vectors @ self.weights + self.bias
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(shares / shares.sum(axis=1, keepdims=True), np.float32)


@lru_cache(maxsize=1)
def subject_model() -> SubjectModel:
    """The trained model."""
    with np.load(MODEL_FILE) as stored:
        return SubjectModel(
            stored["weights"].astype(np.float32), stored["bias"].astype(np.float32), tuple(stored["subjects"].tolist())
        )


def subjects_of(text: Vector, heading: Vector | None = None) -> Vector:
    """The probabilities of the subjects of a text, of shape (subjects,), with what stands above it where that is
    known."""
    mixed = text if heading is None else text + np.float32(HEADING_WEIGHT) * heading
    length = np.float32(np.linalg.norm(mixed) or 1.0)
    found: Vector = subject_model().probabilities(np.asarray(mixed / length, np.float32)[None])[0]
    return found


def shared_subject(one: Vector, other: Vector) -> float:
    """How far two texts are about the same subject, 0..1: the Bhattacharyya coefficient of their probabilities."""
    return float(np.sqrt(one * other).sum())


def caution_of(subjects: Vector | None) -> float:
    """The probability that a question or a unit is about a danger, or about whom a product is not for."""
    if subjects is None:
        return 0.0
    names = subject_model().subjects
    return float(sum(subjects[names.index(name)] for name in CAUTIONS))
