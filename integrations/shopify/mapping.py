"""From Shopify's products to the vocabulary of `integrations.platform`. Pure; never invents a price."""

from collections.abc import Iterable, Mapping

import msgspec

from integrations.platform import CatalogItem, Money, Product, RefusedProduct, RemovedProduct, Variant
from integrations.shopify.money import find_money
from integrations.shopify.records import ProductNode, VariantNode
from integrations.text import html_to_text, one_line

ONLY_VARIANT = "Default Title"
"""What Shopify calls the variant, and the value of the option "Title", of a product that has no variants."""
NOT_A_CATEGORY = frozenset({"home page", "frontpage", "all", "all products", "products"})
MAX_COLLECTIONS = 5


def legacy_number(gid: str) -> str:
    """`gid://shopify/Product/632910392` as `632910392`."""
    return gid.rpartition("/")[2]


def to_catalog_item(node: Mapping[str, object]) -> CatalogItem:
    """One product node of a response. Drafts, archived and unlisted ones and those not on the online store are gone
    for shoppers; one that cannot be read is refused with a reason, and the rest of the catalog goes on."""
    try:
        product = msgspec.convert(node, ProductNode, strict=False)
    except msgspec.ValidationError as reason:
        number = legacy_number(str(node.get("id", "")))
        said = f"Shopify's response cannot be read: {reason}"
        return RefusedProduct(external_id=number, title=str(node.get("title", ""))[:200], reason=said)
    if product.status != "ACTIVE" or not product.online_store_url:
        return RemovedProduct(product.legacy_resource_id)
    if not one_line(product.title):
        return RefusedProduct(external_id=product.legacy_resource_id, title="", reason="it has no title")
    return _to_product(product)


def _to_product(node: ProductNode) -> Product:
    currency = _currency(node)
    in_order = sorted(node.variants.nodes, key=lambda each: each.position)
    variants = tuple(_to_variant(each, currency) for each in in_order)
    lead = _lead(variants)
    return Product(
        external_id=node.legacy_resource_id,
        title=one_line(node.title),
        description=html_to_text(node.description_html, bullet=""),
        brand=one_line(node.vendor) or None,
        category=_category(node),
        url=node.online_store_url,
        image_url=_image_url(node),
        price=lead.price if lead else None,
        compare_at_price=lead.compare_at_price if lead else None,
        available=any(each.available for each in variants),
        variants=variants,
        attributes=_attributes(node),
        updated_at=node.updated_at,
    )


def _currency(node: ProductNode) -> str | None:
    price_range = node.price_range_v2
    return price_range.min_variant_price.currency_code if price_range and price_range.min_variant_price else None


def _to_variant(node: VariantNode, currency: str | None) -> Variant:
    price = find_money(node.price, currency)
    before = find_money(node.compare_at_price, currency)
    options = {one_line(each.name): one_line(each.value) for each in node.selected_options}
    is_only = list(options.items()) == [("Title", ONLY_VARIANT)]
    return Variant(
        id=node.legacy_resource_id,
        title="" if is_only else one_line(node.title),
        price=price,
        compare_at_price=before if price and before and before.amount > price.amount else None,
        available=node.available_for_sale,
        sku=node.sku or None,
        barcode=node.barcode or None,
        stock=_stock(node),
        options={} if is_only else options,
    )


def _stock(node: VariantNode) -> int | None:
    """None where stock is not counted, or where the shop sells on without any: a number would mislead there."""
    is_counted = node.inventory_item is not None and node.inventory_item.tracked
    if not is_counted or node.inventory_quantity is None or node.inventory_policy == "CONTINUE":
        return None
    return max(0, node.inventory_quantity)


def _lead(variants: Iterable[Variant]) -> Variant | None:
    """The cheapest that can be bought; when none can, the cheapest."""
    priced = [(not each.available, _amount(each.price), each) for each in variants if each.price]
    return min(priced, key=lambda entry: entry[:2])[2] if priced else None


def _amount(price: Money | None) -> int:
    return price.amount if price else 0


def _category(node: ProductNode) -> tuple[str, ...]:
    """The shop's own product type first, then the end of Shopify's taxonomy, then its collections."""
    taxonomy = node.category.full_name.rpartition(">")[2] if node.category else ""
    collections = [each.title for each in node.collections.nodes if each.title.lower() not in NOT_A_CATEGORY]
    names = [node.product_type, "" if taxonomy.strip() == "Uncategorized" else taxonomy]
    values = (one_line(name) for name in (*names, *sorted(collections)[:MAX_COLLECTIONS]))
    return tuple(dict.fromkeys(name for name in values if name))


def _attributes(node: ProductNode) -> dict[str, str]:
    values = {"Tags": ", ".join(one_line(tag) for tag in node.tags), "Gift card": "yes" if node.is_gift_card else ""}
    return {name: value for name, value in values.items() if value}


def _image_url(node: ProductNode) -> str | None:
    preview = node.featured_media.preview if node.featured_media else None
    return preview.image.url if preview and preview.image else None
