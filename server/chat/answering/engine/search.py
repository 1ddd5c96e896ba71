"""Products for a wish: the words and limits to search with, and what was found, best first."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from server.chat.answering.engine.choices import has_choices
from server.chat.answering.engine.exclusions import doubt_of, excluded_by
from server.chat.answering.engine.fits import WishQuery, fits_of, name_text, pages_know, query_stems
from server.chat.answering.engine.focus import find_products, lowest_price
from server.chat.answering.engine.reply import Reply
from server.chat.answering.engine.wish_words import last_wish, wish_words
from server.chat.answering.reading.degrees import find_price_wish
from server.chat.answering.reading.models import Slots
from server.chat.answering.reading.reader import MAX_QUERY_CHARACTERS
from server.chat.languages.measures import read_measures
from server.chat.models import CatalogResult, ProductDetail, Source
from server.languages.matching import normalise

SEARCHED = 8
MANY = 24
"""For the extreme of a kind, all of the kind have to be seen."""
FITS = 0.3
"""From this fit on a product is offered."""
NEAR = 0.26
"""From here on it is shown as the nearest; below, the shop is not said to have it, nor not to."""
MAX_NOUNS, FEW_NOUNS = 2, 3
ONLY_NEAR = 0.28
"""The best fit there is to a short wish with a word that no product has."""
MAX_EXTREMES = 3
FOR_OTHERS = 0.6
"""What the fit counts of a product for others than those who are asked for."""
TOO_WARM, UNKNOWN_DEGREES = 0.5, 0.8
"""What the fit counts of a product that does not go down to the temperature asked for, or does not say."""


class Match(Struct, frozen=True):
    """A product that was found. `fit` is 0..1; `doubt` names what its page does not confirm."""

    product: ProductDetail
    fit: float
    source: Source | None = None
    doubt: str = ""


class Wish(Struct, frozen=True):
    """What is looked for: the words to search with, the limits, and what was found, best first."""

    query: str
    slots: Slots
    matches: tuple[Match, ...] = ()
    left_out: tuple[ProductDetail, ...] = ()
    """Found, but unfit: they have what is not wanted."""
    is_of_shown: bool = False
    """Only products that were shown before were looked at, for a colour or size."""

    @property
    def fit(self) -> float:
        """Of the best match; 0 without one."""
        return self.matches[0].fit if self.matches else 0.0


async def find_wish(reply: Reply) -> Wish:
    """Search for what is wanted, within its limits, the last wish completed where this one only narrows it down."""
    query, slots = await _completed(reply)
    if not query and (slots.cheapest or slots.dearest):
        return await _extremes(reply, slots)
    if not query and (slots.colours or slots.sizes) and reply.question.shown_products and not slots.excluded:
        return await _of_shown(reply, slots)
    result = await search_within(reply, query, slots)
    matches, left_out = [], []
    wish = await _wish_query(reply, query)
    fits, degrees = await _fits(reply, wish, result), coldest_wanted(reply)
    if max(fits, default=0.0) > ONLY_NEAR and not _knows_words(wish, result.products):
        fits = [fit * ONLY_NEAR / max(fits) for fit in fits]
    for product, fit in zip(result.products, fits, strict=True):
        if excluded_by(reply, product, slots):
            left_out.append(product)
            continue
        if not _is_within_limits(product, slots):
            continue
        if (slots.colours or slots.sizes) and not has_choices(reply, product):
            fit = min(fit * 0.6, ONLY_NEAR)
        fit *= _suits_degrees(reply, product, degrees) * _suits_audience(reply, product)
        matches.append(Match(product, fit, _source(result, product), doubt_of(reply, product, slots)))
    if slots.excluded:
        matches = [match for match in matches if not match.doubt] or matches[:1]
    matches.sort(key=lambda match: -match.fit * (0.9 if match.doubt else 1.0))
    if matches and await _is_other_kind(reply, query, slots, matches[0]):
        matches = []
    return Wish(query, slots, tuple(matches), tuple(left_out))


def _knows_words(wish: WishQuery, products: Sequence[ProductDetail]) -> bool:
    """Whether each word of a short wish stands on the page of a product that was found: "vegan boots" are not just
    boots."""
    asked = [word for word in query_stems(wish) if word.isalpha()]
    if wish.is_foreign or not 1 < len(asked) <= FEW_NOUNS:
        return True
    return all(pages_know(wish, products, word) for word in asked)


async def _is_other_kind(reply: Reply, query: str, slots: Slots, best: Match) -> bool:
    """Whether a limit of price leaves only another kind than the words alone mean: pegs instead of a tent."""
    if slots.price_max is None or slots.cheaper or len(reply.language.stems(query)) > MAX_NOUNS:
        return False
    unlimited = msgspec.structs.replace(slots, price_min=None, price_max=None)
    result = await search_within(reply, query, unlimited)
    fits = await _fits(reply, await _wish_query(reply, query), result)
    meant = [product for product, fit in zip(result.products, fits, strict=True) if fit >= FITS]
    if not meant or not meant[0].category or not best.product.category:
        return False
    return best.product.category[-1] not in {product.category[-1] for product in meant[:2] if product.category}


def coldest_wanted(reply: Reply) -> float | None:
    """The temperature below zero that the wish names."""
    asked = [each for each in read_measures(reply.reading.text, "temperature", reply.language.code) if each < 0]
    return min(asked, default=None)


def _suits_degrees(reply: Reply, product: ProductDetail, degrees: float | None) -> float:
    """What the fit of a product counts whose page does not go down to the temperature that is asked for."""
    if degrees is None:
        return 1.0
    shop = reply.shop_language.code
    known = [each for text in product.attributes.values() for each in read_measures(text, "temperature", shop)]
    return 1.0 if known and min(known) <= degrees else TOO_WARM if known else UNKNOWN_DEGREES


def _suits_audience(reply: Reply, product: ProductDetail) -> float:
    """What the fit of a product counts that is for others than those who are asked for: men's jackets for women."""
    said = normalise(" ".join((product.card.title, *product.category)))
    audience = {name for name, phrases in reply.shop_language.words.audience.items() if phrases.found_in(said)}
    return FOR_OTHERS if audience and audience.isdisjoint(reply.reading.slots.audience or audience) else 1.0


