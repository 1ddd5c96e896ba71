"""Product search: what was found and why it fits, within the price limit and the stock asked for, or honestly not."""

import re

from msgspec import Struct

from server.chat.answering.engine.product_match import (
    VAGUE,
    fits,
    is_called,
    is_of_kind,
    meets,
    names_nothing,
    wanted_kind,
    wanted_traits,
)
from server.chat.answering.engine.product_reference import lowest_price
from server.chat.answering.engine.reply import Reply
from server.chat.answering.engine.sizes import tell_sizes
from server.chat.answering.engine.text_match import asked, clip, fit, sentences_of
from server.chat.answering.intents.words import STOP_WORDS, fold, stem, stems
from server.chat.models import (
    AnswerEvent,
    CatalogResult,
    ProductCard,
    ProductDetail,
    ShowProducts,
    Source,
    VariantCard,
)

MAX_CARDS = 6
MAX_FOUND = 8
MAX_STEPS = 5
FITS = 0.34
"""Below this a product is no answer to the search."""
BESIDE = 0.7
"""The share of the best fit that others must reach to be shown."""
MAX_WHY_CHARACTERS = 200
MAX_NAME_WORDS = 4
_SEVERAL = re.compile(r"\b(?:and|or)\b|&")


class Match(Struct, frozen=True):
    """A product that was found. `fit` is 0..1."""

    product: ProductDetail
    fit: float
    source: Source | None = None


async def search(reply: Reply) -> CatalogResult:
    """What the catalog has for the wish, within its limits."""
    intent = reply.intent
    telling = [word for word in intent.query.split() if stem(word) not in VAGUE and word not in STOP_WORDS]
    query = telling[0] if len(telling) == 1 else intent.query
    low, high = intent.price_min, intent.price_max
    result = await reply.tools.search_catalog(
        query, price_min=low, price_max=high, in_stock=intent.in_stock, limit=MAX_FOUND
    )
    wants_extreme = (intent.cheapest or intent.dearest) and names_nothing(reply)
    for _ in range(MAX_STEPS if wants_extreme else 0):  # a search brings what is near in meaning: step to the end
        prices = [product.card.price.amount for product in result.products if product.card.price]
        if not prices:
            break
        low, high = (low, min(prices) - 1) if intent.cheapest else (max(prices) + 1, high)
        beyond = await reply.tools.search_catalog(
            query, price_min=low, price_max=high, in_stock=intent.in_stock, limit=MAX_FOUND
        )
        if not beyond.products:
            break
        result = beyond
    return result


def has_limits(reply: Reply) -> bool:
    """Whether a price or stock is asked for."""
    intent = reply.intent
    return intent.price_max is not None or intent.price_min is not None or intent.in_stock


def matching(reply: Reply, result: CatalogResult) -> list[Match]:
    """The results that fit the words, best first; all exact part-number hits do."""
    sources = {source.id: source for source in result.sources}
    matches = []
    for rank, product in enumerate(result.products):
        score = result.scores[rank] if rank < len(result.scores) else 0.0
        value = 1.0 if result.exact and rank == 0 else fits(reply, product, score)
        if _is_within_limits(reply, product.card):
            matches.append(Match(product, value, sources.get(f"product:{product.card.id}")))
    if names_nothing(reply):
        return matches
    best = max((match.fit for match in matches), default=0.0)
    return _of_the_kind(reply, [match for match in matches if match.fit >= max(FITS, BESIDE * best)])


def _of_the_kind(reply: Reply, matches: list[Match]) -> list[Match]:
    """Jackets only, where jackets are asked for and found: no pack with room for one beside them."""
    kind = wanted_kind(reply)
    if kind is None or not matches:
        return matches
    first = [match for match in matches if is_of_kind(kind, match.product)][: None if has_limits(reply) else 1]
    if not first or (first[0] is not matches[0] and not has_limits(reply)):
        return matches
    return [match for match in matches if is_of_kind(kind, match.product, or_near=True)]


def _is_within_limits(reply: Reply, card: ProductCard) -> bool:
    intent = reply.intent
    if intent.in_stock and not card.available:
        return False
    if card.price is None:
        return intent.price_max is None and intent.price_min is None
    low, high = lowest_price(card), card.price
    cheapest = low or high
    return (intent.price_max is None or cheapest.amount <= intent.price_max) and (
        intent.price_min is None or high.amount >= intent.price_min
    )


