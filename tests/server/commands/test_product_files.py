"""`aisle import products` on files as shops have them: stopped before a write, drafts skipped, old products pruned."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.commands import Completed
from tests.installation import Installation, ShopAccess

Import = Callable[..., Completed]


@pytest.fixture
def shop(installation: Installation) -> ShopAccess:
    return installation.create_shop("Files & Co")


@pytest.fixture
def bring(installation: Installation, shop: ShopAccess, tmp_path: Path) -> Import:
    def bring(text: str, *options: str, stdin: str = "") -> Completed:
        path = tmp_path / "products.csv"
        path.write_text(text)
        return installation.aisle("import", "products", str(path), "--shop", shop.shop_id, *options, stdin=stdin)

    return bring


def kept(installation: Installation, shop: ShopAccess) -> dict[str, Any]:
    with installation.merchant(shop) as merchant:
        return {product["id"]: product for product in merchant.get("/v1/products").json()["data"]}


def test_nothing_is_written_of_a_file_that_is_not_understood(
    installation: Installation, shop: ShopAccess, bring: Import
) -> None:
    done = bring("id,title,Ladenpreis\n1,Cup,9.99\n")
    assert done.returncode == 1
    assert "nothing was imported: 1 of 1 products have no price, and 'Ladenpreis' (9.99) looks like one" in done.stderr
    assert kept(installation, shop) == {}
    assert bring("id,title,Ladenpreis\n1,Cup,9.99\n", "--map", "price=Ladenpreis").returncode == 0
    assert kept(installation, shop)["1"]["price"] == {"amount": 999, "currency": "USD"}


def test_drafts_are_skipped_counted_and_taken_out(installation: Installation, shop: ShopAccess, bring: Import) -> None:
    text = "id,title,price,status\n1,Cup,5,active\n2,Mug,6,active\n"
    assert "2 created, 0 updated, 0 unchanged, 0 failed" in bring(text).stdout
    done = bring(text.replace("6,active", "6,draft"), "--json")
    result = json.loads(done.stdout)
    assert (result["unchanged"], result["removed"], result["failed"]) == (1, 1, [])
    assert result["skipped"] == [{"row": 3, "reason": "is not published (status draft)"}]
    assert kept(installation, shop).keys() == {"1"}


def test_pruning_shows_first_and_takes_out_what_is_agreed_to(
    installation: Installation, shop: ShopAccess, bring: Import
) -> None:
    header = "id,title,price\n"
    with installation.merchant(shop) as merchant:
        sent = {"products": [{"id": "by-api", "title": "Sent by the API"}]}
        merchant.post("/v1/products", json=sent).raise_for_status()
    bring(header + "1,Cup,5\n2,Mug,6\n3,Jar,7\n")
    refused = bring(header + "1,Cup,5\n2,Mug,call us\n", "--prune", "--yes")
    assert "nothing was pruned: 1 rows could not be read" in refused.stderr
    asked = bring(header + "1,Cup,5\n", "--prune", stdin="n\n")
    assert "2 products are no longer in the file" in asked.stderr
    assert "3: Jar" in asked.stderr
    assert kept(installation, shop).keys() == {"1", "2", "3", "by-api"}
    pruned = bring(header + "1,Cup,5\n", "--prune", "--yes")
    assert "1 unchanged, 2 removed, 0 failed" in pruned.stdout
    assert kept(installation, shop).keys() == {"1", "by-api"}
