"""The shop's state, and changes to it as staff and shoppers make them; every change queues the webhooks it causes."""

import hashlib
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from server.embedded.standins.woocommerce import samples
from server.embedded.standins.woocommerce.samples import Body

EPOCH = 1_790_000_000


ORDER_STATUSES = {
    "pending": "Pending payment",
    "processing": "Processing",
    "on-hold": "On hold",
    "completed": "Completed",
    "cancelled": "Cancelled",
    "refunded": "Refunded",
    "failed": "Failed",
}
"""The core's statuses by slug, with the names that the admin shows; a plugin adds its own."""


class Failure(msgspec.Struct):
    """How the shop fails: see `failures.py`. `times` None is for ever; `path` is a part of the request's path."""

    mode: str
    times: int | None = None
    path: str = ""
    seconds: float = 0.0


class Webhook(msgspec.Struct):
    """A webhook as WooCommerce stores it. The API never shows `secret`."""

    id: int
    name: str
    topic: str
    delivery_url: str
    secret: str
    status: str = "active"
    failure_count: int = 0


class Store:
    """One shop. `now` gives Unix seconds; its local time is `utc_offset_h` ahead of UTC."""

    def __init__(self, *, now: Callable[[], float] = time.time, utc_offset_h: int = 2) -> None:
        self.now, self.utc_offset_h = now, utc_offset_h
        self.url = "http://127.0.0.1"
        self.name, self.currency = "Northwind Paper &amp; Ink", "USD"
        self.behind_https = False
        self.has_fulfillments = False
        self.has_variations_list = True
        self.has_plain_permalinks = False
        self.failure: Failure | None = None
        self.keys: dict[str, tuple[str, str]] = {"ck_" + "a" * 40: ("cs_" + "b" * 40, "read_write")}
        self.products: dict[int, Body] = {}
        self.variations: dict[int, dict[int, Body]] = {}
        self.orders: dict[int, Body] = {}
        self.refunds: dict[int, list[Body]] = {}
        self.notes: dict[int, list[Body]] = {}
        self.fulfillments: dict[int, list[Body]] = {}
        self.pages: dict[int, Body] = {}
        self.order_statuses = dict(ORDER_STATUSES)
        self.settings: dict[str, str] = {
            "woocommerce_terms_page_id": "",
            "woocommerce_calc_taxes": "no",
            "woocommerce_prices_include_tax": "no",
            "woocommerce_tax_display_shop": "excl",
            "woocommerce_price_display_suffix": "",
        }
        self.tax_rate = Decimal(19)
        self.hides_sold_out = False
        self.drops_authorization = False
        self.is_rest_closed_to_guests = False
        self.most_per_page, self.sends_paging_headers = 100, True
        self.webhooks: dict[int, Webhook] = {}
        self.queue: list[tuple[int, str, int]] = []
        self.used_nonces: set[str] = set()
        self._last_id = 1000

    @property
    def key(self) -> tuple[str, str]:
        """The first key and its secret."""
        return next((key, secret) for key, (secret, _) in self.keys.items())

    def new_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def add_product(self, **changes: Any) -> Body:
        body = samples.product(self.new_id(), self.url, **changes)
        self.products[body["id"]] = body
        self._touch(body, is_new=True)
        self.enqueue_webhooks("product.created", body["id"])
        return body

    def add_variable(self, colours: tuple[str, ...] = ("Red", "Green", "Blue"), **changes: Any) -> Body:
        """A variable product with a variation per colour; the n-th costs n more."""
        body = self.add_product(type="variable", regular_price="", price="12.00", **changes)
        body["attributes"] = [{"id": 0, "name": "Colour", "visible": True, "variation": True, "options": list(colours)}]
        for index, colour in enumerate(colours):
            made = samples.variation(self.new_id(), body, colour, f"{12 + index}.00")
            self._touch(made, is_new=True)
            self.variations.setdefault(body["id"], {})[made["id"]] = made
        body["variations"] = list(self.variations.get(body["id"], {}))
        return body

    def change_product(self, product_id: int, **changes: Any) -> None:
        """Also of a variation, whose parent keeps its date."""
        body = self.find_product(product_id)
        assert body is not None
        body.update(changes)
        self._touch(body)
        self.enqueue_webhooks("product.updated", product_id)

    def trash_product(self, product_id: int) -> None:
        self.products[product_id]["status"] = "trash"
        self._touch(self.products[product_id])
        self.enqueue_webhooks("product.deleted", product_id)

    def delete_product(self, product_id: int) -> None:
        """For good, which is no event of the product's own topics."""
        self.products.pop(product_id)
        self.variations.pop(product_id, None)
        self.enqueue_webhooks("action.woocommerce_delete_product", product_id)

    def delete_variation(self, variation_id: int) -> None:
        """For good, as the form of a product in the admin does it."""
        for parent_id, inner in self.variations.items():
            if inner.pop(variation_id, None):
                self.products[parent_id]["variations"] = list(inner)
        self.enqueue_webhooks("action.woocommerce_delete_product_variation", variation_id)

    def find_product(self, product_id: int) -> Body | None:
        inner = (each[product_id] for each in self.variations.values() if product_id in each)
        return self.products.get(product_id) or next(inner, None)

    def add_order(self, **changes: Any) -> Body:
        body = samples.order(self.new_id(), **changes)
        self.orders[body["id"]] = body
        self._touch(body, is_new=True)
        self.enqueue_webhooks("order.created", body["id"])
        return body

    def change_order(self, order_id: int, **changes: Any) -> None:
        self.orders[order_id].update(changes)
        self._touch(self.orders[order_id])
        self.enqueue_webhooks("order.updated", order_id)

    def delete_order(self, order_id: int) -> None:
        self.orders.pop(order_id)
        self.enqueue_webhooks("order.deleted", order_id)

    def refund(self, order_id: int, amount: str, lines: dict[int, int] | None = None) -> None:
        """Gives money back for `lines` (line item id -> pieces); the order stays as it is unless all is given back."""
        order = self.orders[order_id]
        names = {item["id"]: item["name"] for item in order["line_items"]}
        refund_id = self.new_id()
        body: Body = {
            "id": refund_id,
            "amount": amount,
            "reason": "",
            "line_items": [
                {"id": self.new_id(), "name": names[line], "quantity": -pieces,
                 "meta_data": [{"id": 1, "key": "_refunded_item_id", "value": str(line)}]}
                for line, pieces in (lines or {}).items()
            ],
        }  # fmt: skip
        self._touch(body, is_new=True)
        self.refunds.setdefault(order_id, []).append(body)
        order["refunds"] = [*order["refunds"], {"id": refund_id, "reason": "", "total": f"-{amount}"}]
        self.change_order(order_id, **({"status": "refunded"} if amount == order["total"] else {}))

    def add_note(self, order_id: int, text: str, *, to_customer: bool) -> None:
        """Notes cause no webhook."""
        made = {"id": self.new_id(), "author": "system", "note": text, "customer_note": to_customer}
        self.notes.setdefault(order_id, []).append(made)

    def add_fulfillment(self, order_id: int, *, number: str, provider: str, url: str, items: dict[int, int]) -> None:
        facts = {"_tracking_number": number, "_shipment_provider": provider, "_tracking_url": url,
                "_items": [{"item_id": item, "qty": quantity} for item, quantity in items.items()]}  # fmt: skip
        meta = [{"id": index, "key": key, "value": value} for index, (key, value) in enumerate(facts.items())]
        made = {"id": self.new_id(), "status": "fulfilled", "is_fulfilled": "1", "meta_data": meta}
        self.fulfillments.setdefault(order_id, []).append(made)

    def add_page(self, slug: str, title: str, html: str, **changes: Any) -> Body:
        body = samples.page(self.new_id(), slug, title, html, self.url, **changes)
        self.pages[body["id"]] = body
        return body

    def add_key(self, permissions: str = "read_write") -> tuple[str, str]:
        number = self.new_id()
        key = "ck_" + hashlib.sha1(f"k{number}".encode()).hexdigest()
        self.keys[key] = ("cs_" + hashlib.sha1(f"s{number}".encode()).hexdigest(), permissions)
        return key, self.keys[key][0]

    def fill(self, count: int) -> None:
        """`count` products with three variations each."""
        for _ in range(count):
            self.add_variable()

    def enqueue_webhooks(self, topic: str, subject: int) -> None:
        """Queue a delivery to each webhook of this topic, unless the same one waits already."""
        for webhook in self.webhooks.values():
            entry = (webhook.id, topic, subject)
            if webhook.topic == topic and webhook.status == "active" and entry not in self.queue:
                self.queue.append(entry)

    def local(self, gmt: str) -> str:
        return (datetime.fromisoformat(gmt) + timedelta(hours=self.utc_offset_h)).isoformat()

    def _touch(self, body: Body, *, is_new: bool = False) -> None:
        gmt = datetime.fromtimestamp(int(self.now()), UTC).replace(tzinfo=None).isoformat()
        body |= {"date_modified_gmt": gmt, "date_modified": self.local(gmt)}
        if is_new:
            body |= {"date_created_gmt": gmt, "date_created": self.local(gmt)}
