"""Figures as lines of a table."""

import os
from collections.abc import Sequence

from msgspec import Struct

from tests.bench.load import Sample

HEADER = (
    f"{'what':<44}{'at once':>8}{'turns/s':>9}{'first text ms p50/p95/p99':>28}{'whole turn ms p50/p95/p99':>28}"
    f"{'API ms':>8}{'PG ms':>7}{'Redis':>7}{'API MB':>8}{'load':>6}"
)


class Costs(Struct, frozen=True):
    """CPU milliseconds a turn, by process family, and the API's memory (PSS)."""

    api_ms: float
    postgres_ms: float
    redis_ms: float
    api_mb: float


def line(what: str, at_once: int, sample: Sample, costs: Costs) -> str:
    """One measurement; errors, which should not be, at its end."""
    errors = f"  ERRORS {dict(sample.errors)}" if sample.errors else ""
    return (
        f"{what:<44}{at_once:>8}{len(sample.whole_s) / sample.seconds:>9.1f}{_times(sample.first_s):>28}"
        f"{_times(sample.whole_s):>28}{costs.api_ms:>8.1f}{costs.postgres_ms:>7.1f}{costs.redis_ms:>7.2f}"
        f"{costs.api_mb:>8.0f}{os.getloadavg()[0]:>6.1f}{errors}"
    )


def _times(seconds: Sequence[float]) -> str:
    return " / ".join(f"{1000 * quantile(seconds, share):.1f}" for share in (0.5, 0.95, 0.99)) if seconds else "-"


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which this share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
