"""What the APIs of Shopify and WooCommerce return, saved as JSON or JSONL: recognised by its keys, and read with the
children that stand on lines of their own."""

import re
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from integrations.platform import Product, RefusedProduct, RemovedProduct
from integrations.woocommerce.mapping import to_item

from .cell_access import Context, with_mapped
from .field_values import is_empty, parse_list, parse_visibility, render_text
from .generic import build_product
from .grouping import Group
from .row_result import BadRow, ParsedProduct, Record, Row, SkippedRow

_VARIANT = "/ProductVariant/"
_PICTURES = ("/MediaImage/", "/ProductImage/")
_KEY = re.compile(r'"(__parentId|catalog_visibility|currency_minor_unit|body_html|variants|handle|options)"\s*:')
Fields = dict[str, Any]


class JsonExport(Struct, frozen=True):
    """How to read the JSON of a platform: `key_of` names the product of a record, `build_group` builds it."""

    name: str
    key_of: Callable[[Record, Context], str]
    build_group: Callable[[Group, Context], list[Row]]


def find_json_export(head: str) -> JsonExport | None:
    """The platform whose JSON begins with this text, or None."""
    keys = set(_KEY.findall(head))
    if "__parentId" in keys or ('"gid://shopify/Product/' in head and "handle" in keys):
        return JsonExport("Shopify bulk export", _bulk_key, _build_bulk)
    if "catalog_visibility" in keys:
        return JsonExport("WooCommerce REST export", _woocommerce_key, _build_woocommerce)
    if "currency_minor_unit" in keys:
        return JsonExport("WooCommerce Store API export", _own_key, _build_store_api)
    if {"variants", "handle", "options"} <= keys and ("body_html" in keys or '"product_type"' in head):
        return JsonExport("Shopify REST export", _own_key, _build_shopify_rest)
    return None


def _own_key(record: Record, context: Context) -> str:
    return f"row:{record.row}"


def _bulk_key(record: Record, context: Context) -> str:
    """The product of a line. What belongs to something below a product, such as a price level of a variant, is of no
    product."""
    return render_text(record.fields.get("__parentId") or record.fields.get("id")) or f"row:{record.row}"


def _build_bulk(group: Group, context: Context) -> list[Row]:
    heads = [record for record in group if not record.fields.get("__parentId")]
    if not heads:
        orphans = [record for record in group if _VARIANT in render_text(record.fields.get("id"))]
        return [BadRow(record.row, "is a variant of a product that is not in this file") for record in orphans]
    head = heads[-1]
    children = [record.fields for record in group if record.fields.get("__parentId")]
    variants = [child for child in children if _VARIANT in render_text(child.get("id"))]
    pictures = [child for child in children if any(kind in render_text(child.get("id")) for kind in _PICTURES)]
    fields = head.fields
    external_id = render_text(fields.get("id"))
    if reason := _shopify_hidden(fields, ("onlineStoreUrl", "publishedAt")):
        return [SkippedRow(head.row, reason, external_id)]
    variants = variants or _nodes(fields.get("variants"))
    built = [_graphql_variant(variant) for variant in variants]
    return [
        _shopify_product(head, built, pictures + _nodes(fields.get("images")) + _nodes(fields.get("media")), context)
    ]


def _build_shopify_rest(group: Group, context: Context) -> list[Row]:
    (head,) = group
    fields = head.fields
    if reason := _shopify_hidden(fields, ("published_at",)):
        return [SkippedRow(head.row, reason, render_text(fields.get("id")))]
    names = [
        render_text(each.get("name") if isinstance(each, dict) else each) for each in _nodes(fields.get("options"))
    ]
    built = [_rest_variant(variant, names) for variant in _nodes(fields.get("variants"))]
    return [_shopify_product(head, built, _nodes(fields.get("images")), context)]


def _shopify_hidden(fields: Fields, published: tuple[str, ...]) -> str | None:
    """Why shoppers must not see a product of Shopify's: by its status, or because it is on no page."""
    status = fields.get("status")
    if not is_empty(status) and not parse_visibility(status):
        return f"is not published in Shopify (status {render_text(status)[:20]})"
    told = [name for name in published if name in fields]
    if told and all(is_empty(fields[name]) for name in told):
        return f"is not published in Shopify (no {told[0]})"
    return None


def _shopify_product(head: Record, variants: list[Fields], pictures: list[Fields], context: Context) -> Row:
    fields = head.fields
    handle = render_text(fields.get("handle"))
    has_choice = len(variants) > 1 or any(variant["options"] for variant in variants)
    single = {} if has_choice or not variants else variants[0]
    kind = fields.get("productType") or fields.get("product_type")
    category = fields.get("category")
    path = category.get("fullName") if isinstance(category, dict) else category
    made: Fields = {
        "id": fields.get("id"),
        "title": fields.get("title"),
        "description": fields.get("descriptionHtml") or fields.get("body_html") or fields.get("description"),
        "brand": fields.get("vendor"),
        "category": path or kind,
        "url": fields.get("onlineStoreUrl") or (context.page_url(f"products/{handle}") if handle else None),
        "image url": [url for each in (_featured(fields), *pictures) if (url := _picture_url(each))],
        "variants": variants if has_choice else [],
        "attributes": {"Tags": fields.get("tags")},
        "updated at": fields.get("updatedAt") or fields.get("updated_at"),
        **{name: single.get(name) for name in ("price", "compare at price", "available", "stock", "sku", "barcode")},
    }
    return build_product(Record(head.row, with_mapped(made, head, context)), context)


