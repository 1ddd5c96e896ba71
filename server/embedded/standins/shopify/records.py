"""Products and orders as Shopify would hold them: one call with what matters to a test, everything else filled in."""

from typing import Any

from server.embedded.standins.shopify.nodes import Many, Some

STORE_URL = "https://store.example"


def money(amount: str, currency: str = "USD") -> dict[str, Any]:
    """A MoneyBag whose shop currency is always USD."""
    return {
        "presentmentMoney": {"amount": amount, "currencyCode": currency},
        "shopMoney": {"amount": amount, "currencyCode": "USD"},
    }


def variant(number: int, **facts: Any) -> dict[str, Any]:
    """One variant; `options` as {name: value}, `tracked` whether stock is counted."""
    options = facts.pop("options", {"Title": "Default Title"})
    return {
        "id": f"gid://shopify/ProductVariant/{number}",
        "legacyResourceId": str(number),
        "title": " / ".join(options.values()),
        "sku": f"SKU-{number}",
        "barcode": None,
        "price": "10.00",
        "compareAtPrice": None,
        "availableForSale": True,
        "inventoryPolicy": "DENY",
        "inventoryQuantity": 5,
        "inventoryItem": {
            "id": f"gid://shopify/InventoryItem/{number + 7_000_000}",
            "tracked": facts.pop("tracked", True),
        },
        "selectedOptions": [{"name": name, "value": value} for name, value in options.items()],
        **facts,
    }


def product(number: int, variants: list[dict[str, Any]] | None = None, **facts: Any) -> dict[str, Any]:
    """One product; `collections` are titles."""
    titles = facts.pop("collections", [])
    currency = facts.pop("currency", "USD")
    handle = facts.pop("handle", f"product-{number}")
    kept = variants if variants is not None else [variant(number * 100)]
    made: dict[str, Any] = {
        "id": f"gid://shopify/Product/{number}",
        "legacyResourceId": str(number),
        "title": f"Product {number}",
        "descriptionHtml": f"<p>About product {number}.</p>",
        "vendor": "Northwind",
        "productType": "Things",
        "tags": [],
        "status": "ACTIVE",
        "onlineStoreUrl": f"{STORE_URL}/products/{handle}",
        "updatedAt": "2026-11-01T10:00:00Z",
        "isGiftCard": False,
        "category": None,
        "featuredMedia": {
            "__typename": "MediaImage",
            "preview": {"image": {"url": f"https://cdn.example/{handle}.jpg"}},
        },
        "priceRangeV2": {"minVariantPrice": {"amount": "10.0", "currencyCode": currency}},
        "collections": Many(
            [{"id": f"gid://shopify/Collection/{sum(map(ord, title))}", "title": title} for title in titles]
        ),
        "variants": Many(kept),
        **facts,
    }
    for place, each in enumerate(kept, start=1):
        each["product"] = made
        each["position"] = place
        each["inventoryItem"]["variants"] = Many([each])
    return made


def generated(number: int, variants: int = 3) -> dict[str, Any]:
    """One of a large catalog: sizes, prices and stock that differ."""
    sizes = ("Small", "Medium", "Large", *(f"Size {n}" for n in range(4, variants + 1)))
    kept = [
        variant(
            number * 100 + n,
            options={"Size": size},
            price=f"{5 + (number * 7 + n) % 95}.{number % 100:02d}",
            inventoryQuantity=(number + n) % 9,
            availableForSale=(number + n) % 9 > 0,
        )
        for n, size in enumerate(sizes[:variants])
    ]
    return product(number, kept, title=f"Thing {number}", collections=["Home page", f"Range {number % 5}"])


def line(number: int, title: str, quantity: int = 1, **facts: Any) -> dict[str, Any]:
    """One order line."""
    return {
        "id": f"gid://shopify/LineItem/{number}",
        "title": title,
        "variantTitle": None,
        "sku": f"SKU-{number}",
        "quantity": quantity,
        "currentQuantity": quantity,
        "originalUnitPriceSet": money("10.00"),
        **facts,
    }


