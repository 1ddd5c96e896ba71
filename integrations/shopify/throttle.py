"""Shopify's leaky bucket of cost points, as its responses describe it.

Source: https://shopify.dev/docs/api/usage/limits
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

DEFAULT_PAUSE_S = 1.0
"""The pause after a refusal that does not give the state of the bucket."""
MIN_PAUSE_S = 0.05
"""The pause after a refusal by a bucket that should have enough points: other processes may use the same one."""


class Bucket(Struct, frozen=True):
    """The `throttleStatus` of a response, in cost points: the bucket's size, what was left at `observed_at` (seconds of
    the throttle's clock), and what is restored per second."""

    maximum: float
    available: float
    restore_rate: float
    observed_at: float


class Throttle:
    """The newest state of a shop's bucket and the cost of each GraphQL document, from which pauses are computed."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._bucket: Bucket | None = None
        self._costs: dict[str, float] = {}

    def update(self, document: str, cost: Mapping[str, Any]) -> None:
        """Update the state from the `extensions.cost` of a response. Without a valid restore rate nothing changes."""
        status = cost.get("throttleStatus") or {}
        maximum, available = _number(status.get("maximumAvailable")), _number(status.get("currentlyAvailable"))
        restore_rate = _number(status.get("restoreRate"))
        if restore_rate <= 0:
            return
        self._bucket = Bucket(maximum, available, restore_rate, observed_at=self._clock())
        self._costs[document] = _number(cost.get("requestedQueryCost"))

    def pause_s(self, document: str, spare: float = 0.0) -> float:
        """Seconds until the bucket has enough points to run `document` and leave `spare` of them.

        `spare` is a share of the bucket's size, 0 to 1, that a background job leaves to shoppers. The result is 0 for a
        document that has not run yet.
        """
        if self._bucket is None or document not in self._costs:
            return 0.0
        available = self._bucket.available + (self._clock() - self._bucket.observed_at) * self._bucket.restore_rate
        needed = min(self._costs[document] + spare * self._bucket.maximum, self._bucket.maximum)
        return max(0.0, (needed - available) / self._bucket.restore_rate)

    def pause_after_refusal_s(self, document: str) -> float:
        """Seconds to wait after the error THROTTLED; at least MIN_PAUSE_S."""
        return max(self.pause_s(document), MIN_PAUSE_S) if self._bucket else DEFAULT_PAUSE_S


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
