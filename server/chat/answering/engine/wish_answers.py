"""The answer to a wish: products that meet it, or the nearest, or honestly none."""

import re

from integrations.platform import Money
from server.chat.answering.engine.evidence import clip, is_other_language
from server.chat.answering.engine.fits import is_in
from server.chat.answering.engine.focus import lowest_price
from server.chat.answering.engine.reply import Reply
from server.chat.answering.engine.search import FITS, NEAR, Match, Wish
from server.chat.answering.engine.wish_words import as_written
from server.chat.answering.reading.models import Slots
from server.chat.models import AnswerEvent, ProductDetail, ShowProducts
from server.knowledge.evidence import Unit, UnitKind, product_text_units

MAX_CARDS = 6
WITHIN = 0.12
"""The fit from which a product within limits of price is offered: they tell more than words."""
ABSENT = 0.06
"""Below this fit of the best product the shop does not seem to have what was asked for."""
BESIDE = 0.6
"""The share of the best fit that others must reach to be shown."""
CLEARLY = 0.97
"""What is sold out stands behind what is not, unless it fits so much better."""
MAX_WHY_CHARACTERS = 220
MAX_NAME_WORDS = 4


def answer_wish(reply: Reply, wish: Wish) -> list[AnswerEvent]:
    """Headline, why, the others; the nearest where nothing fits; that nothing was found."""
    if wish.is_of_shown:
        return _answer_shown(reply, wish)
    limited = wish.slots.price_min is not None or wish.slots.price_max is not None
    if wish.fit >= (WITHIN if limited and not wish.slots.cheaper else FITS):
        return _answer_matches(reply, wish)
    if wish.fit >= NEAR and not wish.slots.cheaper:
        return _answer_nearest(reply, wish)
    return _answer_nothing(reply, wish)


def _answer_shown(reply: Reply, wish: Wish) -> list[AnswerEvent]:
    """Which of the shown products come in the colour or size that is asked for."""
    words = reply.words
    choice = _choice_as_written(reply, wish.slots)
    reply.grounder.add_facts("question", "choice", choice)
    if not wish.matches:
        return [
            *reply.say(words.none_in_colour.format(choice=choice)),
            *reply.suggest(words.ask_find, words.ask_human),
            *reply.conclude("product_none", 0.6),
        ]
    events: list[AnswerEvent] = list(reply.say(words.filtered.format(choice=choice)))
    for match in wish.matches[:MAX_CARDS]:
        events += reply.cite_product(match.product)
        price = lowest_price(match.product.card)
        line = f"**{match.product.card.title}**" + (f": {reply.money(price)}" if price else "")
        events += reply.say(f"- {line}", separator="\n")
    events.append(ShowProducts(tuple(match.product.card for match in wish.matches[:MAX_CARDS])))
    return [*events, *reply.suggest(words.ask_details, words.ask_stock), *reply.conclude("product_search", 0.8)]


def _choice_as_written(reply: Reply, slots: Slots) -> str:
    tables = ((slots.colours, reply.language.words.colours), (slots.sizes, reply.language.words.sizes))
    said = [
        place.text if name in table and (place := table[name].match(reply.reading.normalised)) else name
        for names, table in tables
        for name in names
    ]
    return " ".join(said)


def _shown(wish: Wish) -> list[Match]:
    best = wish.fit
    shown = [match for match in wish.matches if match.fit >= max(min(NEAR, best), BESIDE * best)]
    if wish.slots.cheapest or wish.slots.dearest:
        priced = [match for match in shown if match.product.card.price]
        priced.sort(key=lambda match: _amount(match), reverse=wish.slots.dearest)
        shown = priced or shown
    else:
        kind = shown[0].product.category[-1:]
        shown.sort(key=lambda match: match.product.category[-1:] != kind)
        shown.sort(key=lambda match: not match.product.card.available and match.fit < CLEARLY * best)
    return shown[:MAX_CARDS]


def _amount(match: Match) -> int:
    price = lowest_price(match.product.card)
    return price.amount if price else 0


