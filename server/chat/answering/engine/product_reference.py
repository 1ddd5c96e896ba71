"""Which product a question is about: one that was named, pointed at ("the second one", "it"), or on the page."""

import re

from integrations.platform import Money
from server.chat.answering.engine.reply import Reply
from server.chat.answering.intents.query import with_gloss
from server.chat.answering.intents.words import content_words, fold, stem
from server.chat.models import CatalogResult, ProductCard, ProductDetail

NAMED = 0.5
"""The share of a title's words that must stand in the question for the product to be named by it."""
WHOLE_NAME = 0.75
_THIS = frozenset(("this", "ce", "cet", "cette", "dies", "diese", "dieser", "dieses", "este", "esta"))
_SEARCHED = 4


async def find_focus(reply: Reply) -> ProductDetail | None:
    """The product meant, or None when the question does not say."""
    if reply.intent.positions:
        return await _shown_at(reply, reply.intent.positions[0])
    pointed = _pointed_at(reply)
    named = await find_named(reply, reply.question.text)
    if pointed and reply.intent.refers_back:
        # "And how heavy is the Fell 2 Tent?" goes on, but with another product: a whole name says more than an "and"
        is_whole = named is not None and named_share(named, reply.question.text) >= WHOLE_NAME
        return named if is_whole else await reply.tools.get_product(pointed)
    if named is not None or not pointed:
        return named
    return await reply.tools.get_product(pointed)


async def find_named(reply: Reply, text: str) -> ProductDetail | None:
    """The product whose name or part number stands in the text, or None."""
    query = text if text != reply.question.text else reply.intent.query
    result = await reply.tools.search_catalog(query, limit=_SEARCHED)
    return best_named(result, with_gloss(text, reply.intent.language))


def best_named(result: CatalogResult, text: str) -> ProductDetail | None:
    """The product whose title the text names best; the first one when a part number matched exactly."""
    if result.exact and result.products:
        return result.products[0]
    shares = [(named_share(product, text), -rank, product) for rank, product in enumerate(result.products)]
    named = [entry for entry in shares if entry[0] >= NAMED]
    return max(named, key=lambda entry: entry[:2])[2] if named else _only_one_of_its_kind(result, text)


def named_short(result: CatalogResult, name: str) -> ProductDetail | None:
    """The product that a short name can mean where it is nothing but a name: one that begins with it ("Ember"), else
    the first whose title has all of it ("the fleece")."""
    meant = [stem(word) for word in content_words(name)]
    titles = [[stem(word) for word in content_words(product.card.title)] for product in result.products]
    having = [
        (title, product) for title, product in zip(titles, result.products, strict=True) if set(meant) <= set(title)
    ]
    begins = [product for title, product in having if title[: len(meant)] == meant or title[:1] == meant[:1]]
    return next(iter([*begins, *(product for _, product in having)]), None) if meant else None


def _only_one_of_its_kind(result: CatalogResult, text: str) -> ProductDetail | None:
    """ "The skillet", where the search has brought just one."""
    meant = {stem(word) for named in _THE_ONE.findall(fold(text)) for word in content_words(named)}
    nouns = [
        {stem(word) for word in content_words(product.card.title.split(",")[0])[-1:]} for product in result.products
    ]
    those = [product for product, noun in zip(result.products, nouns, strict=True) if noun & meant]
    return those[0] if len(those) == 1 else None


_THE_ONE = re.compile(r"\b(?:the|your|this|that|my)((?: [\w-]+){1,4})")
"""What follows the article: the noun is among it ("the coffee grinder electric")."""


def named_share(product: ProductDetail, text: str) -> float:
    """The share of the title's words that the text has, 0..1; a name given short counts by its own words."""
    there = {stem(word) for word in content_words(text)}
    title = [stem(word) for word in content_words(product.card.title)]
    if not title:
        return 0.0
    met = sum(word in there for word in title)
    leads = met >= 2 or (met == 1 and title[0] in there and len(title) <= 3)
    return max(met / len(title), 0.5 if leads else 0.0)


async def find_shown(reply: Reply, limit: int) -> list[ProductDetail]:
    """The products of the last answers, in the order in which they were shown."""
    found = [await reply.tools.get_product(product_id) for product_id in reply.question.shown_products[:limit]]
    return [product for product in found if product is not None]


async def _shown_at(reply: Reply, position: int) -> ProductDetail | None:
    shown = reply.question.shown_products
    index = position - 1 if position > 0 else len(shown) - 1
    return await reply.tools.get_product(shown[index]) if 0 <= index < len(shown) else None


def _pointed_at(reply: Reply) -> str | None:
    """ "This" is the page the shopper is on; "it" is what we spoke of last."""
    question = reply.question
    says_this = bool(_THIS & set(fold(question.text).replace("?", " ").split()))
    last = question.shown_products[0] if question.shown_products else None
    return (question.page_product_id or last) if says_this else (last or question.page_product_id)


def lowest_price(card: ProductCard) -> Money | None:
    """The least that any buyable form costs."""
    prices = [variant.price for variant in card.variants if variant.price] or ([card.price] if card.price else [])
    return min(prices, key=lambda price: price.amount) if prices else None