def parcel(display_status: str | None, parts: list[tuple[dict[str, Any], int]], **facts: Any) -> dict[str, Any]:
    """One fulfilment; `tracking` is a list of (company, number, url)."""
    tracking = facts.pop("tracking", [])
    return {
        "status": "SUCCESS",
        "displayStatus": display_status,
        "createdAt": "2026-11-02T09:00:00Z",
        "inTransitAt": None,
        "deliveredAt": None,
        "estimatedDeliveryAt": None,
        "trackingInfo": Some([{"company": c, "number": n, "url": u} for c, n, u in tracking]),
        "fulfillmentLineItems": Many([{"quantity": count, "lineItem": each} for each, count in parts]),
        **facts,
    }


def refund(amount: str, parts: list[tuple[dict[str, Any], int]], currency: str = "USD") -> dict[str, Any]:
    """Money given back."""
    return {
        "createdAt": "2026-11-05T09:00:00Z",
        "processedAt": "2026-11-05T09:00:00Z",
        "totalRefundedSet": money(amount, currency),
        "refundLineItems": Many([{"quantity": count, "lineItem": each} for each, count in parts]),
    }


def plan(status: str, parts: list[tuple[dict[str, Any], int]], **facts: Any) -> dict[str, Any]:
    """A fulfilment order; `promised` is checkout's latest day."""
    promised = facts.pop("promised", None)
    return {
        "status": status,
        "fulfillAt": None,
        "deliveryMethod": {"maxDeliveryDateTime": promised},
        "lineItems": Many([{"remainingQuantity": count, "lineItem": each} for each, count in parts]),
        **facts,
    }


def order(number: int, lines: list[dict[str, Any]] | None = None, **facts: Any) -> dict[str, Any]:
    """One order, paid, nothing sent, by customer 501; `customer=None` for a guest. `parcels`, `refunds` and `plans`
    come from the functions above."""
    address = {"name": "Ada Byron", "address1": "1 Main St", "city": "Bath", "zip": "BA1 1AA", "countryCodeV2": "GB"}
    return {
        "id": f"gid://shopify/Order/{number + 9_000_000}",
        "name": f"#{number}",
        "createdAt": f"2026-10-{number % 28 + 1:02d}T12:00:00Z",
        "processedAt": f"2026-10-{number % 28 + 1:02d}T12:00:00Z",
        "cancelledAt": None,
        "closedAt": None,
        "displayFulfillmentStatus": "UNFULFILLED",
        "displayFinancialStatus": "PAID",
        "returnStatus": "NO_RETURN",
        "email": "ada@example.com",
        "customer": {"legacyResourceId": "501"},
        "billingAddress": dict(address),
        "shippingAddress": address,
        "totalPriceSet": money("20.00"),
        "lineItems": Many(lines if lines is not None else [line(number * 10, "Lamp", 2)]),
        "fulfillments": Some(facts.pop("parcels", [])),
        "refunds": Some(facts.pop("refunds", [])),
        "fulfillmentOrders": Many(facts.pop("plans", [])),
        **facts,
    }


def policy(kind: str, body: str) -> dict[str, Any]:
    """A legal policy."""
    return {
        "id": f"gid://shopify/ShopPolicy/{sum(map(ord, kind))}",
        "type": kind,
        "title": kind.replace("_", " ").capitalize(),
        "body": body,
        "url": f"{STORE_URL}/policies/{kind.lower().replace('_', '-')}",
        "updatedAt": "2026-09-01T00:00:00Z",
    }


def page(number: int, title: str, body: str, *, is_published: bool = True) -> dict[str, Any]:
    """A page of the online store."""
    return {
        "id": f"gid://shopify/Page/{number}",
        "title": title,
        "body": body,
        "handle": title.lower().replace(" ", "-"),
        "isPublished": is_published,
        "updatedAt": "2026-09-01T00:00:00Z",
    }
