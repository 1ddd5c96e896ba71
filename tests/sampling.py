"""Large matrices: `make test` runs a sample, `make test-exhaustive` the rest."""

from collections.abc import Container, Iterable
from typing import Any

import pytest


def sampled(cases: Iterable[Any], sample: Container[Any]) -> list[Any]:
    """All cases for parametrize; those outside the sample have the marker `exhaustive`."""
    return [case if case in sample else pytest.param(case, marks=pytest.mark.exhaustive) for case in cases]
