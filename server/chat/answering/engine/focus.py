"""Which product a question is about: one that it names, points at ("the second one", "it"), or on the open page."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import lru_cache

from msgspec import Struct

from integrations.platform import Money
from server.chat.answering.engine.reply import Reply
from server.chat.answering.engine.wish_words import wish_words
from server.chat.answering.reading.models import ABOUT_PRODUCT, Intent
from server.chat.models import CatalogResult, ProductCard, ProductDetail
from server.languages.matching import words_of
from server.languages.words import Language

NAMED = 0.5
"""The share of a title's telling words that must stand in the question for the product to be named by it."""
WHOLE_NAME = 0.66
CLOSE_MEANING = 0.33
"""The cosine from which the best product is meant by a question that describes one."""
CLOSE_MEANING_FOREIGN = 0.24
ASKS_OF_PRODUCT = 0.35
SAME_WORD = 0.84
NAME_WORDS = 2
"""So many words of a title in a question name its product."""
MESSAGES_BACK = 3
"""Earlier messages that are read for a product where no answer has shown one."""
CLEAR_WISH = 0.5
"""From this probability on a message is a wish, and words of a title in it describe the wish."""
SEARCHED = 20
"""Enough to see every product that a noun of the question may name."""
MAX_CANDIDATES, NEARLY = 3, 0.85
"""Products that may be meant by words that describe one, and the share of the best similarity that they need."""
MIN_STEM, MIN_FUZZY_LETTERS, MIN_SWAPPED_LETTERS = 3, 5, 4
"""Below the first, letters may only have changed places."""
_LATIN = re.compile(r"[A-Za-z\d]+")
"""A name or number within a text without spaces: "Drift 22には"."""


class Focus(Struct, frozen=True):
    """The product meant. `is_named`: the question itself says which; `is_certain`: by its name or number. `others` may
    be meant as well: what their pages say decides."""

    product: ProductDetail
    is_named: bool
    is_certain: bool = False
    is_guess: bool = False
    """Only described, as the catalog's best for the question's words: meant if its page answers."""
    others: tuple[ProductDetail, ...] = ()


async def find_focus(reply: Reply, result: CatalogResult | None = None) -> Focus | None:
    """The product meant, or None when the question does not say. `result` is the search for the question's words."""
    reading = reply.reading
    if reading.slots.positions and (product := await _shown_at(reply, reading.slots.positions[0])):
        return Focus(product, is_named=True, is_certain=True)
    result = result or await reply.tools.search_catalog(reading.query or reading.text, limit=SEARCHED)
    pointed = await _pointed_at(reply)
    is_wish = reading.intent is Intent.PRODUCT_SEARCH and reading.confidence >= CLEAR_WISH
    said = reading.text if reply.language.is_spaced else _LATIN.sub(r" \g<0> ", reading.text)
    named = best_named(result, f"{said} {reply.meanings}", reply.shop_language)
    if named is not None and (not is_wish or named[1] >= WHOLE_NAME):
        product, share = named
        is_other = pointed is None or product.card.id != pointed.card.id
        if not pointed or not reading.refers_back or share >= WHOLE_NAME or not is_other or result.exact:
            return Focus(product, is_named=True, is_certain=share >= WHOLE_NAME or result.exact)
    mentioned = _mentioned(reply, result)
    goes_on = reading.refers_back or reading.is_follow_up or _says_little(reply)
    if pointed is None and goes_on and (spoken_of := await _spoken_of(reply)) is not None:
        return Focus(spoken_of, is_named=False)
    if pointed and goes_on:
        if reading.refers_back or not mentioned or _words_shared(reply, pointed):
            return Focus(pointed, is_named=False)
        is_name = _words_shared(reply, mentioned[0]) >= NAME_WORDS
        if is_name or reading.slots.in_stock or "money" in reading.slots.asks:
            return Focus(mentioned[0], is_named=True)
        return Focus(pointed, is_named=False, others=tuple(mentioned[: MAX_CANDIDATES - 1]))
    if mentioned and reading.probability(ABOUT_PRODUCT) >= ASKS_OF_PRODUCT and not reading.refers_back:
        return Focus(mentioned[0], is_named=True, others=tuple(mentioned[1:MAX_CANDIDATES]))
    if (described := _described(reply, result)) is not None:
        return Focus(described, is_named=True, others=tuple(_nearly_described(result)))
    return Focus(pointed, is_named=False) if pointed else None


def best_named(result: CatalogResult, text: str, shop: Language) -> tuple[ProductDetail, float] | None:
    """The product whose title the text names best, with the share of its words that are named."""
    if result.exact and result.products:
        return result.products[0], 1.0
    shares = [
        (named_share(product.card.title, text, shop), -rank, product) for rank, product in enumerate(result.products)
    ]
    named = [
        entry
        for entry in shares
        if entry[0] == 1 or (entry[0] >= NAMED and not _is_kind(entry[2], text, result.products, shop))
    ]
    if not named:
        return None
    share, _, product = max(named, key=lambda entry: entry[:2])
    return product, share


def _is_kind(product: ProductDetail, text: str, products: Sequence[ProductDetail], shop: Language) -> bool:
    """Whether the words of its title that a text has only say what kind of thing it is: its category says them, or
    another title has them all."""
    there = shop.stems(text)
    said = {word for word in shop.stems(product.card.title) if any(is_same_word(word, other) for other in there)}
    if said <= {word for name in product.category for word in shop.stems(name)}:
        return True
    return any(other is not product and said <= set(shop.stems(other.card.title)) for other in products)


