"""Shopify's and WooCommerce's exports and Google's feeds: many rows, one product."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from integrations.platform import Money, Variant
from server.catalog.formats import ParsedProduct, SkippedRow, UnreadableFile, detect_format, grouping, read_products

Read = Callable[..., Any]
PAYLOADS = Path(__file__).parents[3] / "payloads" / "imports"


@pytest.mark.parametrize(
    ("name", "format_name"),
    [
        ("shopify_export.csv", "Shopify export"),
        ("shopify_export_new.csv", "Shopify export"),
        ("woocommerce_export.csv", "WooCommerce export"),
        ("google_feed.xml", "XML product feed"),
        ("google_feed_atom.xml", "XML product feed"),
        ("google_feed.tsv", "TSV product feed"),
        ("german_shop.csv", "CSV"),
        ("products.jsonl", "JSONL"),
        ("products.json", "JSON"),
    ],
)
def test_formats_are_told_apart(name: str, format_name: str) -> None:
    assert detect_format(PAYLOADS / name) == format_name


def test_shopify_joins_variants_and_pictures(read: Read) -> None:
    reading = read("shopify_export.csv")
    shirt = reading.products["linen-shirt"]
    assert shirt.description == "Cool & light.\n- Pure linen\n- Made in Porto"
    assert shirt.price == Money(5500, "USD")
    assert shirt.category == ("Apparel", "Shirts")
    assert shirt.image_url == "https://cdn.shop.example/linen-1.jpg"
    assert shirt.variants[0] == Variant(
        id="LS-B-M",
        title="Blue / M",
        price=Money(5900, "USD"),
        compare_at_price=Money(7900, "USD"),
        available=True,
        sku="LS-B-M",
        barcode="5601234567890",
        stock=4,
        options={"Color": "Blue", "Size": "M"},
    )
    assert [variant.available for variant in shirt.variants] == [True, False, True]  # the third sells on at 0
    assert shirt.attributes == {"Type": "Shirt", "Tags": "summer, linen", "Fabric": "Linen"}  # and not what it costs us
    card = reading.products["gift-card"]
    assert (card.variants, card.identifiers, card.available) == ((), ("GC-1",), True)


def test_shopify_names_drafts_hidden_products_and_bad_variants(read: Read) -> None:
    reading = read("shopify_export.csv")
    assert [row for row in reading.problems if isinstance(row, SkippedRow)] == [
        SkippedRow(7, "is not published in Shopify (status draft)", "secret-hat"),
        SkippedRow(8, "is not published in Shopify (published false)", "old-hat"),
    ]
    assert "'thirty' is not a price" in reading.reasons()[9]
    assert [variant.sku for variant in reading.products["wool-scarf"].variants] == ["WS-G"]


def test_shopifys_new_column_names(read: Read) -> None:
    stool = read("shopify_export_new.csv").products["oak-stool"]
    assert [(v.title, v.price, v.available) for v in stool.variants] == [
        ("45 cm", Money(8900, "USD"), True),
        ("65 cm", Money(9900, "USD"), False),
    ]


def test_woocommerce(read: Read) -> None:
    reading = read("woocommerce_export.csv", currency="EUR")
    pen = reading.products["31"]
    assert pen.title == "Fountain Pen & Ink"
    assert (pen.price, pen.compare_at_price) == (Money(1950, "EUR"), Money(2400, "EUR"))
    assert pen.category == ("Office", "Pens", "Fountain Pens")
    assert pen.identifiers == ("PEN-1", "4006381333931")
    assert pen.brand == "Kaweco"
    assert pen.attributes == {"Nib": "F, M", "weight kg": "0.1", "tags": "pen"}
    mug = reading.products["40"]
    assert mug.category == ("Bags, Cases", "Cups")
    assert [(v.id, v.title, v.price, v.available) for v in mug.variants] == [
        ("44", "Red", Money(1200, "EUR"), True),
        ("45", "Blue", Money(900, "EUR"), False),
    ]
    assert mug.price == Money(1200, "EUR")  # of what can be bought
    assert reading.products["52"].price == Money(500, "EUR")  # its sale is over
    assert reading.products["53"].price is None
    assert set(reading.products) == {"31", "40", "52", "53"}
    assert "id:999, which is not in this file" in reading.reasons()[6]
    assert reading.reasons()[7] == "is not published in WooCommerce (Published -1)"
    assert reading.reasons()[8] == "is hidden from the catalog in WooCommerce"


def test_google_xml_joins_item_groups(read: Read) -> None:
    reading = read("google_feed.xml")
    tee = reading.products["T-1"]
    assert tee.title == "Trail Tee"
    assert (tee.price, tee.compare_at_price) == (Money(1999, "EUR"), Money(2500, "EUR"))
    assert [(v.id, v.title, v.available) for v in tee.variants] == [
        ("T-1-RED-M", "Red / M", True),
        ("T-1-BLUE-M", "Blue / M", False),
    ]
    assert tee.variants[0].barcode == "4006381333931"
    assert tee.category == ("Clothing", "Tees")
    lamp = reading.products["LAMP-9"]
    assert lamp.available
    assert lamp.attributes["availability"] == "preorder"
    assert lamp.identifiers == ("DL-900",)
    assert "'call us'" in reading.reasons()[4]


def test_google_atom_and_tsv(read: Read) -> None:
    bottle = read("google_feed_atom.xml").products["A1"]
    assert (bottle.title, bottle.url, bottle.price) == ("Steel bottle", "https://shop.example/a1", Money(1800, "GBP"))
    reading = read("google_feed.tsv")
    assert reading.products["S1"].title == "Sock"
    assert reading.products["S1"].price == Money(450, "USD")  # the cheaper one is sold out
    assert reading.products["C7"].variants == ()


def test_a_sale_counts_only_between_its_dates(read: Read) -> None:
    rows = {"now": "2020-01-01T00:00-0800/2999-01-01T00:00-0800", "past": "2020-01-01T00:00Z/2020-02-01T00:00Z"}
    text = "id,title,price,sale price,sale_price_effective_date\n"
    products = read(text + "".join(f"{key},T,9 USD,5 USD,{dates}\n" for key, dates in rows.items())).products
    assert products["now"].price == Money(500, "USD")
    assert products["past"].price == Money(900, "USD")


@pytest.mark.parametrize("name", ["shopify_export.csv", "woocommerce_export.csv", "google_feed.tsv"])
def test_order_of_groups_and_spilling_to_disk_change_nothing(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    header, *rows = (PAYLOADS / name).read_text().splitlines(keepends=True)
    expected = _products(PAYLOADS / name)
    monkeypatch.setattr(grouping, "MEMORY_BYTES", 500)
    assert _products(PAYLOADS / name) == expected
    if name == "google_feed.tsv":
        path = tmp_path / name
        random.Random(4).shuffle(rows)
        path.write_text(header + "".join(rows))
        assert set(_products(path)) == set(expected)


def _products(path: Path) -> dict[str, Any]:
    rows = read_products(path, mapping=None, default_currency="USD")
    return {row.product.external_id: row.product for row in rows if isinstance(row, ParsedProduct)}


@pytest.mark.parametrize(
    "attack",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><rss><item><id>&b;</id></item></rss>',
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><rss><item><id>&a;</id></item></rss>',
    ],
)
def test_entities_in_a_feed_are_refused(read: Read, attack: str) -> None:
    with pytest.raises(UnreadableFile, match="declares XML entities"):
        read(attack)


def test_damage_in_a_feed_keeps_what_stands_before(read: Read) -> None:
    reading = read("<rss><channel><item><id>1</id><title>A</title></item><item><id>2</title>")
    assert list(reading.products) == ["1"]
    assert "XML is damaged here" in reading.reasons()[2]
