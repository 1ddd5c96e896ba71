"""Generic product files: what is understood, and how bad rows and files are named."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.platform import Money
from server.catalog.formats import (
    ParsedProduct,
    Progress,
    ReplacedRow,
    SkippedRow,
    UnreadableFile,
    detect_format,
    read_products,
)

Read = Callable[..., Any]


def test_a_german_spreadsheet(read: Read) -> None:
    reading = read("german_shop.csv")
    pot = next(row.product for row in reading.rows if row.row == 2)
    assert pot.title == "Teekanne"
    assert pot.price == Money(2490, "EUR")
    assert pot.category == ("Küche", "Kannen")
    assert pot.description == "Fasst 1,5 l.\nSpülmaschinenfest."
    assert pot.identifiers == ("4006381333931",)
    assert pot.attributes == {"Farbe": "Weiß"}  # not the purchase price
    assert reading.products["A-1"].title == "Teekanne neu"
    assert reading.products["A-2"].price == Money(129900, "EUR")
    assert not reading.products["A-2"].available
    assert reading.products["A-3"].price is None
    assert {problem.row: type(problem).__name__ for problem in reading.problems} == {
        5: "BadRow",
        6: "BadRow",
        7: "BadRow",
        2: "ReplacedRow",
    }
    assert reading.reasons()[5] == "has no title (id A-4); fill a column such as title or name"
    assert "'auf Anfrage' is not a price" in reading.reasons()[6]
    assert "negative" in reading.reasons()[7]
    assert reading.reasons()[2] == "is replaced by row 8, which has the same id A-1"


def test_json_lines(read: Read) -> None:
    reading = read("products.jsonl")
    kettle = reading.products["1"]
    assert kettle.price == Money(1999, "USD")
    assert kettle.identifiers == ("KX-100", "KX-100B")
    assert kettle.attributes["dimensions height"] == "20"
    assert kettle.attributes["tags"] == "steel, 1.5 l"
    assert kettle.attributes["dishwasher_safe"] == "no"
    assert kettle.description == "- Boils fast\n- Quiet"
    toaster = reading.products["3"]
    assert toaster.price == Money(4550, "USD")
    assert [(v.id, v.title, v.price, v.available) for v in toaster.variants] == [
        ("3-a", "red", Money(4550, "USD"), True),
        ("3-b", "black", Money(4900, "USD"), False),
    ]
    assert reading.products["4"].price == Money(3999, "GBP")
    assert reading.products["4"].image_url == "https://shop.example/r.jpg"
    assert sorted(reading.reasons()) == [2, 5]


def test_a_json_list_inside_an_object_survives_a_broken_item(read: Read) -> None:
    reading = read("products.json")
    assert list(reading.products) == ["11", "13"]
    assert reading.products["13"].title == 'Table "round" }'
    assert reading.products["11"].price == Money(18000, "USD")
    assert list(reading.reasons()) == [2]


def test_a_list_cut_off_in_the_middle(read: Read) -> None:
    reading = read('[{"id":1,"title":"A"},{"id":2,"title":"B"},{"id":3,"ti')
    assert list(reading.products) == ["1", "2"]
    assert "ends in the middle" in reading.reasons()[3]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_way_to_save_a_table(read: Read, delimiter: str, encoding: str, ending: str) -> None:
    rows = [["sku", "name", "price"], ["K-1", "Café crème", "3.50"], ["K-2", "Thé vert glacé", "2.00"]]
    text = ending.join(delimiter.join(f'"{cell}"' for cell in row) for row in rows) + ending
    products = read(text.encode(encoding)).products
    assert [product.title for product in products.values()] == ["Café crème", "Thé vert glacé"]


def test_lines_of_another_encoding_inside_utf8_are_kept(read: Read) -> None:
    head = "id,title\n" + "".join(f"{number},Plain product number {number}\n" for number in range(10_000))
    products = read(head.encode() + "x1,Crème\n".encode("cp1252") + "x2,Brûlée\n".encode()).products
    assert (products["x1"].title, products["x2"].title) == ("Crème", "Brûlée")


def test_broken_quotes_cost_one_row_only(read: Read) -> None:
    text = 'id,title,description\n1,A,"open and never closed\n2,B,fine\n3,C,"five "inch" screen"\n'
    text += '4,D,"two\nlines"\n5,E,a,b\n'
    reading = read(text)
    assert list(reading.products) == ["2", "4"]
    assert reading.products["4"].description == "two\nlines"
    assert "closing quote" in reading.reasons()[2] or "never closed" in reading.reasons()[2]
    assert "closing quote" in reading.reasons()[4]
    assert "has 4 cells where the header has 3" in reading.reasons()[6]


def test_a_quote_open_to_the_end_is_named_and_what_follows_is_kept(read: Read) -> None:
    reading = read('id,title\n1,"A\n' + "".join(f"{number},T{number}\n" for number in range(2, 500)))
    assert len(reading.products) == 498
    assert reading.reasons() == {
        2: "a quote is opened here and never closed; close it, or write a quote inside a cell twice"
    }


def test_drafts_are_skipped_by_name(read: Read) -> None:
    reading = read("id,title,status\n1,A,active\n2,B,draft\n3,C,\n")
    assert list(reading.products) == ["1", "3"]
    assert reading.problems == [SkippedRow(3, "is not published (status draft)", "2")]


def test_the_id_falls_back_to_sku_then_handle(read: Read) -> None:
    reading = read("id,sku,handle,title\n,S-1,h-1,A\n,,h-2,B\n7,S-3,h-3,C\n,,,D\n")
    assert list(reading.products) == ["S-1", "h-2", "7"]
    assert reading.products["7"].identifiers == ("S-3",)
    assert reading.reasons() == {5: "has no id; fill a column such as id, sku or handle"}


def test_a_name_beside_a_title_is_a_part_number(read: Read) -> None:
    product = read('{"id":"9","title":"HP 80 cyan","name":"C4872A","attributes":{"oem code":"X-80"}}').products["9"]
    assert product.title == "HP 80 cyan"
    assert product.identifiers == ("C4872A", "X-80")
    assert product.attributes == {"name": "C4872A", "oem code": "X-80"}


def test_nothing_a_shopper_must_not_see_becomes_an_attribute(read: Read) -> None:
    text = "id,title,price,cost_price,Wholesale Price,margin,colour\n1,A,5,2,3,60%,red\n"
    assert read(text).products["1"].attributes == {"colour": "red"}


def test_long_and_dirty_fields_are_cut_and_cleaned(read: Read) -> None:
    line = {
        "id": "1",
        "title": "T\0itle " + "x " * 400,
        "description": "<p>" + "word " * 20_000 + "</p>",
        "k\0": "v\u202e\u200b",
    }
    import msgspec

    product = read(msgspec.json.encode(line)).products["1"]
    assert len(product.title) <= 500
    assert product.title.startswith("Title x")
    assert len(product.description) <= 50_000
    assert product.description.endswith("…")
    assert product.attributes == {"k": "v"}


def test_availability_words(read: Read) -> None:
    words = {"In Stock": True, "out_of_stock": False, "https://schema.org/OutOfStock": False, "0": False, "12": True}
    words |= {"preorder": True, "nicht lieferbar": False, "ships in 3 days": True}
    rows = "".join(f"{number},T,{word}\n" for number, word in enumerate(words))
    products = read(f"id,title,availability\n{rows}").products
    assert [product.available for product in products.values()] == list(words.values())
    assert products["7"].attributes == {"availability": "ships in 3 days"}


def test_a_price_in_a_currency_named_by_its_column(read: Read) -> None:
    products = read("id,title,price_eur,sale price\n1,A,5.00,4.00\n").products
    assert products["1"].price == Money(500, "EUR")  # the sale price is in the shop's USD: never compared
    assert "not a currency" in read("id,title,price,currency\n1,A,5,EURO\n").reasons()[2]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b" \n\t\n", "empty"),
        (b"PK\x03\x04rest", "Excel workbook"),
        (b"%PDF-1.7", "PDF"),
        (b"\x89PNG\r\n", "picture"),
        (bytes(range(256)) * 20, "binary"),
        (b"<!DOCTYPE html><html></html>", "web page"),
        (b"<rss><channel></channel></rss>", "no products"),
        (b"<rss><chan", "not well-formed XML"),
        (b"just some words\nand more\n", "not a product list"),
        (b"id,title\n", "no products"),
        (b"[]", "no products"),
        (b'["a"]', "no products"),
        (b"price,colour\n1,2\n", "no column looks like the id; the columns are price, colour"),
        (b"id,colour\n1,2\n", "looks like the title"),
        (gzip.compress(gzip.compress(b"id,title\n1,A\n", mtime=0), mtime=0), "twice"),
        (gzip.compress(b"id,title\n1,A\n", mtime=0)[:-9], "damaged or cut off"),
    ],
)
def test_a_file_that_is_no_catalog_says_why(read: Read, content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableFile, match=reason):
        read(content)


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="cannot be opened"):
        read_products(tmp_path / "none.csv", mapping=None, default_currency="USD")


def test_gzip_and_progress(tmp_path: Path) -> None:
    path = tmp_path / "file.csv.gz"
    path.write_bytes(gzip.compress(b"id,title\n" + b"".join(b"%d,Product %d\n" % (n, n * 7919) for n in range(12_000))))
    progress = Progress()
    rows = read_products(path, mapping=None, default_currency="USD", progress=progress)
    next(rows)
    assert 0 < progress.done_bytes <= progress.total_bytes == path.stat().st_size
    assert sum(1 for _ in rows) == 11_999
    assert progress.done_bytes == progress.total_bytes
    assert detect_format(path) == "CSV"


@given(
    st.binary(max_size=400),
    st.sampled_from([b"", b"id,title,price\n", b"[", b"{", b'{"id":1,', b"<rss>", b"<feed><entry>"]),
)
def test_any_bytes_give_rows_or_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, start: bytes
) -> None:
    path = tmp_path_factory.mktemp("any") / "file"
    path.write_bytes(start + data)
    assert all(_reasons(path))


def _reasons(path: Path) -> list[str]:
    """What a file came to, in sentences."""
    try:
        rows = list(read_products(path, mapping=None, default_currency="USD"))
    except UnreadableFile as refused:
        return [str(refused)]
    return [row.product.title if isinstance(row, ParsedProduct) else row.reason for row in rows]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9)), min_size=1, max_size=12))
def test_of_one_id_the_last_row_wins_and_each_other_is_named(
    tmp_path_factory: pytest.TempPathFactory, rows: Any
) -> None:
    path = tmp_path_factory.mktemp("doubles") / "file.csv"
    path.write_text("id,title\n" + "".join(f"{key},T{value}\n" for key, value in rows))
    found = list(read_products(path, mapping=None, default_currency="USD"))
    latest = {row.product.external_id: row.product.title for row in found if isinstance(row, ParsedProduct)}
    assert latest == {key: f"T{value}" for key, value in rows}
    replaced = {row.row for row in found if isinstance(row, ReplacedRow)}
    last_rows = {key: number for number, (key, _) in enumerate(rows, 2)}
    assert replaced == set(range(2, len(rows) + 2)) - set(last_rows.values())