def _graphql_variant(variant: Fields) -> Fields:
    item = variant.get("inventoryItem") if isinstance(variant.get("inventoryItem"), dict) else {}
    assert isinstance(item, dict)
    is_counted = item.get("tracked") is not False
    sells_on = render_text(variant.get("inventoryPolicy")).lower() == "continue"
    stock = variant.get("inventoryQuantity") if is_counted else None
    said = variant.get("availableForSale")
    return _variant(
        variant,
        price=variant.get("price"),
        before=variant.get("compareAtPrice"),
        stock=stock,
        available=said if isinstance(said, bool) else _can_be_had(stock, sells_on),
        options={
            render_text(each.get("name")): render_text(each.get("value"))
            for each in _nodes(variant.get("selectedOptions"))
        },
    )


def _rest_variant(variant: Fields, names: list[str]) -> Fields:
    is_counted = "inventory_management" not in variant or not is_empty(variant["inventory_management"])
    sells_on = render_text(variant.get("inventory_policy")).lower() == "continue"
    stock = variant.get("inventory_quantity") if is_counted else None
    said = variant.get("available")
    values = [render_text(variant.get(f"option{number}")) for number in range(1, len(names) + 1)]
    return _variant(
        variant,
        price=variant.get("price"),
        before=variant.get("compare_at_price"),
        stock=stock,
        available=said if isinstance(said, bool) else _can_be_had(stock, sells_on),
        options=dict(zip(names, values, strict=False)),
    )


def _variant(
    variant: Fields, *, price: object, before: object, stock: object, available: bool, options: dict[str, str]
) -> Fields:
    title = render_text(variant.get("title"))
    is_default = title == "Default Title" or list(options.values()) == ["Default Title"]
    chosen = {name: value for name, value in options.items() if name and value and value != "Default Title"}
    return {
        "id": variant.get("id"),
        "title": title,
        "price": price,
        "compare at price": before,
        "available": available,
        "stock": stock,
        "sku": variant.get("sku"),
        "barcode": variant.get("barcode"),
        "options": {} if is_default else chosen or {"Title": title},
    }


def _can_be_had(stock: object, sells_on: bool) -> bool:
    return not isinstance(stock, int) or stock > 0 or sells_on


def _nodes(value: object) -> list[Fields]:
    """The objects of a list, or of a GraphQL connection with nodes or edges."""
    if isinstance(value, dict):
        value = value.get("nodes") or [
            edge.get("node") for edge in parse_list(value.get("edges")) if isinstance(edge, dict)
        ]
    return [each for each in parse_list(value) if isinstance(each, dict)]


def _featured(fields: Fields) -> Fields:
    found = fields.get("featuredImage") or fields.get("featuredMedia") or fields.get("image")
    return found if isinstance(found, dict) else {}


def _picture_url(picture: Fields) -> str:
    nested = picture.get("image") or (picture.get("preview") or {}).get("image")
    within = nested if isinstance(nested, dict) else picture
    return render_text(within.get("url") or within.get("src") or within.get("originalSrc"))


def _woocommerce_key(record: Record, context: Context) -> str:
    parent = render_text(record.fields.get("parent_id"))
    is_child = record.fields.get("type") == "variation" and parent not in ("", "0")
    return parent if is_child else render_text(record.fields.get("id")) or f"row:{record.row}"


def _build_woocommerce(group: Group, context: Context) -> list[Row]:
    """The products of a group as a connected WooCommerce would give them."""
    heads = [record for record in group if record.fields.get("type") != "variation"]
    variations = [record.fields for record in group if record.fields.get("type") == "variation"]
    if not heads:
        return [BadRow(record.row, "is a variation of a product that is not in this file") for record in group]
    return [_woocommerce_row(head, variations, context) for head in heads]


def _woocommerce_row(head: Record, variations: list[Fields], context: Context) -> Row:
    if is_empty(head.fields.get("id")):
        return BadRow(head.row, "has no id")
    within = [*variations, *(each for each in parse_list(head.fields.get("variations")) if isinstance(each, dict))]
    fields = {"on_sale": not is_empty(head.fields.get("sale_price")), **head.fields}
    match to_item(fields, within, context.currency):
        case Product() as product:
            return ParsedProduct(head.row, product)
        case RemovedProduct(external_id=external_id):
            words = render_text(head.fields.get("status")), render_text(head.fields.get("catalog_visibility"))
            reason = f"is not shown in WooCommerce (status {words[0][:20]}, catalog_visibility {words[1][:20]})"
            return SkippedRow(head.row, reason, external_id)
        case RefusedProduct(reason=reason):
            return BadRow(head.row, reason)
        case other:
            return BadRow(head.row, f"is a {type(other).__name__}, not a product")


def _build_store_api(group: Group, context: Context) -> list[Row]:
    """A product of the public Store API, whose prices are minor units."""
    (head,) = group
    fields = head.fields
    prices = fields.get("prices") if isinstance(fields.get("prices"), dict) else {}
    assert isinstance(prices, dict)
    currency = render_text(prices.get("currency_code")) or context.currency
    made: Fields = {
        "id": fields.get("id"),
        "title": fields.get("name"),
        "description": "\n".join(
            filter(None, (str(fields.get(n) or "") for n in ("short_description", "description")))
        ),
        "category": [render_text(each.get("name")) for each in _nodes(fields.get("categories"))],
        "url": fields.get("permalink"),
        "image url": [render_text(each.get("src")) for each in _nodes(fields.get("images"))],
        "price cents": prices.get("price"),
        "compare at price cents": prices.get("regular_price"),
        "currency": currency,
        "available": fields.get("is_in_stock"),
        "sku": fields.get("sku"),
        "attributes": {
            render_text(each.get("name")): [render_text(term.get("name")) for term in _nodes(each.get("terms"))]
            for each in _nodes(fields.get("attributes"))
        },
    }
    return [build_product(Record(head.row, with_mapped(made, head, context)), context)]