def named_share(title: str, text: str, shop: Language) -> float:
    """The share of the title's words that the text has, 0..1. A name given short counts by its own words: the first
    word of the title, or two of them. Slips of a letter in longer words do not matter."""
    there = [shop.stem(word) for word in words_of(text)]
    own = [shop.stem(word) for word in words_of(title) if word not in shop.stop_words]
    if not own:
        return 0.0
    met = [any(is_same_word(word, other) for other in there) for word in own]
    count = sum(met)
    leads = count >= 2 or (count == 1 and met[0] and len(own) <= 3 and len(own[0]) > 3)
    return max(count / len(own), NAMED if leads else 0.0)


@lru_cache(maxsize=50_000)
def is_same_word(word: str, other: str) -> bool:
    """Whether two words are the same but for a slip of the finger."""
    if word == other:
        return True
    if min(len(word), len(other)) < MIN_SWAPPED_LETTERS or word[0] != other[0] or word.isdecimal():
        return False
    if len(word) < MIN_FUZZY_LETTERS:
        return sorted(word) == sorted(other)
    if abs(len(word) - len(other)) > 1:
        return False
    matcher = SequenceMatcher(None, word, other)
    return matcher.quick_ratio() >= SAME_WORD and matcher.ratio() >= SAME_WORD


async def find_named(reply: Reply, name: str) -> ProductDetail | None:
    """The product that a name means, which may be short ("Ember")."""
    result = await reply.tools.search_catalog(name, limit=SEARCHED)
    if (named := best_named(result, name, reply.shop_language)) is not None:
        return named[0]
    meant = {reply.shop_language.stem(word) for word in words_of(name) if word not in reply.shop_language.stop_words}
    for product in result.products:
        own = [reply.shop_language.stem(word) for word in words_of(product.card.title)]
        if meant and all(any(is_same_word(word, other) for other in own) for word in meant):
            return product
    return None


async def find_products(reply: Reply, ids: Sequence[str]) -> list[ProductDetail]:
    """The products of these ids that the shop still has, in their order."""
    found = [await reply.tools.get_product(product_id) for product_id in ids]
    return [product for product in found if product is not None]


def lowest_price(card: ProductCard) -> Money | None:
    """The least that any buyable form costs."""
    prices = [variant.price for variant in card.variants if variant.price] or ([card.price] if card.price else [])
    return min(prices, key=lambda price: price.amount) if prices else None


async def _spoken_of(reply: Reply) -> ProductDetail | None:
    """The product that the shopper's last messages name, newest first."""
    said = [each.text for each in reversed(reply.question.history) if each.author == "shopper"]
    for text in said[:MESSAGES_BACK]:
        result = await reply.tools.search_catalog(text, limit=SEARCHED)
        if (named := best_named(result, text, reply.shop_language)) is not None:
            return named[0]
    return None


def _mentioned(reply: Reply, result: CatalogResult) -> list[ProductDetail]:
    """The products found whose titles share most telling words with the question, best first."""
    shared = [_words_shared(reply, product) for product in result.products]
    most = max(shared, default=0)
    return [product for product, count in zip(result.products, shared, strict=True) if count == most > 0]


def _words_shared(reply: Reply, product: ProductDetail) -> int:
    """How many telling words of a question the title has."""
    said = f"{wish_words(reply, reply.reading.query)} {reply.meanings}"
    asked = [word for word in reply.shop_language.stems(said) if len(word) >= MIN_STEM]
    own = reply.shop_language.stems(product.card.title)
    return sum(
        any(is_same_word(word, other) or _is_head(word, other) or _is_head(other, word) for word in asked)
        for other in own
    )


def _is_head(part: str, word: str) -> bool:
    """Whether a word is the last part of a compound."""
    return len(part) > MIN_SWAPPED_LETTERS and word.endswith(part)


def _nearly_described(result: CatalogResult) -> list[ProductDetail]:
    """Further products that are nearly as similar as the best."""
    best = result.similarities[0] if result.similarities else None
    if best is None:
        return []
    near = zip(result.products[1:MAX_CANDIDATES], result.similarities[1:MAX_CANDIDATES], strict=False)
    return [product for product, similarity in near if similarity is not None and similarity >= NEARLY * best]


def _says_little(reply: Reply) -> bool:
    """A question of so few words that it can only go on with what was spoken of."""
    return len(reply.language.stems(reply.reading.text)) <= 2


def _described(reply: Reply, result: CatalogResult) -> ProductDetail | None:
    """The best product of a search that is near in meaning to a question about a product: "the cast-iron pan"."""
    if not result.products or reply.reading.probability(ABOUT_PRODUCT) < ASKS_OF_PRODUCT:
        return None
    similarity = result.similarities[0] if result.similarities else None
    enough = CLOSE_MEANING_FOREIGN if reply.is_foreign else CLOSE_MEANING
    return result.products[0] if similarity is not None and similarity >= enough else None


async def _shown_at(reply: Reply, position: int) -> ProductDetail | None:
    shown = reply.question.shown_products
    index = position - 1 if position > 0 else len(shown) - 1
    return await reply.tools.get_product(shown[index]) if 0 <= index < len(shown) else None


async def _pointed_at(reply: Reply) -> ProductDetail | None:
    """What the last question of this message was about; else the open page; else what was shown last."""
    if reply.product is not None:
        return reply.product
    question = reply.question
    last = question.shown_products[0] if question.shown_products else None
    meant = question.page_product_id or last
    return await reply.tools.get_product(meant) if meant else None
