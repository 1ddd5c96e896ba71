"""An import that has not understood its file stops before the first row, and says what would mend it."""

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from server.catalog.formats import ParsedProduct, Row, UnreadableFile, parse_mapping, read_understood_products

Guarded = Callable[..., list[Row]]


@pytest.fixture
def guarded(tmp_path: Path) -> Guarded:
    def read(text: str, *rules: str) -> list[Row]:
        path = tmp_path / "file"
        path.write_text(text)
        return list(read_understood_products(path, mapping=parse_mapping(rules), default_currency="EUR"))

    return read


def table(*columns: tuple[str, list[object]]) -> str:
    header = ";".join(name for name, _ in columns)
    return header + "\n" + "".join(";".join(map(str, row)) + "\n" for row in zip(*(c for _, c in columns), strict=True))


IDS: tuple[tuple[str, list[object]], ...] = (("id", [1, 2, 3, 4]), ("title", ["Cup", "Mug", "Jar", "Tin"]))
PRICE: tuple[str, list[object]] = ("price", [5, 6, 7, 8])


@pytest.mark.parametrize(
    "column",
    [
        "Ladenpreis EUR brutto",
        "Prix boutique",
        "Precio tienda online",
        "Kassenpreis",
        "定価 価格",
        "Our price today",
        "Prezzo al dettaglio",
        "Summe",
    ],
)
def test_a_price_that_nothing_reads_stops_the_import(guarded: Guarded, column: str) -> None:
    text = table(*IDS, (column, ["12,50", "9,90", "1.299,00", "3,00"]))
    with pytest.raises(UnreadableFile) as stopped:
        guarded(text)
    assert "4 of 4 products have no price" in str(stopped.value)
    assert "12,50" in str(stopped.value)
    rows = guarded(text, rule_in(str(stopped.value)))
    assert [row.product.price and row.product.price.amount for row in rows if isinstance(row, ParsedProduct)] == [
        1250,
        990,
        129900,
        300,
    ]


def rule_in(message: str) -> str:
    """The first `--map` that a message proposes."""
    _, _, rest = message.partition("--map ")
    return shlex.split(rest.replace(";", " ").replace(",", " "))[0]


def test_prices_of_most_rows_missing_are_told(guarded: Guarded) -> None:
    text = table(*IDS, ("colour", ["red"] * 4))
    with pytest.raises(UnreadableFile, match="4 of 4 products have no price; the columns are id, title, colour"):
        guarded(text)
    assert len(guarded(text, "price==none")) == 4
    assert len(guarded(table(*IDS, PRICE, ("colour", ["red"] * 4)))) == 4
    some = table(*IDS, ("price", [5, "", "", ""]), ("colour", ["red"] * 4))
    assert len(guarded(some)) == 4  # the column is understood; the file has no more


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        ("Im Shop sichtbar", ["ja", "nein", "ja", "ja"]),
        ("Active in webshop", [1, 0, 1, 1]),
        ("Statut boutique visible", ["oui", "non", "oui", "oui"]),
        ("Webshop online", ["Y", "N", "Y", "Y"]),
        ("Viditelnost na webu", ["ano", "ne", "ano", "ano"]),
        ("Publicado web", ["sí", "no", "sí", "sí"]),
        ("État", [1, 0, 1, 1]),
        ("Durum", ["Aktif", "Pasif", "Aktif", "Aktif"]),
        ("Stato", ["attivo", "bozza", "attivo", "attivo"]),
        ("الحالة", ["منشور", "مسودة", "منشور", "منشور"]),
    ],
)
def test_a_visibility_that_nothing_reads_stops_the_import(guarded: Guarded, column: str, cells: list[object]) -> None:
    text = table(*IDS, PRICE, (column, cells))
    with pytest.raises(UnreadableFile, match="which products are shown") as stopped:
        guarded(text)
    rows = guarded(text, rule_in(str(stopped.value)))
    assert [row.product.external_id for row in rows if isinstance(row, ParsedProduct)] == ["1", "3", "4"]
    assert sum(isinstance(row, ParsedProduct) for row in guarded(text, "status==public")) == 4


def test_a_visibility_of_unknown_words_only_stops_the_import(guarded: Guarded) -> None:
    text = table(*IDS, PRICE, ("status", ["A", "B", "A", "A"]))
    with pytest.raises(UnreadableFile, match=r"no cell of 'status' \(A, B\) is known to mean"):
        guarded(text)
    assert sum(isinstance(row, ParsedProduct) for row in guarded(text, "status==public")) == 4


@pytest.mark.parametrize(
    "column", ["Vater Nummer", "Artikel père", "Parent article code", "Родитель", "Prodotto padre n"]
)
def test_a_parent_that_nothing_reads_stops_the_import(guarded: Guarded, column: str) -> None:
    text = table(*IDS, PRICE, (column, ["", 1, 1, ""]))
    with pytest.raises(UnreadableFile, match="looks like the parent of variants") as stopped:
        guarded(text)
    rows = guarded(text, rule_in(str(stopped.value)))
    variants = {row.product.external_id: len(row.product.variants) for row in rows if isinstance(row, ParsedProduct)}
    assert variants == {"1": 2, "4": 0}


@pytest.mark.parametrize(
    "column", ["Lagerbestand Zentrale", "Stock magasin", "Qty warehouse 1", "Voorraad winkel", "在庫 数"]
)
def test_a_stock_that_nothing_reads_stops_the_import(guarded: Guarded, column: str) -> None:
    text = table(*IDS, PRICE, (column, [3, 0, 1, 9]))
    with pytest.raises(UnreadableFile, match="looks like the stock") as stopped:
        guarded(text)
    rows = guarded(text, rule_in(str(stopped.value)))
    assert [row.product.available for row in rows if isinstance(row, ParsedProduct)] == [True, False, True, True]


@pytest.mark.parametrize(
    "columns",
    [
        [PRICE, ("availability", ["in stock"] * 4), ("price per litre", ["1,20"] * 4)],
        [PRICE, ("status", ["active"] * 4), ("Online only", ["yes"] * 4)],
        [PRICE, ("État", ["neuf", "occasion", "neuf", "neuf"]), ("Zustand", ["neu"] * 4)],
        [PRICE, ("supplier price", ["1,20"] * 4)],
        [PRICE, ("colour", ["red"] * 4), ("weight", ["1.20"] * 4)],
        [],
    ],
)
def test_what_is_understood_goes_in(guarded: Guarded, columns: list[tuple[str, list[object]]]) -> None:
    assert len(guarded(table(*IDS, *columns))) == 4


def test_net_prices_alone_are_asked_about(guarded: Guarded) -> None:
    text = "Product ID;Active (0/1);Name *;Categories (x,y,z...);Price tax excluded\n5;1;Book;Paper;10.00\n"
    with pytest.raises(UnreadableFile, match=r"'Price tax excluded' \(10.00\) looks like one") as stopped:
        guarded(text)
    (row,) = guarded(text, rule_in(str(stopped.value)))
    assert isinstance(row, ParsedProduct)
    assert row.product.price
    assert row.product.price.amount == 1000


def test_a_large_file_is_judged_by_its_first_rows(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    path.write_text("id,title,Shop-Preis\n" + "".join(f"{n},Thing {n},5.00\n" for n in range(2_000)))
    rows = read_understood_products(path, mapping=None, default_currency="EUR")
    with pytest.raises(UnreadableFile, match="500 of 500 products have no price"):
        next(rows)
