"""What a model may write as a tool's arguments, and what of it reaches the tool."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.chat.tools.arguments import (
    MAX_PRICE_MINOR,
    MAX_TEXT,
    id_argument,
    parse_arguments,
    price_argument,
    text_argument,
)

NESTED = '{"query": ' + "[" * 100_000 + "]" * 100_000 + "}"
UNREADABLE = {
    "half": "{",
    "a list": "[1]",
    "a text": '"tent"',
    "null": "null",
    "half a character, escaped": '{"query": "\\ud800"}',
    "half a character": '{"query": "\ud800"}',
    "no number": '{"price_max": NaN}',
    "a number beyond all": '{"price_max": 1e400}',
    "nested": NESTED,
}


@pytest.mark.parametrize("written", UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_not_an_object_is_none(written: str) -> None:
    assert parse_arguments(written) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a tent", "a tent"),
        ("a\x00b", "ab"),
        ("a\u202eb\x1b[31m\u200b", "ab[31m"),
        (" two\n\tlines ", "two lines"),
        ("x" * 50_000, "x" * MAX_TEXT),
        (1002, "1002"),
        (1002.0, "1002"),
        (10**300, ""),
        (True, ""),
        (None, ""),
        ([], ""),
        ({"$gt": ""}, ""),
    ],
)
def test_a_text(value: Any, text: str) -> None:
    assert text_argument({"query": value}, "query") == text


@pytest.mark.parametrize(
    ("value", "price"),
    [
        (1999, 1999),
        (1999.5, 1999),
        ("1999", 1999),
        (0, 0),
        (1e300, MAX_PRICE_MINOR),
        (10**400, MAX_PRICE_MINOR),
        ("inf", MAX_PRICE_MINOR),
        ("nan", None),
        (float("nan"), None),
        (-1, None),
        (True, None),
        ("cheap", None),
        ([1], None),
        (None, None),
    ],
)
def test_a_price(value: Any, price: int | None) -> None:
    assert price_argument({"price_max": value}, "price_max") == price


def test_an_id_that_no_product_can_have_does_not_become_anothers() -> None:
    assert id_argument({"product_id": "tent\x001"}, "product_id") == "tent\ufffd1"
    assert id_argument({"product_id": " Té nt "}, "product_id") == " Té nt "


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_whatever_it_is_the_tool_can_take_it(value: Any) -> None:
    arguments = parse_arguments(json.dumps({"it": value}))
    if arguments is None:
        return
    price = price_argument(arguments, "it")
    assert price is None or 0 <= price <= MAX_PRICE_MINOR
    for text in (text_argument(arguments, "it"), id_argument(arguments, "it")):
        assert len(text.encode().decode()) <= MAX_TEXT
        assert "\x00" not in text
