"""The circuit breaker of a model: what counts as its failure, and how long it is left alone."""

import time
from collections.abc import Callable

from integrations.circuit_breaker import FAILURES_TO_OPEN, CircuitBreaker
from server.models.protocol import FailureKind, ModelUnavailable
from server.models.upstream_errors import RequestRefused

OPEN_S = 30.0


def model_circuit(
    name: str,
    *,
    failures: int = FAILURES_TO_OPEN,
    open_s: float = OPEN_S,
    clock: Callable[[], float] = time.monotonic,
) -> CircuitBreaker:
    """A circuit that raises ModelUnavailable while open; `name` is for staff. Only ModelUnavailable is a failure, and
    RequestRefused is none: it says nothing about the model's health."""

    def open_time_s(error: Exception) -> float | None:
        return open_s if isinstance(error, ModelUnavailable) and not isinstance(error, RequestRefused) else None

    def refusal(_wait_s: float, last: Exception) -> ModelUnavailable:
        reason = f"{name} failed too often and rests for up to {open_s:.0f} s; last time: {last}"
        return ModelUnavailable(reason, kind=FailureKind.CIRCUIT_OPEN)

    return CircuitBreaker(open_s=open_time_s, refusal=refusal, failures_to_open=failures, clock=clock)
