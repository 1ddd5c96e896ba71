"""Real catalogs, where they are at hand: every row must go in."""

from pathlib import Path

import pytest

from server.catalog.formats import ParsedProduct, parse_mapping, read_products

SHARED = Path(__file__).parents[5] / "shared" / "eval"


@pytest.mark.parametrize(
    ("folder", "rules", "count", "priced"),
    [
        ("catalog_esci", [], 6764, 1990),
        pytest.param("catalog_electronics", [], 19406, 19406, marks=pytest.mark.exhaustive),
        ("catalog_electronics", ["price=price_cents/100"], 19406, 19406),
        ("retail_store", [], 50, 50),
    ],
)
def test_every_row_goes_in(folder: str, rules: list[str], count: int, priced: int) -> None:
    path = SHARED / folder / "products.jsonl.gz"
    if not path.exists():
        pytest.skip(f"{folder} is not beside the checkout")
    rows = list(read_products(path, mapping=parse_mapping(rules), default_currency="USD"))
    products = [row.product for row in rows if isinstance(row, ParsedProduct)]
    assert [row for row in rows if not isinstance(row, ParsedProduct)] == []
    assert len(products) == count
    assert sum(product.price is not None for product in products) == priced
    if folder == "catalog_electronics":
        cents = {product.external_id: product.price.amount for product in products[:1] if product.price}
        assert cents == {"1399": 12595}
        assert "C4872A" in products[0].identifiers
    if folder == "retail_store":
        assert all(variant.options and variant.price for product in products for variant in product.variants)
