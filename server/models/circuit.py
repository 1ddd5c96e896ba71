"""A circuit breaker: a model that failed again and again is left alone for a while, and costs nothing then.

Our own, in place of the purgatory package: that one lets every waiting request through when it tries again,
takes a shopper who left for a failure of the model, and measures by the wall clock, which may leap.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from server.models.protocol import FailureKind, ModelUnavailable
from server.models.upstream_errors import RequestRefused

FAILURES_TO_OPEN = 5
OPEN_S = 30.0


class Circuit:
    """Opens after `failures` in a row. After `open_s` one attempt is let through: it closes or reopens it."""

    def __init__(
        self,
        name: str,
        *,
        failures: int = FAILURES_TO_OPEN,
        open_s: float = OPEN_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`name` is for staff."""
        self._name = name
        self._failures_to_open = failures
        self._open_s = open_s
        self._clock = clock
        self._failures = 0
        self._opened_at: float | None = None
        self._probing = False
        self._reason = ""

    @property
    def is_open(self) -> bool:
        """Whether a call would be refused now."""
        if self._opened_at is None:
            return False
        return self._probing or self._clock() - self._opened_at < self._open_s

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Around one call. Raises ModelUnavailable at once while open; only that error is a failure."""
        if self.is_open:
            raise ModelUnavailable(
                f"{self._name} failed too often and rests for up to {self._open_s:.0f} s; last time: {self._reason}",
                kind=FailureKind.CIRCUIT_OPEN,
            )
        probe = self._opened_at is not None
        self._probing = probe
        try:
            yield
            self._close()
        except ModelUnavailable as failure:
            if not isinstance(failure, RequestRefused):  # says nothing about the model's health
                self._count(failure)
            raise
        finally:
            if probe:
                self._probing = False

    def _close(self) -> None:
        self._failures = 0
        self._opened_at = None

    def _count(self, failure: ModelUnavailable) -> None:
        self._failures += 1
        self._reason = str(failure)
        if self._failures >= self._failures_to_open:
            self._opened_at = self._clock()
