"""A stored product as an answer uses it: the card that is shown, everything that is known, and the source to cite."""

from integrations.platform import Money, Product, Variant
from server.catalog.models import StoredProduct
from server.chat.models import ProductCard, ProductDetail, Source, VariantCard
from server.core.addresses import is_web_address
from server.core.money import format_money

MAX_VARIANTS_SHOWN = 60


def product_detail(stored: StoredProduct) -> ProductDetail:
    """Everything the shop says of a product."""
    product = stored.product
    return ProductDetail(
        card=_product_card(stored),
        description=product.description,
        brand=product.brand,
        category=product.category,
        attributes=product.attributes,
        stock={variant.title: variant.stock for variant in product.variants},
    )


def product_source(stored: StoredProduct, score: float) -> Source:
    """A product as a source: every field that an answer may claim, as text. `score` is that of its search hit."""
    product = stored.product
    return Source(
        id=f"product:{product.external_id}",
        kind="product",
        title=product.title,
        text=_product_text(product),
        url=web_address(product.url),
        fetched_at=stored.fetched_at.isoformat(),
        score=score,
    )


def web_address(url: str | None) -> str | None:
    """An address that a page may link to; None for anything else, which imported files hold too."""
    return url if url and is_web_address(url) else None


def _product_card(stored: StoredProduct) -> ProductCard:
    product = stored.product
    return ProductCard(
        id=product.external_id,
        title=product.title,
        url=web_address(product.url),
        image_url=web_address(product.image_url),
        price=product.price,
        available=product.available,
        fetched_at=stored.fetched_at.isoformat(),
        compare_at_price=product.compare_at_price,
        variants=tuple(
            VariantCard(
                id=variant.id,
                title=variant.title,
                sku=variant.sku,
                price=variant.price or product.price,
                available=variant.available,
                on_backorder=variant.on_backorder,
                can_add_to_cart=variant.can_add_to_cart,
            )
            for variant in product.variants[:MAX_VARIANTS_SHOWN]
        ),
    )


def _product_text(product: Product) -> str:
    lines = [product.title, product.description]
    lines += [f"{name}: {value}" for name, value in product.attributes.items()]
    lines += [
        f"{label}: {_price(money)}"
        for label, money in (("price", product.price), ("was", product.compare_at_price))
        if money
    ]
    lines += [
        f"{variant.title}: {_price(variant.price)}, sku {variant.sku or '-'}, "
        f"{_stock_word(variant)}" + (f" ({variant.stock})" if variant.stock is not None else "")
        for variant in product.variants
    ]
    return "\n".join(line for line in lines if line)


def _stock_word(variant: Variant) -> str:
    if not variant.available:
        return "sold out"
    return "on backorder, ships later" if variant.on_backorder else "in stock"


def _price(money: Money | None) -> str:
    return format_money(money.amount, money.currency) if money else "-"
