"""Order numbers as people type and paste them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.platform import choose_number, is_number_of, normalise_order_number


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("١٠٠١", "1001"),
        ("۱۰۰۱", "1001"),
        ("１００１", "1001"),
        ("१००१", "1001"),
        ("№1001", "1001"),
        ("#1001", "1001"),
        ("\u200f#1001\u200e", "1001"),
        ("\u2066W-１００１\u2069", "W1001"),
        ("# w3754544", "W3754544"),
        ("Ｗ３７", "W37"),
        ("º1001", "1001"),
    ],
)
def test_one_number_in_many_ways(written: str, number: str) -> None:
    assert normalise_order_number(written) == number


@given(st.integers(0, 10**12), st.sampled_from([0x30, 0x660, 0x6F0, 0x966, 0x9E6, 0xE50, 0xFF10]))
def test_digits_of_every_script_are_digits(number: int, zero: int) -> None:
    written = "".join(chr(zero + int(digit)) for digit in str(number))
    assert normalise_order_number(f"#{written}") == str(number)


@given(st.text(max_size=20))
def test_the_one_form_stays_as_it_is(text: str) -> None:
    once = normalise_order_number(text)
    assert normalise_order_number(once) == once


@pytest.mark.parametrize(
    ("number", "wanted", "fits"),
    [("RG-9001", "9001", True), ("RG9001", "9001", True), ("2026-9001", "9001", True), ("19001", "9001", False),
     ("RG-9001-B", "9001", False), ("RG-9001", "01", False), ("9001", "9001", True), ("RG-9001", "XX9001", False)],
)  # fmt: skip
def test_a_prefix_need_not_be_typed(number: str, wanted: str, fits: bool) -> None:
    assert is_number_of(number, wanted) is fits


def test_only_one_order_may_fit() -> None:
    assert choose_number(["RG-9001", "XX-9001"], "9001") is None
    assert choose_number(["RG-9001", "9001"], "9001") == "9001"
    assert choose_number([], "9001") is None