def ordered(reply: Reply, matches: list[Match]) -> list[Match]:
    """By price where the shopper asked for the cheapest or dearest; otherwise what can be had comes first."""
    priced = [match for match in matches if match.product.card.price]
    kind = wanted_kind(reply)
    if kind and (reply.intent.cheapest or reply.intent.dearest):  # the cheapest tent, not the cheapest thing for one
        priced = [match for match in priced if is_of_kind(kind, match.product)] or priced
    to_be_had = [match for match in priced if match.product.card.available] or priced
    if reply.intent.cheapest and priced:
        return sorted(to_be_had, key=_amount)
    if reply.intent.dearest and priced:
        return sorted(to_be_had, key=_amount, reverse=True)
    best = max((match.fit for match in matches), default=0.0)
    close = [match for match in matches if match.fit >= 0.9 * best and match.product.card.available]
    return close + [match for match in matches if match not in close]


def _amount(match: Match) -> int:
    price = match.product.card.price
    return price.amount if price else 0


def present(reply: Reply, matches: list[Match]) -> list[AnswerEvent]:
    """The sentence or two, the cards, the citation, what to ask next."""
    words, best = reply.words, matches[0]
    shown = matches[:MAX_CARDS]
    for match in shown:
        reply.grounder.add_product(match.product)
    reply.grounder.allow_count(len(shown))
    events: list[AnswerEvent] = list(reply.cite_product(best.product, best.source))
    events += reply.say(_headline(reply, best.product.card, len(shown), is_exact=not lacks(reply, shown)))
    if not best.product.card.available:
        events += reply.say(words.sold_out_first)
    if variant := _variant_asked_for(reply, best.product):
        text = words.stock_variant_yes if variant.available else words.stock_variant_no
        events += reply.say(text.format(title=best.product.card.title, variant=variant.title))
    told = tell_sizes(reply, [match.product for match in shown])
    events += told
    if not told and (why := reason(reply, best.product)):
        events += reply.say(words.why.format(quote=why))
    events += _others(reply, shown[1:])
    events.append(ShowProducts(tuple(match.product.card for match in shown)))
    next_questions = (
        (words.ask_compare, words.ask_stock, words.ask_cheapest)
        if len(shown) > 1
        else (words.ask_shipping, words.ask_returns)
    )
    events += reply.suggest(words.ask_details, *next_questions)
    return events + list(reply.conclude("product_search", 0.45 + 0.5 * best.fit))


def _variant_asked_for(reply: Reply, product: ProductDetail) -> VariantCard | None:
    """The one form whose part number the question gives."""
    asked_for = fold(reply.question.text)
    return next(
        (each for each in product.card.variants if each.sku and fold(each.sku) in asked_for and each.title), None
    )


def lacks(reply: Reply, matches: list[Match]) -> bool:
    """Whether a word of the wish stands on none of the pages: "a mushroom lamp", where there are other lamps."""
    if reply.intent.language != "en" or names_nothing(reply) or _names_part_number(reply, matches[0].product):
        return False
    if _SEVERAL.search(reply.intent.wanted):  # "a jacket and a tent" is met by either
        return False
    kind = wanted_kind(reply)
    is_other = kind is not None and not is_called(matches[0].product, kind)
    return is_other or any(not any(meets(match.product, c) for match in matches) for c in wanted_traits(reply))


def _names_part_number(reply: Reply, product: ProductDetail) -> bool:
    asked_for = fold(reply.question.text)
    return fold(product.card.id) in asked_for or _variant_asked_for(reply, product) is not None


def _headline(reply: Reply, card: ProductCard, count: int, *, is_exact: bool) -> str:
    words = reply.words
    if card.price is None:
        return words.found_unpriced.format(title=card.title)
    if not is_exact:
        return f"{words.not_exactly} {words.nearest.format(title=card.title, price=reply.money(card.price))}"
    template = words.found if count > 1 else words.found_one
    if reply.intent.cheapest:
        template = words.found_cheapest
    elif reply.intent.dearest:
        template = words.found_dearest
    return template.format(title=card.title, price=reply.money(card.price))


def reason(reply: Reply, product: ProductDetail) -> str | None:
    """The sentence of the page that meets the search best, or its first one; None without a description."""
    sentences = [sentence for sentence in sentences_of(product.description) if len(sentence) > 15]
    if not sentences:
        return None
    question = asked(reply.intent.wanted, reply.intent.language).without(frozenset(stems(product.card.title)))
    best = max(sentences, key=lambda sentence: fit(stems(sentence), question, {}))
    return clip(best, MAX_WHY_CHARACTERS)


def _others(reply: Reply, others: list[Match]) -> list[AnswerEvent]:
    words = reply.words
    prices = [price for match in others if (price := match.product.card.price)]
    if not others or not prices or len({price.currency for price in prices}) > 1:
        return []
    if len(others) == 1:
        return list(reply.say(words.other_one.format(title=others[0].product.card.title, price=reply.money(prices[0]))))
    low, high = min(prices, key=lambda price: price.amount), max(prices, key=lambda price: price.amount)
    if len(prices) != len(others) or low == high:
        return []
    return list(reply.say(words.others.format(count=len(others), low=reply.money(low), high=reply.money(high))))
