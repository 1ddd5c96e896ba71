"""How the search in memory weighs words and filters products: a plain BM25, and words that are one slip away."""

import math
from collections import Counter
from collections.abc import Iterable

from integrations.platform import Product
from server.knowledge.search import ProductFilter

MIN_SPELLED = 4


def is_within(product: Product, low: int | None, high: int | None) -> bool:
    """Whether the price lies within the limits, in minor units; an unknown one lies within none."""
    if low is None and high is None:
        return True
    price = product.price.amount if product.price else None
    return price is not None and (low is None or price >= low) and (high is None or price <= high)


def passes(product: Product, wanted: ProductFilter) -> bool:
    """Whether it is what a filter asks for; a colour or size by the names of its forms."""
    forms = " ".join(variant.title for variant in product.variants).casefold()
    is_reduced = bool(product.compare_at_price)
    return (
        (wanted.brand is None or wanted.brand.casefold() == (product.brand or "").casefold())
        and (wanted.category is None or wanted.category.casefold() in " ".join(product.category).casefold())
        and (wanted.colour is None or wanted.colour.casefold() in forms)
        and (wanted.size is None or wanted.size.casefold() in forms.replace("/", " ").split())
        and (is_reduced or not wanted.on_sale)
    )


def spelled(word: str, known: dict[str, float]) -> str:
    """The word of the shop that a misspelt one stands for: one letter missing, too many, wrong or swapped."""
    if word in known or len(word) < MIN_SPELLED:
        return word
    return next((each for each in known if each[0] == word[0] and _is_one_slip(word, each)), word)


def _is_one_slip(word: str, other: str) -> bool:
    if abs(len(word) - len(other)) > 1:
        return False
    first = next((i for i, (a, b) in enumerate(zip(word, other, strict=False)) if a != b), min(len(word), len(other)))
    rest, rest_other = word[first:], other[first:]
    swapped = rest[1:2] + rest[:1] + rest[2:]
    return rest[1:] == rest_other or rest == rest_other[1:] or rest[1:] == rest_other[1:] or swapped == rest_other


def rarity(texts: Iterable[Iterable[str]]) -> dict[str, float]:
    """How rare each word is among texts (the idf of BM25)."""
    everything = [set(text) for text in texts]
    counts = Counter(word for text in everything for word in text)
    return {word: math.log(1 + (len(everything) - count + 0.5) / (count + 0.5)) for word, count in counts.items()}


def impact(count: int, length: int) -> float:
    """What a word that stands so often in a text of that length is worth, 0..1 (BM25)."""
    return count / (count + 1.2 * (0.25 + 0.75 * length / 150))
