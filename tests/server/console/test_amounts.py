"""Amounts as merchants write them on the page Plan."""

import pytest

from server.console.endpoints.billing import _amount_minor
from server.core.errors import Invalid


@pytest.mark.parametrize(
    ("written", "minor"),
    [
        ("", None),
        ("  ", None),
        ("50", 5_000),
        ("12.5", 1_250),
        ("12,50", 1_250),
        ("1,000", 100_000),
        ("1,000.50", 100_050),
        ("0.05", 5),
        ("0", 0),
    ],
)
def test_amounts(written: str, minor: int | None) -> None:
    assert _amount_minor("cap", written) == minor


@pytest.mark.parametrize(
    "written", ["1.000", "0.004", "1e3", "1_000", "١٢", "-5", "NaN", "inf", "12,3456", "1,00,000", "2000000", "5 USD"]
)
def test_what_is_no_amount_is_refused_and_not_guessed(written: str) -> None:
    with pytest.raises(Invalid) as refused:
        _amount_minor("cap", written)
    assert refused.value.errors[0].field == "cap"
