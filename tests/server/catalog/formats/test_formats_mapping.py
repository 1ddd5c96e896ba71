"""The `--map` language."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from integrations.platform import Money
from server.catalog.formats import UnreadableFile
from server.catalog.formats.mapping import MappingError, compile_mapping, parse_mapping


def test_parses_columns_factors_and_constants() -> None:
    sources = {source.target: source for source in compile_mapping(parse_mapping(["price=p/100", "currency==EUR"]))}
    assert sources["price"].value({"p": "1999"}) == Decimal("19.99")
    assert sources["currency"].value({}) == "EUR"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("price", "target=column"),
        ("prize=cost", "unknown target 'prize'"),
        ("price=", "column is missing"),
        ("title=name/100", "only prices and stock"),
        ("price=cents/0", "must not be 0"),
        ("attributes.=x", "unknown target"),
    ],
)
def test_says_what_is_wrong(text: str, reason: str) -> None:
    with pytest.raises(MappingError, match=reason):
        parse_mapping([text])


def test_one_target_twice_is_refused() -> None:
    with pytest.raises(MappingError, match="mapped twice"):
        parse_mapping(["price=a", "price=b"])


def test_maps_odd_names_and_uses_the_columns_up(read: Callable[..., Any]) -> None:
    text = "code,what,cost_in_c,c17\nX1,Lamp,1999,red\n"
    mapping = parse_mapping(["id=code", "title=what", "price=cost_in_c/100", "currency==GBP", "attributes.Colour=c17"])
    product = read(text, mapping).products["X1"]
    assert product.title == "Lamp"
    assert product.price == Money(1999, "GBP")
    assert product.attributes == {"Colour": "red"}


def test_dotted_paths_reach_into_objects_and_lists(read: Callable[..., Any]) -> None:
    line = '{"id":"1","title":"A","offers":[{"amount":"5.50"}],"bagged/bagless":"yes"}'
    product = read(line, parse_mapping(["price=offers.0.amount"])).products["1"]
    assert product.price == Money(550, "USD")
    assert product.attributes["bagged/bagless"] == "yes"


def test_a_name_that_says_cents_is_cents_with_and_without_a_rule(read: Callable[..., Any]) -> None:
    line = '{"id":"1","title":"A","price_cents":12595}'
    for rules in ([], ["price=price_cents"], ["price=price_cents/100"]):
        assert read(line, parse_mapping(rules)).products["1"].price == Money(12595, "USD")
    assert read(line, parse_mapping(["price=price_cents*1"])).products["1"].price == Money(1259500, "USD")


def test_a_column_that_is_not_there_is_named(read: Callable[..., Any]) -> None:
    with pytest.raises(UnreadableFile, match="no column 'cost'; the columns are id, title"):
        read("id,title\n1,A\n", {"price": "cost"})
    reading = read('{"id":"1","title":"A"}\n', {"price": "cost"})
    assert list(reading.products) == ["1"]
    assert reading.reasons() == {0: "--map names 'cost', but no row has such a field"}
