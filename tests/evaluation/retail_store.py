"""The evaluation kit's made-up store as a demo folder, so that `load_store` and `DemoPlatform` can serve it.

The kit tells no dates, so orders are placed one a day, the last of the file yesterday. Its four words for a
status keep their meaning: pending, processed, delivered, cancelled.
"""

import gzip
import json
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

STATUSES = {"pending": "pending", "processed": "processing", "delivered": "delivered", "cancelled": "cancelled"}

Record = dict[str, Any]


def convert(source: Path, target: Path) -> Path:
    """Write `shop.json`, `products.jsonl`, `orders.jsonl` and `policies/` into `target` and return it.

    Raises FileNotFoundError when `source` is not the kit's `retail_store`, KeyError for an unknown status.
    """
    users = {each["user_id"]: each for each in _rows(source / "users.jsonl.gz")}
    products = [_product(each) for each in _rows(source / "products.jsonl.gz")]
    raw_orders = list(_rows(source / "orders.jsonl.gz"))
    orders = [_order(each, users[each["user_id"]], at - len(raw_orders)) for at, each in enumerate(raw_orders)]
    (target / "policies").mkdir(parents=True, exist_ok=True)
    (target / "shop.json").write_text(json.dumps({"name": "Retail store", "currency": "USD"}), encoding="utf-8")
    _write(target / "products.jsonl", products)
    _write(target / "orders.jsonl", orders)
    shutil.copyfile(source / "policy.md", target / "policies" / "store-policy.md")
    return target


def _rows(path: Path) -> Iterator[Record]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines)


def _write(path: Path, records: list[Record]) -> None:
    path.write_text("".join(json.dumps(each, ensure_ascii=False) + "\n" for each in records), encoding="utf-8")


def _amount(value: float) -> str:
    return f"{Decimal(str(value)):.2f}"


def _product(raw: Record) -> Record:
    variants = [
        {
            "sku": each["item_id"],
            "price": _amount(each["price"]),
            "available": each["available"],
            "options": each["options"],
        }
        for each in raw["variants"].values()
    ]
    return {"id": raw["product_id"], "title": raw["name"], "variants": variants}


def _order(raw: Record, user: Record, placed: int) -> Record:
    address = {
        "name": _name(user),
        "line1": raw["address"]["address1"],
        "city": raw["address"]["city"],
        "postcode": raw["address"]["zip"],
        "country": raw["address"]["country"],
    }
    return {
        "number": raw["order_id"].lstrip("#"),
        "status": STATUSES[raw["status"]],
        "placed": placed,
        "email": user["email"],
        "customer_id": user["user_id"],
        "customer_name": _name(user),
        # the store knows its customers by the zip of their profile, not of one parcel
        "billing_postcode": user["address"]["zip"],
        "items": [_item(each) for each in raw["items"]],
        "total": _amount(
            sum(each["amount"] for each in raw["payment_history"] if each["transaction_type"] == "payment")
        ),
        "ship_to": address,
        "shipments": [_shipment(each, raw) for each in raw["fulfillments"]],
        "refunds": [{"on": placed, "amount": _amount(each)} for each in _payments(raw, "refund")],
        "cancelled": placed if raw["status"] == "cancelled" else None,
    }


def _payments(raw: Record, kind: str) -> list[float]:
    return [each["amount"] for each in raw["payment_history"] if each["transaction_type"] == kind]


def _name(user: Record) -> str:
    return f"{user['name']['first_name']} {user['name']['last_name']}"


def _item(raw: Record) -> Record:
    return {
        "title": raw["name"],
        "variant": " / ".join(raw["options"].values()) or None,
        "sku": raw["item_id"],
        "price": _amount(raw["price"]),
    }


def _shipment(raw: Record, order: Record) -> Record:
    inside = [at for at, each in enumerate(order["items"]) if each["item_id"] in raw["item_ids"]]
    tracking = [{"number": number} for number in raw["tracking_id"]]
    return {"status": STATUSES[order["status"]], "tracking": tracking, "items": inside}
