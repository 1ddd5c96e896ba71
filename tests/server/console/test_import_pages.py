"""Before an import: the use of each column, the first rows, warnings, and nothing written until it is wanted."""

import gzip
from pathlib import Path

import httpx
import pytest

from server.catalog.preview import MAX_PREVIEW_BYTES, MAX_ROWS, preview_file
from server.console.import_page import mapping_of, rows_of, warnings_of
from tests.server.console.house import KnownThings, ShopUnderTest

pytestmark = pytest.mark.enable_socket

IMPORT = "/console/knowledge/import"
ODD = "Art;Kennung;Bezeichnung;Betrag cents;cost price;Stoff\n" + "".join(
    f"x;K-{number};Lampe {number};{'' if number > 7 else 1990};12;Messing\n" for number in range(52)
)


async def send(client: httpx.AsyncClient, shop: ShopUnderTest, text: str, name: str = "goods.csv") -> str:
    """Upload a file; the address of the look at it."""
    sent = await client.post(f"{IMPORT}", files={"file": (name, text, "text/csv")}, headers=shop.owner.form)
    assert sent.status_code == 303, sent.text
    return sent.headers["location"]


def test_warnings_name_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "goods.csv"
    path.write_text(ODD)
    mapping = {"id": "Kennung", "title": "Bezeichnung", "price": "Betrag cents/100"}
    preview = preview_file(path, mapping, "EUR")
    assert preview.problem == ""
    said = warnings_of(preview, "EUR")
    assert said[0] == "44 of 52 products have no price."
    assert "The file names no currency, so its prices are taken as EUR, the currency of Settings." in said
    assert "Not read, because shoppers must not see it: cost price." in said
    assert [row.price for row in rows_of(preview)] == ["€19.90"] * 5
    used = {column.name: column.target for column in preview.columns}
    assert (used["Kennung"], used["Betrag cents"], used["Stoff"], used["cost price"]) == ("id", "price", "", "private")
    assert preview.columns[5].example == "Messing"


def test_a_file_without_ids_says_so_and_still_shows_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "goods.csv"
    path.write_text("Bezeichnung;Stoff\nLampe;Messing\n")
    preview = preview_file(path, {}, "EUR")
    assert "no column looks like the id" in preview.problem
    assert [column.name for column in preview.columns] == ["Bezeichnung", "Stoff"]


def test_a_file_that_is_not_understood_is_named_before_it_is_imported(tmp_path: Path) -> None:
    path = tmp_path / "goods.csv"
    path.write_text("id;title;price;État\n1;Lampe;5,00;1\n2;Vase;6,00;0\n")
    assert "'État' (1, 0) looks as if it said which products are shown" in preview_file(path, {}, "EUR").problem
    preview = preview_file(path, {"status": "État"}, "EUR")
    assert (preview.problem, [product.external_id for product in preview.products]) == ("", ["1"])


def test_pages_of_handles_are_below_the_storefront(tmp_path: Path) -> None:
    path = tmp_path / "products_export.csv"
    path.write_text(
        "Handle,Title,Published,Option1 Name,Option1 Value,Variant Price,Status\n"
        "lamp,Lamp,true,Title,Default Title,5,active\n"
    )
    preview = preview_file(path, {}, "EUR", storefront_url="https://shop.example")
    assert (preview.takes_mapping, preview.lacks["url"]) == (False, 0)
    assert preview.products[0].url == "https://shop.example/products/lamp"


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("id,title,price\n", "{0},Shirt {0},1.00\n"),
        ("id,title,price,item_group_id\n", "{0},Shirt {0},1.00,g{0}\n"),
        ("id,title,price,parent\n", "{0},Shirt {0},1.00,\n"),
        ("", '{{"id": "{0}", "title": "Shirt {0}", "price": "1.00", "item_group_id": "g{0}"}}\n'),
    ],
)
def test_only_the_beginning_of_a_large_file_is_read(tmp_path: Path, header: str, row: str) -> None:
    path = tmp_path / "goods"
    path.write_text(header + "".join(row.format(number) for number in range(MAX_ROWS + 50)))
    preview = preview_file(path, {}, "EUR")
    assert (preview.problem, preview.rows, preview.is_whole) == ("", MAX_ROWS, False)


