"""The known phrasings as vectors, and how near a message comes to each class of them."""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from server.chat.answering.intents.models import IntentKind, Topic
from server.models.protocol import Vector

IntentClass = tuple[IntentKind, Topic | None]
NEAREST_SHARE = 0.7
"""Of the nearest phrase against the second: one odd phrase does not decide."""


class Examples(Struct, frozen=True):
    """The known phrasings: vectors of shape (phrases, 384), the classes, and per class the rows of its phrases.

    `rows` has the shape (classes, most phrases of a class); short classes are filled up with the row behind the last.
    """

    vectors: NDArray[np.float32]
    classes: tuple[IntentClass, ...]
    rows: NDArray[np.intp]


def learn_examples(vectors: Sequence[Vector], classes: Sequence[IntentClass]) -> Examples:
    """Phrases and their classes, one for one."""
    distinct = tuple(dict.fromkeys(classes))
    members = [[row for row, found in enumerate(classes) if found == each] for each in distinct]
    members = [rows * 2 if len(rows) == 1 else rows for rows in members]
    most = max(len(rows) for rows in members)
    padded = [rows + [len(classes)] * (most - len(rows)) for rows in members]
    return Examples(np.stack(vectors), distinct, np.array(padded, np.intp))


def class_similarities(examples: Examples, vector: Vector) -> dict[IntentClass, float]:
    """Per class the mean of its two nearest phrases. In arrays: this runs in the event loop for every message."""
    cosines = np.append(examples.vectors @ vector, np.float32(-1.0))
    second, first = np.partition(cosines[examples.rows], -2, axis=1)[:, -2:].T
    near = NEAREST_SHARE * first + (1 - NEAREST_SHARE) * second
    return dict(zip(examples.classes, near.tolist(), strict=True))
