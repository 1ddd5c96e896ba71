"""A demo shop out of a folder: `shop.json`, `products.jsonl`, `policies/*.md`, `orders.jsonl`."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from integrations.demo.mapping import to_order, to_product
from integrations.demo.records import OrderRecord, PictureRecord, ProductRecord, ShopRecord
from integrations.platform import Order, PlatformError, PolicyPage, Product, normalise_order_number

PACKAGED_FOLDER = Path(__file__).parent / "data"

R = TypeVar("R", bound=Struct)
T = TypeVar("T")


class DemoDataError(PlatformError):
    """A file of the folder is missing or wrong; the message names file, line and reason."""


class DemoStore(Struct, frozen=True, kw_only=True):
    """Everything a demo shop knows. Orders stay records, because their dates depend on the day they are read."""

    shop: ShopRecord
    products: tuple[Product, ...]
    pictures: dict[str, PictureRecord]
    policies: tuple[PolicyPage, ...]
    orders: dict[str, OrderRecord]
    """By normalised number."""

    def find_product(self, external_id: str) -> Product | None:
        """The product, or None."""
        return next((each for each in self.products if each.external_id == external_id), None)

    def find_policy(self, slug: str) -> PolicyPage | None:
        """The policy page, or None."""
        return next((each for each in self.policies if each.external_id == slug), None)

    def find_order(self, number: str, now: datetime) -> Order | None:
        """The order whose number is the same after `normalise_order_number`, dated relative to `now`."""
        record = self.orders.get(normalise_order_number(number))
        return to_order(record, self.shop.currency, now) if record else None

    def customer_orders(self, customer_id: str, now: datetime) -> list[Order]:
        """All orders of a customer, newest first."""
        theirs = [each for each in self.orders.values() if each.customer_id == customer_id]
        dated = [to_order(each, self.shop.currency, now) for each in theirs]
        return sorted(dated, key=lambda order: order.placed_at, reverse=True)


def load_store(folder: Path | None = None, base_url: str = "") -> DemoStore:
    """Read the folder (default: the packaged shop). Links to products and policies start with `base_url`.

    Raises DemoDataError naming the file, the line and what is wrong with it. `shop.json`, `policies` and
    `orders.jsonl` may be missing, `products.jsonl` may not.
    """
    source = folder or PACKAGED_FOLDER
    base = base_url.rstrip("/")
    shop = _read_shop(source / "shop.json")
    now = datetime.now(UTC)
    products = _read_lines(source / "products.jsonl", ProductRecord, lambda each: to_product(each, shop.currency, base))
    if not products:
        raise DemoDataError("products.jsonl is missing or empty: a demo shop needs products")
    orders = _read_lines(source / "orders.jsonl", OrderRecord, lambda each: to_order(each, shop.currency, now))
    return DemoStore(
        shop=shop,
        products=tuple(product for _, product in products),
        pictures={record.id: record.picture for record, _ in products if record.picture},
        policies=tuple(_read_policy(path, base) for path in sorted((source / "policies").glob("*.md"))),
        orders=_by_number([record for record, _ in orders]),
    )


def _by_number(records: list[OrderRecord]) -> dict[str, OrderRecord]:
    found: dict[str, OrderRecord] = {}
    for record in records:
        number = normalise_order_number(record.number)
        if number in found:
            raise DemoDataError(f"orders.jsonl: two orders are numbered {number}")
        found[number] = record
    return found


def _read_shop(path: Path) -> ShopRecord:
    if not path.exists():
        return ShopRecord()
    try:
        return msgspec.json.decode(path.read_bytes(), type=ShopRecord)
    except msgspec.MsgspecError as error:
        raise DemoDataError(f"{path.name}: {error}") from error


def _read_lines(path: Path, kind: type[R], build: Callable[[R], T]) -> list[tuple[R, T]]:
    """Each line's record and what it builds: building at once finds a wrong price or status at its line."""
    lines = path.read_bytes().splitlines() if path.exists() else []
    decoder = msgspec.json.Decoder(kind)
    found: list[tuple[R, T]] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = decoder.decode(line)
            found.append((record, build(record)))
        except (msgspec.MsgspecError, ValueError, IndexError) as error:
            raise DemoDataError(f"{path.name} line {number}: {error}") from error
    return found


def _read_policy(path: Path, base_url: str) -> PolicyPage:
    """The first `# ` heading is the title; a number before the first dash of the file name only orders them."""
    body = path.read_text(encoding="utf-8")
    first, _, _ = body.partition("\n")
    slug = path.stem.split("-", 1)[1] if path.stem[:1].isdigit() else path.stem
    if not first.startswith("# "):
        raise DemoDataError(f"{path.name} line 1: a policy begins with its title, like '# Shipping'")
    return PolicyPage(
        external_id=slug,
        title=first.removeprefix("# ").strip(),
        body=body,
        url=f"{base_url}/demo/policies/{slug}",
    )
