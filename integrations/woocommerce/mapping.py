"""From WooCommerce's products to the vocabulary of `integrations.platform`. Pure."""

from collections.abc import Sequence
from typing import Any

from integrations.platform import CatalogItem, Money, Product, RefusedProduct, RemovedProduct, Variant
from integrations.woocommerce.values import (
    day_of,
    is_yes,
    line,
    meta,
    moment_of,
    paragraphs,
    price_of,
    rows,
    web_address,
    whole,
)

VARIABLE_TYPES = frozenset({"variable", "variable-subscription"})
_BUYABLE_TYPES = frozenset({"simple", "subscription", "variation", *VARIABLE_TYPES})
"""Types of which `purchasable` tells something: WooCommerce calls grouped and external products not purchasable."""

_MAX_TITLE_CHARS = 500
Record = dict[str, Any]


def is_variable(product: Record) -> bool:
    """Whether the product's variations have to be asked for."""
    return product.get("type") in VARIABLE_TYPES


def is_shown(product: Record) -> bool:
    """Whether shoppers may see it: published, not hidden from the catalog, not behind a password."""
    return (
        product.get("status") == "publish"
        and product.get("catalog_visibility") != "hidden"
        and not product.get("post_password")
    )


def to_item(product: Record, variations: Sequence[Record], currency: str) -> CatalogItem:
    """The product with its variations; `currency` is the shop's own (ISO 4217)."""
    external_id, title = str(product.get("id")), line(product.get("name"))[:_MAX_TITLE_CHARS]
    if not is_shown(product):
        return RemovedProduct(external_id)
    if not title:
        return RefusedProduct(external_id=external_id, title="", reason="it has no name")
    try:
        return _product(product, variations, external_id, title, currency)
    except ValueError as reason:
        return RefusedProduct(external_id=external_id, title=title, reason=str(reason))


def _product(product: Record, variations: Sequence[Record], external_id: str, title: str, currency: str) -> Product:
    variants = tuple(_variant(each, title, currency) for each in variations if _is_offered(each))
    price, before = _prices(product, currency)
    if variants:
        cheapest = min(variants, key=lambda each: each.price.amount if each.price else 0)
        price, before = cheapest.price, cheapest.compare_at_price
    elif not is_variable(product):
        variants = (_only_variant(product, price, before, title),)
    images = rows(product.get("images"))
    return Product(
        external_id=external_id,
        title=title,
        description=_description(product),
        brand=next(iter(_names(product.get("brands"))), None),
        category=_names(product.get("categories")),
        url=web_address(product.get("permalink")),
        image_url=web_address(images[0].get("src")) if images else None,
        price=price,
        compare_at_price=before,
        available=any(each.available for each in variants),
        variants=variants,
        attributes=_attributes(product),
        identifiers=tuple(dict.fromkeys(filter(None, (line(product.get("sku")), _barcode(product))))),
        updated_at=moment_of(product.get("date_modified_gmt")),
    )


def _only_variant(product: Record, price: Money | None, before: Money | None, title: str) -> Variant:
    return Variant(
        id=str(product.get("id")),
        title=title,
        price=price,
        compare_at_price=before,
        available=_is_available(product),
        sku=line(product.get("sku")) or None,
        barcode=_barcode(product),
        stock=whole(product.get("stock_quantity")),
    )


def _variant(variation: Record, title: str, currency: str) -> Variant:
    price, before = _prices(variation, currency)
    options = {
        name: option
        for each in rows(variation.get("attributes"))
        if (name := line(each.get("name"))) and (option := line(each.get("option")))
    }
    return Variant(
        id=str(variation.get("id")),
        title=" / ".join(options.values()) or line(variation.get("name")) or title,
        price=price,
        compare_at_price=before,
        available=_is_available(variation),
        sku=line(variation.get("sku")) or None,
        barcode=_barcode(variation),
        stock=whole(variation.get("stock_quantity")),
        options=options,
    )


def _is_offered(variation: Record) -> bool:
    """A variation that is switched off is "private"; one without a price is not shown by WooCommerce either."""
    return variation.get("status", "publish") == "publish" and variation.get("price") not in ("", None)


def _is_available(product: Record) -> bool:
    """As WooCommerce itself decides: what is not out of stock can be bought, on backorder too."""
    if product.get("stock_status") == "outofstock":
        return False
    is_told = product.get("type", "variation") in _BUYABLE_TYPES
    return not (is_told and product.get("purchasable") is False)


def _prices(product: Record, currency: str) -> tuple[Money | None, Money | None]:
    """(price today, the regular price it is reduced from). A sale counts while WooCommerce says that it is on."""
    price = price_of(product.get("price"), currency)
    regular = price_of(product.get("regular_price"), currency)
    is_less = product.get("on_sale") is True and price and regular and regular.amount > price.amount
    return price, regular if is_less else None


def _description(product: Record) -> str:
    parts = (paragraphs(product.get("short_description")), paragraphs(product.get("description")))
    return "\n\n".join(dict.fromkeys(filter(None, parts)))


def _attributes(product: Record) -> dict[str, str]:
    """The attributes that the shop shows, and what the stock status says beyond yes and no."""
    attributes = {
        name: value
        for each in rows(product.get("attributes"))
        if each.get("visible") is not False and (name := line(each.get("name"))) and (value := _listed(each))
    }
    values = meta(product)
    if is_yes(values.get("_wc_pre_orders_enabled")):
        day = day_of(values.get("_wc_pre_orders_availability_datetime"))
        attributes["Pre-order"] = f"expected {day.isoformat()}" if day else "can be pre-ordered"
    elif product.get("stock_status") == "onbackorder":
        attributes["Availability"] = "on backorder: can be ordered, ships later"
    return attributes


def _listed(attribute: Record) -> str:
    options = attribute.get("options")
    return ", ".join(filter(None, map(line, options))) if isinstance(options, list) else line(options)


def _names(value: object) -> tuple[str, ...]:
    return tuple(filter(None, (line(each.get("name")) for each in rows(value))))


def _barcode(product: Record) -> str | None:
    return line(product.get("global_unique_id")) or None


def parent_id(product: Record) -> int | None:
    """The product a variation belongs to; None for what is no variation."""
    parent = whole(product.get("parent_id"))
    return parent if product.get("type") == "variation" and parent else None