async def _extremes(reply: Reply, slots: Slots) -> Wish:
    """What costs least or most: of several products that the last answer showed, unless this question, or one before
    that it goes on with, is about the whole shop; else of all."""
    said = [each.text for each in reply.question.history if each.author == "shopper"]
    before = reply.language.normalise(said[-1]) if said else ""
    goes_on = find_price_wish(before, reply.language) in ("cheapest", "dearest")
    names_all = reply.language.words.references.whole_shop.found_in
    is_of_all = names_all(reply.reading.normalised) or (goes_on and names_all(before))
    found = [] if is_of_all else await find_products(reply, reply.question.last_shown)
    if len(found) < 2:
        found = list(await reply.tools.catalog_extremes(dearest=slots.dearest, limit=MAX_EXTREMES))
    return Wish("", slots, tuple(Match(product, 1.0) for product in found))


async def _of_shown(reply: Reply, slots: Slots) -> Wish:
    """Of the products that were shown, those in the colour or size that is asked for."""
    shown = await find_products(reply, reply.question.shown_products[:SEARCHED])
    fitting = [product for product in shown if has_choices(reply, product)]
    return Wish("", slots, tuple(Match(product, 1.0) for product in fitting), is_of_shown=True)


async def search_within(reply: Reply, query: str, slots: Slots) -> CatalogResult:
    """The catalog's best for a query within the limits of price and stock."""
    return await reply.tools.search_catalog(
        query,
        price_min=slots.price_min,
        price_max=slots.price_max,
        in_stock=slots.in_stock,
        limit=MANY if slots.superlative or slots.cheapest or slots.dearest else SEARCHED,
    )


async def _completed(reply: Reply) -> tuple[str, Slots]:
    """The query and limits; the last wish stands before a message that only narrows it down ("cheaper?", "in blue")."""
    reading, slots = reply.reading, reply.reading.slots
    query = wish_words(reply, reading.query)
    if slots.cheaper and reply.question.shown_products:
        shown = await reply.tools.get_product(reply.question.shown_products[0])
        if shown and (price := lowest_price(shown.card)) and slots.price_max is None:
            slots = msgspec.structs.replace(slots, price_max=price.amount - 1)
    narrows = reading.is_follow_up and len(query.split()) < 2
    if (query and not narrows) or slots.cheapest or slots.dearest:
        return query, slots
    if (slots.colours or slots.sizes) and reply.question.shown_products and not slots.excluded:
        return "", slots
    completed = f"{last_wish(reply) or await _kind_of_shown(reply)} {query}".strip()
    return completed or reading.text[:MAX_QUERY_CHARACTERS], slots


async def _kind_of_shown(reply: Reply) -> str:
    """The kind of thing that was shown last: its category, or its title without one."""
    if not reply.question.shown_products:
        return ""
    shown = await reply.tools.get_product(reply.question.shown_products[0])
    return (shown.category[-1] if shown.category else shown.card.title) if shown else ""


async def _wish_query(reply: Reply, query: str) -> WishQuery:
    vector = reply.reading.vector
    if query not in reply.reading.query:  # words of an earlier message
        vector = await reply.helpers.headings.vector_of(query, reply.reading.language)
    return WishQuery(text=query, language=reply.language, shop_language=reply.shop_language, vector=vector)


async def _fits(reply: Reply, wish: WishQuery, result: CatalogResult) -> list[float]:
    """The probability of each product found that it is what is looked for; 1 for one with the part number named."""
    texts = [name_text(product) for product in result.products]
    names = await reply.helpers.headings.vectors_of(texts, reply.shop_language.code)
    found = fits_of(wish, result.products, result.similarities, names)
    return [1.0, *found[1:]] if result.exact and found else found


def _is_within_limits(product: ProductDetail, slots: Slots) -> bool:
    card = product.card
    if slots.in_stock and not card.available:
        return False
    if slots.reduced and not (
        card.compare_at_price and card.price and card.compare_at_price.amount > card.price.amount
    ):
        return False
    if card.price is None:
        return slots.price_min is None and slots.price_max is None
    prices = [each.price.amount for each in card.variants if each.price] or [card.price.amount]
    low = slots.price_min is None or max(prices) >= slots.price_min
    return low and (slots.price_max is None or min(prices) <= slots.price_max)


def _source(result: CatalogResult, product: ProductDetail) -> Source | None:
    return next((source for source in result.sources if source.id == f"product:{product.card.id}"), None)
