"""A size that the shopper asks for, and which products can be had in it."""

import re
from collections.abc import Sequence
from typing import Protocol, TypeVar

from server.chat.answering.engine.reply import Reply
from server.chat.answering.intents.references import SIZE_LETTERS
from server.chat.answering.intents.words import fold, words
from server.chat.models import AnswerEvent, ProductDetail, VariantCard

MAX_TOLD = 3
_SIZE = re.compile(
    r"\b(?:sizes?|tailles?|grosen?|tallas?) (?:us |uk |eu )?"
    r"(?P<size>\d{1,3}(?:[.,]5)?|x{0,3}[sml]|small|medium|large)\b"
)


class _Found(Protocol):
    @property
    def product(self) -> ProductDetail: ...


FoundT = TypeVar("FoundT", bound=_Found)


def size_asked(text: str) -> str | None:
    """The size as variants write it, folded ("43", "m"); None where no size is named as such."""
    found = _SIZE.search(fold(text))
    return SIZE_LETTERS.get(found["size"], found["size"]) if found else None


def of_size(product: ProductDetail, size: str) -> list[VariantCard]:
    """Its variants in that size."""
    return [variant for variant in product.card.variants if size in words(variant.title)]


def with_size_first(reply: Reply, matches: list[FoundT]) -> list[FoundT]:
    """What can be had in the size asked for before what is sold out in it and what is not made in it."""
    size = size_asked(reply.question.text)
    if size is None:
        return matches
    return sorted(matches, key=lambda match: -_has(match.product, size))


def _has(product: ProductDetail, size: str) -> int:
    variants = of_size(product, size)
    return 2 if any(variant.available for variant in variants) else int(bool(variants))


def tell_sizes(reply: Reply, products: Sequence[ProductDetail]) -> list[AnswerEvent]:
    """Whether those made in the size asked for can be had in it; where none is, that."""
    size = size_asked(reply.question.text)
    if size is None:
        return []
    say, made = reply.words, [product for product in products if of_size(product, size)]
    if not made:
        return list(reply.say(say.no_such_variant.format(title=products[0].card.title, variant=size.upper())))
    events: list[AnswerEvent] = []
    for product in made[:MAX_TOLD]:
        variants = of_size(product, size)
        to_be_had = [variant for variant in variants if variant.available]
        template = say.stock_variant_yes if to_be_had else say.stock_variant_no
        named = ", ".join(variant.title for variant in to_be_had or variants)
        events += reply.say(template.format(title=product.card.title, variant=named))
    return events
