"""Which intent a message has: a linear classifier over its vector, and the phrases that give an intent away.

The classifier was trained on the example messages of all languages (`python -m tests.evaluation.train_intents`); the
vectors are those of the built-in multilingual embedder, so that it also reads languages and wordings it has not seen.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from server.chat.answering.reading.models import SAFETY, Intent
from server.languages.words import Language
from server.models.protocol import Vector

MODEL_FILE = Path(__file__).with_name("intents.npz")
CUE = 3.0
"""What a phrase that gives an intent away adds to its logit. It decides against a classifier that is not sure."""
WHOLE_CUE = 6.0
"""For a phrase that is the whole message ("yes", "cancel"), and for any of a matter of safety: none may be missed."""


LEAST_SAFETY = 0.7
"""The probability of all matters of safety together from which they count without a phrase."""
FEW_WORDS = 3
LEAST_SAFETY_OF_FEW = 0.8
"""The same for a message of at most three words: most name a product ("lavender bath bomb")."""


class IntentModel:
    """Logits of the intents: `weights` of shape (dimensions, intents), `bias` of shape (intents,)."""

    def __init__(self, weights: NDArray[np.float32], bias: NDArray[np.float32], intents: tuple[Intent, ...]) -> None:
        self._weights, self._bias, self.intents = weights, bias, intents

    def logits(self, vector: Vector) -> NDArray[np.float32]:
        """Of shape (intents,)."""
        return np.asarray(vector @ self._weights + self._bias)


@lru_cache(maxsize=1)
def intent_model() -> IntentModel:
    """The trained model."""
    with np.load(MODEL_FILE) as stored:
        names = tuple(Intent(name) for name in stored["intents"].tolist())
        return IntentModel(stored["weights"].astype(np.float32), stored["bias"].astype(np.float32), names)


def topics_of(vector: Vector) -> NDArray[np.float32]:
    """The probabilities of the intents of a text by its vector alone, of shape (intents,)."""
    return _shares(intent_model().logits(vector))


def classify(
    normalised: str, words: Language, vector: Vector | None, impossible: frozenset[Intent] = frozenset()
) -> dict[Intent, float]:
    """The probability of each intent; 0 of those that are impossible here. Without a vector the phrases alone decide,
    and less surely."""
    model = intent_model()
    logits = model.logits(vector) if vector is not None else np.zeros(len(model.intents), np.float32)
    for index, intent in enumerate(model.intents):
        found = words.intents[intent.value].cues.match(normalised)
        if intent in impossible:
            logits[index] = -np.inf
        elif found is not None:
            rest = f"{normalised[: found.start]}{normalised[found.end :]}"
            is_whole = not any(character.isalnum() for character in rest)
            logits[index] += WHOLE_CUE if is_whole or intent in SAFETY else CUE
    if (best := model.intents[int(logits.argmax())]) in SAFETY and not words.intents[best.value].cues.found_in(
        normalised
    ):
        least = LEAST_SAFETY_OF_FEW if len(normalised.split()) <= FEW_WORDS and words.is_spaced else LEAST_SAFETY
        _weaken_safety(logits, model.intents, least)
    return dict(zip(model.intents, _shares(logits).tolist(), strict=True))


def _weaken_safety(logits: NDArray[np.float32], intents: tuple[Intent, ...], least: float) -> None:
    """A matter of safety that no phrase speaks for and that the classifier hardly believes in is none: a message that
    is like nothing it knows ("bath bomb") comes out as any intent."""
    places = [place for place, intent in enumerate(intents) if intent in SAFETY]
    if _shares(logits)[places].sum() < least:
        logits[places] -= CUE


def _shares(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    shifted = np.exp(logits - logits.max())
    return np.asarray(shifted / shifted.sum(), np.float32)
