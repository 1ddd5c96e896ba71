"""What of a product is searched."""

import pytest

from integrations.platform import Product, Variant
from server.knowledge.passages import (
    MAX_EMBEDDED_CHARS,
    embedded_product_text,
    identifier_windows,
    passage_identifiers,
    product_passages,
    squash_identifier,
)

PRINTER = Product(
    external_id="1",
    title="Brother HL-L2350DW laser printer 30ppm",
    brand="Brother",
    category=("Office", "Printers"),
    description="Prints.\n\nQuietly.",
    attributes={"MPN": "HLL2350DWZX1", "colour": "grey", "width": "356.0", "duplex": "true"},
    identifiers=("4977766783439",),
    variants=(Variant(id="v", title="EU", sku="HL L2350 EU", options={"Plug": "EU"}),),
)


@pytest.mark.parametrize("written", ["TK-855 K", "tk855k", "TK_855/K", "ＴＫ８５５Ｋ"])
def test_ways_of_writing_a_part_number_are_one(written: str) -> None:
    assert squash_identifier(written) == "tk855k"


def test_identifiers_come_from_all_places_and_measures_are_none() -> None:
    assert passage_identifiers(PRINTER) == ["4977766783439", "hll2350eu", "hll2350dwzx1", "hll2350dw"]


def test_windows_hold_a_digit_and_some_length() -> None:
    assert identifier_windows("is the TK-855 K in stock?")[:2] == ["tk855", "thetk855"]
    assert "tk855k" in identifier_windows("is the TK-855 K in stock?")
    assert identifier_windows("wireless headphones with a case") == []
    assert identifier_windows("a 2 b") == []


def test_windows_stay_few() -> None:
    assert len(identifier_windows("x1 y2 z3 w4 " * 500)) <= 40


def test_a_passage_says_what_it_is_and_then_its_attributes() -> None:
    [draft] = product_passages(PRINTER)
    assert draft.text == (
        "Brother HL-L2350DW laser printer 30ppm\nOffice > Printers\nPrints.\nQuietly."
        "\n\nMPN: HLL2350DWZX1\ncolour: grey\nduplex: true\nPlug: EU"
    )
    assert embedded_product_text(draft.text).endswith("Quietly.")


def test_what_is_embedded_is_bounded() -> None:
    [draft] = product_passages(Product(external_id="1", title="T", description="word " * 5_000))
    assert len(draft.text) <= 8_000
    assert len(embedded_product_text(draft.text)) == MAX_EMBEDDED_CHARS
