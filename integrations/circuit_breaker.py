"""A circuit breaker: after several failures in a row calls are refused at once for a while.

Models and stores use it, each with its own errors and times. The purgatory package is no alternative: it lets every
waiting request through when it tries again, counts a shopper who left as a failure, and measures by the wall clock,
which may leap.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

FAILURES_TO_OPEN = 5
MIN_WAIT_S = 1.0
"""The shortest wait that a refusal names: the one attempt that decides may still be under way."""


class CircuitBreaker:
    """Opens after `failures_to_open` failures in a row. When its time is over one attempt is let through, which closes
    it or opens it again for the whole time."""

    def __init__(
        self,
        *,
        open_s: Callable[[Exception], float | None],
        refusal: Callable[[float, Exception], Exception],
        failures_to_open: int = FAILURES_TO_OPEN,
        count_overlapping: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Create a closed circuit.

        `open_s` gives the seconds to stay open if this error opens the circuit, None where the error says nothing about
        the other side's health. `refusal` makes the error for a call while it is open, from the seconds to wait and the
        last failure. Without `count_overlapping`, calls under way together that fail count once.
        """
        self._open_s, self._refusal = open_s, refusal
        self._failures_to_open, self._count_overlapping = failures_to_open, count_overlapping
        self._clock = clock
        self._failures = 0
        self._failed_at = float("-inf")
        self._last_failure: Exception | None = None
        self._open_until: float | None = None
        self._is_probing = False

    @property
    def is_open(self) -> bool:
        """Whether a call would be refused now."""
        return self._open_until is not None and (self._is_probing or self._clock() < self._open_until)

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Count the outcome of one call. Raises the refusal at once while the circuit is open."""
        self._require_closed()
        is_probe = self._open_until is not None
        self._is_probing = is_probe
        began = self._clock()
        try:
            yield
            self._failures, self._open_until = 0, None
        except Exception as error:
            self._count(error, began)
            raise
        finally:
            if is_probe:
                self._is_probing = False

    def _require_closed(self) -> None:
        if self.is_open and self._open_until is not None and self._last_failure is not None:
            raise self._refusal(max(MIN_WAIT_S, self._open_until - self._clock()), self._last_failure)

    def _count(self, error: Exception, began: float) -> None:
        open_s = self._open_s(error)
        if open_s is None or (began < self._failed_at and not self._count_overlapping):
            return
        self._failures, self._failed_at, self._last_failure = self._failures + 1, self._clock(), error
        if self._failures >= self._failures_to_open:
            self._open_until = self._failed_at + open_s
