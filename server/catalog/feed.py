"""A connected feed's file as catalog items: the formats of an import, said in the words of a platform."""

from collections.abc import Iterator
from pathlib import Path

from integrations.platform import CatalogItem, RefusedProduct, RemovedProduct
from server.catalog.formats import BadRow, ParsedProduct, ReplacedRow, UnreadableFile, read_products
from server.catalog.formats.row_result import SkippedRow


def read_feed(path: Path, currency: str) -> Iterator[CatalogItem]:
    """The products of a feed; rows that are none are refused by their number. Raises ValueError when the file cannot
    be read."""
    try:
        for row in read_products(path, mapping=None, default_currency=currency):
            match row:
                case ParsedProduct(product=product):
                    yield product
                case SkippedRow(external_id=external_id) if external_id:
                    yield RemovedProduct(external_id)
                case ReplacedRow():
                    pass
                case BadRow(row=number, reason=reason):
                    yield RefusedProduct(external_id=f"row {number}", title="", reason=reason)
    except UnreadableFile as reason:
        raise ValueError(str(reason)) from None
