"""Reading small files in one line."""

from collections.abc import Callable
from datetime import UTC, tzinfo
from pathlib import Path

import pytest

from server.catalog.formats import BadRow, ParsedProduct, Row, read_products

PAYLOADS = Path(__file__).parents[3] / "payloads" / "imports"


class Reading:
    """All rows of a file, sorted by what became of them."""

    def __init__(self, rows: list[Row]) -> None:
        self.rows = rows
        self.products = {row.product.external_id: row.product for row in rows if isinstance(row, ParsedProduct)}
        self.problems = [row for row in rows if isinstance(row, BadRow)]

    def reasons(self) -> dict[int, str]:
        return {problem.row: problem.reason for problem in self.problems}


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Reading]:
    """Reads a payload by name, or bytes or text given as they are."""

    def read(
        content: str | bytes,
        mapping: dict[str, str] | None = None,
        currency: str = "USD",
        zone: tzinfo = UTC,
        storefront_url: str | None = None,
    ) -> Reading:
        if isinstance(content, str) and len(content) < 50 and (PAYLOADS / content).is_file():
            path = PAYLOADS / content
        else:
            path = tmp_path / "file"
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        rows = read_products(path, mapping=mapping, default_currency=currency, zone=zone, storefront_url=storefront_url)
        return Reading(list(rows))

    return read