def _answer_matches(reply: Reply, wish: Wish) -> list[AnswerEvent]:
    words, shown = reply.words, _shown(wish)
    best = shown[0]
    for match in shown:
        reply.grounder.add_product(match.product)
    reply.grounder.allow_count(len(shown) - 1)
    reply.product = best.product
    events: list[AnswerEvent] = list(reply.cite_product(best.product, best.source))
    events += reply.say(_headline(reply, wish, best, len(shown)))
    if not best.product.card.available:
        events += reply.say(words.sold_out_first)
    if why := reason(reply, best.product, wish.query):
        events += reply.say(words.in_the_shops_words) if is_other_language(why, reply) else []
        events += reply.say(words.why.format(quote=why))
    if best.doubt:
        doubted = _wish_as_written(reply, best.doubt)
        reply.grounder.add_facts("question", "wish", f"{best.doubt}; {doubted}")
        events += reply.say(words.wish_unconfirmed.format(wish=doubted))
    if wish.left_out:
        events += reply.say(words.left_out_unfit)
    events += _others(reply, shown[1:])
    events.append(ShowProducts(tuple(match.product.card for match in shown)))
    more = (
        (words.ask_compare, words.ask_stock, words.ask_cheapest)
        if len(shown) > 1
        else (words.ask_shipping, words.ask_returns)
    )
    events += reply.suggest(words.ask_details, *more)
    return events + list(reply.conclude("product_search", 0.45 + 0.5 * best.fit))


def _wish_as_written(reply: Reply, thing: str) -> str:
    """What is not wanted, with its "without" as the shopper wrote it."""
    found = re.search(rf"(\w+ )?{re.escape(thing)}([ -]\w+)?", reply.reading.normalised)
    return found[0] if found else thing


def _headline(reply: Reply, wish: Wish, best: Match, count: int) -> str:
    words, card = reply.words, best.product.card
    price = lowest_price(card)
    if price is None:
        return words.found_unpriced.format(title=card.title)
    template = words.found if count > 1 else words.found_one
    if wish.slots.cheapest:
        template = words.found_cheapest
    elif wish.slots.dearest:
        template = words.found_dearest
    return template.format(title=card.title, price=reply.money(price))


def reason(reply: Reply, product: ProductDetail, query: str) -> str:
    """The piece of the page that meets the wish best, or its first sentence; empty without a description."""
    units = [
        unit
        for unit in product_text_units(product.card.title, product.description)
        if unit.kind is not UnitKind.ATTRIBUTE
    ]
    if not units:
        return ""
    shop = reply.shop_language
    asked = set(shop.stems(query)) - set(shop.stems(product.card.title))

    def met(unit: Unit) -> tuple[int, int]:
        return sum(is_in(word, frozenset(shop.stems(unit.text))) for word in asked), -unit.place

    return clip(max(units, key=met).text, MAX_WHY_CHARACTERS)


def _others(reply: Reply, others: list[Match]) -> list[AnswerEvent]:
    words = reply.words
    prices = [price for match in others if (price := lowest_price(match.product.card))]
    if not others or not prices or len({price.currency for price in prices}) > 1:
        return []
    if len(others) == 1:
        return list(reply.say(words.other_one.format(title=others[0].product.card.title, price=reply.money(prices[0]))))
    low, high = min(prices, key=lambda price: price.amount), max(prices, key=lambda price: price.amount)
    if len(prices) != len(others) or low == high:
        return []
    return list(reply.say(words.others.format(count=len(others), low=reply.money(low), high=reply.money(high))))


def _answer_nearest(reply: Reply, wish: Wish) -> list[AnswerEvent]:
    """Nothing meets it all: which limit stands in the way, and the nearest."""
    words, shown = reply.words, _shown(wish)[:3]
    best = shown[0]
    for match in shown:
        reply.grounder.add_product(match.product)
    events: list[AnswerEvent] = list(reply.cite_product(best.product, best.source))
    events += reply.say(words.not_exactly)
    if price := lowest_price(best.product.card):
        events += reply.say(words.nearest.format(title=best.product.card.title, price=reply.money(price)))
    events.append(ShowProducts(tuple(match.product.card for match in shown)))
    events += reply.suggest(words.ask_details, words.ask_human)
    return events + list(reply.conclude("product_nearest", 0.5))


def _answer_nothing(reply: Reply, wish: Wish) -> list[AnswerEvent]:
    words, slots = reply.words, wish.slots
    events: list[AnswerEvent] = []
    if slots.cheaper:
        events += reply.say(words.nothing_cheaper)
    elif slots.price_max is not None or slots.price_min is not None:
        money = Money(slots.price_max or slots.price_min or 0, reply.question.currency)
        reply.grounder.add_facts("question", "limit", money)
        events += reply.say(words.nothing_in_budget.format(limit=reply.money(money)))
    elif slots.excluded:
        events += reply.say(words.nothing_without)
    elif 0 < len(wish.query.split()) <= MAX_NAME_WORDS:
        name = as_written(reply, wish.query)
        reply.grounder.add_facts("question", "name", name)
        events += reply.say((words.not_sold if wish.fit < ABSENT else words.nothing_for).format(name=name))
    else:
        events += reply.say(words.nothing_found)
    events += reply.suggest(words.ask_human, words.ask_shipping, words.ask_returns)
    return events + list(reply.conclude("product_none", 0.35))
