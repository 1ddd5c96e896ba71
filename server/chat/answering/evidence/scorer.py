"""The scorer: from features to the probability that a unit answers the question.

A linear ranking of the units of a question, and a calibration of the best by how good it is and how far ahead of the
next. Trained offline (`python -m tests.evaluation.answers.train_scorer`) on questions whose answers are known, apart
for documents and for product pages; the probabilities were checked on shops that it had not seen.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from server.chat.answering.evidence.features import FEATURES, EvidenceQuery, features
from server.chat.models import Candidate

MODEL_FILE = Path(__file__).with_name("scorer.npz")


class Scored(Struct, frozen=True):
    """A candidate and the probability that it answers."""

    candidate: Candidate
    probability: float


class Scorer:
    """`weights` of shape (features,); `calibration` turns a score and its lead over the next into log odds."""

    def __init__(self, weights: NDArray[np.float32], calibration: NDArray[np.float32]) -> None:
        self.weights, self.calibration = weights, calibration

    def probabilities(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """Of shape (candidates,), for features of shape (candidates, features)."""
        scores = rows @ self.weights
        ordered = np.sort(scores)[::-1]
        following = ordered[1] if len(ordered) > 1 else ordered[0] - 1.0
        lead = scores - np.where(scores >= ordered[0], following, ordered[0])
        base, by_score, by_lead = self.calibration
        return np.asarray(1 / (1 + np.exp(-(base + by_score * scores + by_lead * np.clip(lead, -2.0, 2.0)))))


@lru_cache(maxsize=1)
def _scorers() -> dict[str, Scorer]:
    with np.load(MODEL_FILE) as stored:
        if stored["features"].tolist() != list(FEATURES):
            raise ValueError("evidence/scorer.npz was trained on other features; train it again")
        return {name: Scorer(stored[name], stored[f"{name}_calibration"]) for name in ("documents", "page")}


def score(question: EvidenceQuery, candidates: Sequence[Candidate], shop_language: str) -> list[Scored]:
    """The candidates with their probabilities, likeliest first. All are of documents, or all of one product's page."""
    if not candidates:
        return []
    scorer = _scorers()["page" if candidates[0].is_product else "documents"]
    found = scorer.probabilities(features(question, candidates, shop_language))
    scored = [Scored(candidate, float(value)) for candidate, value in zip(candidates, found, strict=True)]
    return sorted(scored, key=lambda each: -each.probability)