@pytest.mark.parametrize("column", ["group", "item_group_id", "parent"])
def test_a_packed_file_is_not_unpacked_as_a_whole_for_a_look(tmp_path: Path, column: str) -> None:
    path = tmp_path / "goods.csv.gz"
    row = f"1.00,{'very long ' * 10_000}\n"
    path.write_bytes(
        gzip.compress(
            f"id,title,{column},price,description\n".encode()
            + b"".join(f"{number},Shirt,,{row}".encode() for number in range(200)),
            compresslevel=1,
        )
    )
    preview = preview_file(path, {}, "EUR")
    assert (preview.problem, preview.is_whole) == ("", False)
    assert 0 < preview.rows <= MAX_PREVIEW_BYTES // len(row)


def test_other_currencies_wrong_rows_and_doubles_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "goods.csv"
    path.write_text("id,title,price,currency\na,A,1.00,GBP\na,A2,2.00,GBP\nb,,3.00,GBP\nc,C,dear,GBP\n")
    preview = preview_file(path, {}, "EUR")
    said = warnings_of(preview, "EUR")
    assert said[0] == "2 of 4 rows cannot be read and are left out; they are named below."
    assert "Prices are in GBP, and the currency of Settings is EUR." in said
    assert "1 rows have the id of a later row, which takes their place." in said
    assert [row.row for row in preview.bad] == [4, 5]


def test_two_columns_cannot_be_one_thing() -> None:
    columns = {"0": "a", "1": "b"}
    assert mapping_of({"column.0": "id", "column.1": "price/100"}, columns) == ({"id": "a", "price": "b/100"}, "")
    assert mapping_of({"column.0": "id", "column.1": "id"}, columns)[1] == "a and b cannot both be used as id."
    assert mapping_of({"column.0": "nonsense", "column.9": "id"}, columns) == ({}, "")


async def test_nothing_is_written_before_it_is_wanted(
    client: httpx.AsyncClient, shop: ShopUnderTest, known: KnownThings
) -> None:
    address = await send(client, shop, ODD, "lager <b>.csv")
    look = await client.get(address, headers=shop.owner.headers)
    assert "Import lager &lt;b&gt;.csv" in look.text
    assert "No column was recognised as the id." in look.text
    chosen = {"column.1": "id", "column.2": "title", "column.3": "price/100"}
    again = await client.get(address, params=chosen, headers=shop.owner.headers)
    assert "44 of 52 products have no price." in again.text
    assert "Lampe 0" in again.text
    twice = await client.post(address, data=chosen | {"column.5": "id"}, headers=shop.owner.form)
    assert twice.status_code == 422
    assert "cannot both be used as id" in twice.text
    assert await known.catalog.list_after(shop.id, "", 5) == []
    started = await client.post(address, data=chosen, headers=shop.owner.form)
    assert started.status_code == 303
    assert (await client.post(address, data=chosen, headers=shop.owner.form)).headers["location"] == (
        started.headers["location"]
    ), "a second click is the same job"
    async with shop.database.connection(shop.id) as connection:
        jobs = await connection.fetch("SELECT payload -> 'mapping' AS mapping FROM job WHERE shop_id = $1", shop.id)
    assert [row["mapping"] for row in jobs] == [
        '{"id": "Kennung", "price": "Betrag cents/100", "title": "Bezeichnung"}'
    ]


async def test_what_is_no_catalog_is_refused_in_words(client: httpx.AsyncClient, shop: ShopUnderTest) -> None:
    address = await send(client, shop, "<!doctype html><html><p>Hello</p></html>", "page.html")
    look = await client.get(address, headers=shop.owner.headers)
    assert look.status_code == 200
    assert "This is a web page, not a product file" in look.text
    assert ">Import</button>" not in look.text


async def test_another_shops_file_is_not_there(
    client: httpx.AsyncClient, shop: ShopUnderTest, other: ShopUnderTest
) -> None:
    address = await send(client, shop, ODD)
    assert (await client.get(address, headers=other.owner.headers)).status_code == 404
    assert (await client.post(address, data={}, headers=other.owner.form)).status_code == 404
    assert (await client.get(address, headers=shop.agent.headers)).status_code == 403
    assert (await client.post(address, data={}, headers=shop.agent.form)).status_code == 403
    assert (await client.get(f"{IMPORT}/nonsense", headers=shop.owner.headers)).status_code == 404


async def test_a_forgotten_file_is_deleted_after_a_day(client: httpx.AsyncClient, shop: ShopUnderTest) -> None:
    address = await send(client, shop, ODD)
    async with shop.database.connection(shop.id) as connection:
        await connection.execute(
            "UPDATE upload SET created_at = now() - interval '25 hours' WHERE shop_id = $1", shop.id
        )
    await send(client, shop, ODD)
    assert (await client.get(address, headers=shop.owner.headers)).status_code == 404
