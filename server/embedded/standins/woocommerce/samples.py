"""Bodies as WooCommerce writes them: HTML entities, decimal texts, zones that are not told."""

from typing import Any

Body = dict[str, Any]


def product(product_id: int, url: str, **changes: Any) -> Body:
    """A published simple product."""
    body: Body = {
        "id": product_id,
        "name": f"Linen &amp; Paper {product_id}",
        "slug": f"linen-paper-{product_id}",
        "permalink": f"{url}/product/linen-paper-{product_id}/",
        "type": "simple",
        "status": "publish",
        "featured": False,
        "catalog_visibility": "visible",
        "description": "<p>Woven in Porto.</p>\n<ul><li>Soft &amp; strong</li><li>1,2 kg&#8230;</li></ul>",
        "short_description": "<p>A notebook &#8220;for life&#8221;.</p>",
        "sku": f"LP-{product_id}",
        "global_unique_id": "",
        "price": "8.75",
        "regular_price": "8.75",
        "sale_price": "",
        "price_html": '<span class="woocommerce-Price-amount amount"><bdi>&#36;8.75</bdi></span>',
        "on_sale": False,
        "purchasable": True,
        "manage_stock": True,
        "stock_quantity": 7,
        "stock_status": "instock",
        "weight": "",
        "parent_id": 0,
        "brands": [{"id": 3, "name": "Northwind Paper &amp; Ink", "slug": "northwind"}],
        "categories": [{"id": 9, "name": "Bags &amp; Cases", "slug": "bags-cases"}],
        "tags": [],
        "images": [{"id": 1, "src": f"{url}/wp-content/uploads/{product_id}.jpg", "alt": ""}],
        "attributes": [],
        "variations": [],
        "meta_data": [],
        "post_password": "",
    }
    return body | changes


def variation(variation_id: int, parent: Body, colour: str, price: str = "12.00", **changes: Any) -> Body:
    """A variation of `parent`."""
    body: Body = {
        "id": variation_id,
        "type": "variation",
        "parent_id": parent["id"],
        "name": colour,
        "sku": f"{parent['sku']}-{colour[:2].upper()}",
        "status": "publish",
        "price": price,
        "regular_price": price,
        "sale_price": "",
        "on_sale": False,
        "purchasable": True,
        "stock_quantity": None,
        "stock_status": "instock",
        "permalink": f"{parent['permalink']}?attribute_colour={colour}",
        "attributes": [{"id": 0, "name": "Colour", "option": colour}],
        "meta_data": [],
    }
    return body | changes


def order(order_id: int, **changes: Any) -> Body:
    """A guest's order of two lines, being packed."""
    body: Body = {
        "id": order_id,
        "parent_id": 0,
        "number": str(order_id),
        "order_key": f"wc_order_{order_id}",
        "status": "processing",
        "currency": "USD",
        "currency_symbol": "&#36;",
        "prices_include_tax": False,
        "total": "40.40",
        "total_tax": "0.00",
        "customer_id": 0,
        "billing": _address(email=f"guest{order_id}@mail.example", phone="555-0100"),
        "shipping": _address(),
        "payment_method": "bacs",
        "customer_note": "",
        "shipping_lines": [{"id": 3, "method_title": "Flat rate", "total": "5.00"}],
        "line_items": [
            {"id": 11, "name": "Linen &amp; Paper", "parent_name": None, "product_id": 21, "variation_id": 0,
             "quantity": 2, "subtotal": "23.40", "total": "23.40", "total_tax": "0.00", "sku": "LP-21", "price": 11.7,
             "meta_data": []},
            {"id": 12, "name": "Case - Red", "parent_name": "Case", "product_id": 22, "variation_id": 31,
             "quantity": 1, "subtotal": "12.00", "total": "12.00", "total_tax": "0.00", "sku": "CA-RE", "price": 12,
             "meta_data": [{"id": 5, "key": "colour", "value": "Red", "display_key": "Colour",
                            "display_value": "Red"}]},
        ],
        "refunds": [],
        "meta_data": [],
    }  # fmt: skip
    return body | changes


def page(page_id: int, slug: str, title: str, html: str, url: str, **changes: Any) -> Body:
    """A WordPress page."""
    body: Body = {
        "id": page_id,
        "slug": slug,
        "status": "publish",
        "link": f"{url}/{slug}/",
        "modified_gmt": "2026-10-01T08:00:00",
        "title": {"rendered": title},
        "content": {"rendered": html, "protected": False},
    }
    return body | changes


def _address(**more: str) -> Body:
    return {
        "first_name": "Ann",
        "last_name": "O&#8217;Hara",
        "company": "",
        "address_1": "1 Main St",
        "city": "Springfield",
        "postcode": "97477",
        "country": "US",
    } | more
