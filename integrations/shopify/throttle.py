"""Shopify's leaky bucket of cost points, as its answers describe it."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

FIRST_PAUSE_S = 1.0
"""The pause after a refusal that does not give the state of the bucket."""


class Bucket(Struct, frozen=True):
    """`throttleStatus` of an answer: the most points it has, those it had at `observed_at`, and those it regains per
    second."""

    maximum: float
    available: float
    restore_rate: float
    observed_at: float


class Throttle:
    """The newest state of the bucket, the cost of each document, and how long the next request has to wait."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._bucket: Bucket | None = None
        self._costs: dict[str, float] = {}

    def learn(self, document: str, cost: Mapping[str, Any]) -> None:
        """Update the state from `extensions.cost` of an answer. Missing or invalid numbers change nothing."""
        status = cost.get("throttleStatus") or {}
        maximum, available = _number(status.get("maximumAvailable")), _number(status.get("currentlyAvailable"))
        restore_rate = _number(status.get("restoreRate"))
        if restore_rate <= 0:
            return
        self._bucket = Bucket(maximum, available, restore_rate, observed_at=self._clock())
        self._costs[document] = _number(cost.get("requestedQueryCost"))

    def pause_s(self, document: str, spare: float = 0.0) -> float:
        """Seconds until the bucket has the cost of `document` and the share `spare` (0 to 1) of the whole bucket,
        which a background job leaves to shoppers."""
        if self._bucket is None or document not in self._costs:
            return 0.0
        available = self._bucket.available + (self._clock() - self._bucket.observed_at) * self._bucket.restore_rate
        wanted = min(self._costs[document] + spare * self._bucket.maximum, self._bucket.maximum)
        return max(0.0, (wanted - available) / self._bucket.restore_rate)

    def pause_after_refusal_s(self, document: str) -> float:
        """Seconds to wait after THROTTLED; never 0, since other processes may use the same bucket."""
        return max(self.pause_s(document), 0.05) if self._bucket else FIRST_PAUSE_S


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
