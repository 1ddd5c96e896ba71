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
    without_builders,
)

VARIABLE_TYPES = frozenset({"variable", "variable-subscription"})
_BUYABLE_TYPES = frozenset({"simple", "subscription", "variation", *VARIABLE_TYPES})
"""Types of which `purchasable` tells something: WooCommerce calls grouped and external products not purchasable."""

_ONE_CLICK_TYPES = frozenset({"simple", "subscription"})
"""Types that go into a cart by their id alone; grouped, external and all other ones are bought on their page."""

PRICE_NOTE = "Price note"
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


def to_item(product: Record, variations: Sequence[Record], currency: str, price_suffix: str = "") -> CatalogItem:
    """The product with its variations; `currency` is the shop's own (ISO 4217), `price_suffix` what it writes behind
    prices ("incl. VAT")."""
    external_id, title = str(product.get("id")), line(product.get("name"))[:_MAX_TITLE_CHARS]
    if not is_shown(product):
        return RemovedProduct(external_id)
    if not title:
        return RefusedProduct(external_id=external_id, title="", reason="it has no name")
    try:
        return _product(product, variations, external_id, title, currency, price_suffix)
    except ValueError as reason:
        return RefusedProduct(external_id=external_id, title=title, reason=str(reason))


def _product(
    product: Record, variations: Sequence[Record], external_id: str, title: str, currency: str, price_suffix: str
) -> Product:
    choices = _choices(product)
    variants = tuple(_variant(each, title, currency, choices) for each in variations if _is_offered(each))
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
        attributes=_attributes(product) | ({PRICE_NOTE: price_suffix} if price_suffix and price else {}),
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
        stock=_stock(product),
        on_backorder=_is_on_backorder(product),
        can_add_to_cart=product.get("type", "simple") in _ONE_CLICK_TYPES,
    )


def _variant(variation: Record, title: str, currency: str, choices: frozenset[str]) -> Variant:
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
        stock=_stock(variation),
        options=options,
        on_backorder=_is_on_backorder(variation),
        can_add_to_cart=choices <= {name.casefold() for name in options},
    )


def _choices(product: Record) -> frozenset[str]:
    """The names of the attributes that variations choose by; one that a variation leaves out is "any" of it."""
    chosen = (line(each.get("name")).casefold() for each in rows(product.get("attributes")) if each.get("variation"))
    return frozenset(filter(None, chosen))


def _stock(product: Record) -> int | None:
    """The pieces in stock; None for what is counted below zero, as backorders are."""
    count = whole(product.get("stock_quantity"))
    return count if count is not None and count >= 0 and not _is_on_backorder(product) else None


def _is_on_backorder(product: Record) -> bool:
    return product.get("stock_status") == "onbackorder"


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
    parts = (paragraphs(without_builders(product.get(name))) for name in ("short_description", "description"))
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
    elif _is_on_backorder(product):
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
