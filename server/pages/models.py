"""What the storefront's templates are given: plain values, ready to print."""

from collections.abc import Callable

from msgspec import Struct

from integrations.demo.store import DemoStore
from integrations.platform import Money, Product, Variant
from server.core.money import format_money


class DemoPage(Struct, frozen=True, kw_only=True):
    """What the demo storefront needs; wiring provides it under the name `demo`, or None where there is no demo.

    `base_url` is Aisle's own origin without a slash at the end. `sign_customer(id, email)` answers the signature
    of a signed-in shopper, made with the shop's identity secret.
    """

    base_url: str
    publishable_key: str
    mailbox_url: str | None
    store: DemoStore
    sign_customer: Callable[[str, str], str]


class Category(Struct, frozen=True, kw_only=True):
    """A shelf of the store: the first part of its products' category."""

    slug: str
    name: str
    products: tuple[Product, ...]


class VariantChoice(Struct, frozen=True, kw_only=True):
    """A variant as the picker shows it; texts are empty where there is nothing to say."""

    sku: str
    title: str
    price: str
    compare_at: str
    stock_text: str
    available: bool
    preorder: bool


def money_text(money: Money | None) -> str:
    """ "$289.00", or "" for none."""
    return format_money(money.amount, money.currency) if money else ""


def price_text(product: Product) -> str:
    """One price, or "from" the cheapest when variants differ."""
    amounts = {each.price.amount for each in product.variants if each.price}
    return ("from " if len(amounts) > 1 else "") + money_text(product.price)


def badge_text(product: Product) -> str:
    """The one word on a product's card: sold out, pre-order, sale, or nothing."""
    if not product.available:
        return "Sold out"
    if all(is_preorder(each) or not each.available for each in product.variants):
        return "Pre-order"
    return "Sale" if product.compare_at_price else ""


def is_preorder(variant: Variant) -> bool:
    """Whether it can be bought although there is none in stock."""
    return variant.available and variant.stock == 0


def stock_text(variant: Variant) -> str:
    """How the page speaks of stock: exact when few are left."""
    if is_preorder(variant):
        return "On pre-order: charged only when it ships"
    if not variant.available:
        return "Sold out"
    if variant.stock is not None and variant.stock <= 5:
        return f"Only {variant.stock} left"
    return "In stock, leaves within one working day"


def variant_choices(product: Product) -> tuple[VariantChoice, ...]:
    """Every variant of the product, in the shop's order."""
    return tuple(
        VariantChoice(
            sku=each.sku or each.id,
            title=each.title,
            price=money_text(each.price),
            compare_at=money_text(each.compare_at_price),
            stock_text=stock_text(each),
            available=each.available,
            preorder=is_preorder(each),
        )
        for each in product.variants
    )


def slug_of(name: str) -> str:
    """ "Tents & Shelter" as "tents-shelter"."""
    return "-".join("".join(c if c.isalnum() else " " for c in name.lower()).split())


def categories_of(store: DemoStore) -> tuple[Category, ...]:
    """The shelves in the order in which the catalog first names them."""
    shelves: dict[str, list[Product]] = {}
    for product in store.products:
        shelves.setdefault(product.category[0] if product.category else "Everything else", []).append(product)
    return tuple(Category(slug=slug_of(name), name=name, products=tuple(them)) for name, them in shelves.items())
