"""Products side by side: prices, stock and what tells them apart."""

import re

from server.chat.answering.engine.choices import is_on_backorder
from server.chat.answering.engine.evidence import clip, find_evidence
from server.chat.answering.engine.focus import find_named, find_products, lowest_price
from server.chat.answering.engine.measures import best_measured
from server.chat.answering.engine.reply import Reply
from server.chat.answering.reading.models import CATALOG, Intent
from server.chat.models import AnswerEvent, ProductDetail, ShowProducts
from server.languages.words import Language

MAX_COMPARED = 4
MAX_ATTRIBUTES = 5
MAX_VALUE_CHARACTERS = 80
MIN_NAME_CHARACTERS = 2
RELEVANT = 0.12
"""From this probability on a unit of a page is said beside the facts."""


async def answer_comparison(reply: Reply) -> list[AnswerEvent]:
    """Named products, or those that were shown."""
    products = await _compared(reply)
    if len(products) < 2:
        words = reply.words
        return [
            *reply.say(words.compare_needs_two),
            *reply.suggest(words.ask_find, words.ask_human),
            *reply.conclude("comparison_unclear", 0.4),
        ]
    return await side_by_side(reply, products)


async def _compared(reply: Reply) -> list[ProductDetail]:
    found: list[ProductDetail] = []
    for name in compared_names(reply):
        product = await find_named(reply, name)
        if product is not None and all(product.card.id != other.card.id for other in found):
            found.append(product)
    if len(found) > 1:
        return found[:MAX_COMPARED]
    shown = await find_products(reply, reply.question.shown_products[:MAX_COMPARED])
    positions = reply.reading.slots.positions
    if len(positions) > 1 and shown:
        meant = [shown[place - 1] if place > 0 else shown[-1] for place in positions if place <= len(shown)]
        return list({product.card.id: product for product in meant}.values())
    others = [product for product in shown if not found or product.card.id != found[0].card.id]
    return [*found, *others][: 2 if found else MAX_COMPARED if len(shown) > 2 else 2]


async def names_several(reply: Reply) -> bool:
    """Whether a message is the names of products with an "or" between: "the jacket or the flask"."""
    reading = reply.reading
    if reading.intent not in CATALOG or not reply.language.words.splitting.or_.found_in(reading.normalised):
        return False
    products = [await find_named(reply, name) for name in compared_names(reply)]
    return len(products) > 1 and None not in products and len({each.card.id for each in products if each}) > 1


def compared_names(reply: Reply) -> list[str]:
    """The pieces of the question around "or", "and", "vs" that may be names."""
    words = reply.language
    text = words.intents[Intent.COMPARISON.value].cues.removed_from(reply.reading.normalised)
    named = []
    for piece in _parted(text, words):
        telling = [word for word in piece.strip(" ?!.:;¿¡").split() if word not in words.stop_words]
        if telling and len(" ".join(telling)) >= MIN_NAME_CHARACTERS:
            named.append(" ".join(telling))
    return named[:MAX_COMPARED]


def _parted(text: str, words: Language) -> list[str]:
    """A text cut at what joins two things to compare."""
    splitting, pieces, start = words.words.splitting, [], 0
    joints = [*splitting.and_.places(text), *splitting.or_.places(text)]
    for joint in sorted(joints, key=lambda place: (place.start, -place.end)):
        if joint.start >= start:
            pieces.append(text[start : joint.start])
            start = joint.end
    return [part for piece in (*pieces, text[start:]) for part in re.split("[/,]", piece)]


async def side_by_side(reply: Reply, products: list[ProductDetail]) -> list[AnswerEvent]:
    """Each with its price, stock, telling attributes and the piece of its page that meets the question."""
    words = reply.words
    events: list[AnswerEvent] = []
    for product in products:
        events += reply.cite_product(product)
    reply.grounder.allow_count(len(products))
    events += reply.say(words.compare)
    names = telling_attributes(reply, products)
    for product in products:
        events += reply.say(f"- {fact_line(reply, product, names)}", separator="\n")
    for product in products:
        found = await find_evidence(reply, product, documents=False)
        unit = found.scored[0].candidate.unit if found.probability >= RELEVANT else None
        if unit and not unit.label:
            events += reply.say(
                words.page_says.format(title=product.card.title, quote=clip(unit.text, 200)), separator="\n\n"
            )
    winner = best_measured(reply, products)
    if winner is not None:
        name = winner.attribute.replace("_", " ").lower()
        said = words.most.format(title=winner.product.card.title, name=name, value=winner.text)
        events += reply.say(said, separator="\n\n")
        products = sorted(products, key=lambda product: product is not winner.product)
    else:
        events += _verdict(reply, products)
        products = _by_price(reply, products)
    events.append(ShowProducts(tuple(product.card for product in products)))
    events += reply.suggest(words.ask_details, words.ask_stock, words.ask_shipping)
    reply.product = products[0]
    return events + list(reply.conclude("comparison", 0.8))


def _by_price(reply: Reply, products: list[ProductDetail]) -> list[ProductDetail]:
    """The one first that the price decides for, where that is asked for: it is what "it" means from here on."""
    slots = reply.reading.slots
    prices = [price for product in products if (price := lowest_price(product.card))]
    if len(prices) < len(products) or not (slots.cheapest or slots.cheaper or slots.dearest):
        return products
    order = {id(product): price.amount for product, price in zip(products, prices, strict=True)}
    return sorted(products, key=lambda product: order[id(product)], reverse=slots.dearest)


def telling_attributes(reply: Reply, products: list[ProductDetail]) -> list[str]:
    """The attributes that differ, those whose name the question has first, then those that all have."""
    shop = reply.shop_language
    asked = set(shop.stems(reply.reading.text))
    names = list(dict.fromkeys(name for product in products for name in product.attributes))
    differing = [name for name in names if len({product.attributes.get(name) for product in products}) > 1]

    def rank(name: str) -> tuple[int, int]:
        shared = sum(name in product.attributes for product in products)
        return (-len(asked & set(shop.stems(name))), -shared)

    return sorted(differing, key=rank)[:MAX_ATTRIBUTES]


def fact_line(reply: Reply, product: ProductDetail, names: list[str]) -> str:
    """A product with its price, stock and these attributes."""
    words, card = reply.words, product.card
    price = lowest_price(card)
    facts = [reply.money(price)] if price else []
    in_stock = words.on_backorder if is_on_backorder(card) else words.in_stock
    facts.append(in_stock if card.available else words.sold_out)
    facts += [
        f"{name.replace('_', ' ').lower()} {clip(product.attributes[name], MAX_VALUE_CHARACTERS)}"
        for name in names
        if product.attributes.get(name)
    ]
    return words.compare_line.format(title=card.title, facts=", ".join(facts))


def _verdict(reply: Reply, products: list[ProductDetail]) -> list[AnswerEvent]:
    prices = [(price, product) for product in products if (price := lowest_price(product.card))]
    if len(prices) < len(products) or len({price.currency for price, _ in prices}) > 1:
        return []
    if len({price.amount for price, _ in prices}) == 1:
        return list(reply.say(reply.words.same_price, separator="\n\n"))
    cheapest = min(prices, key=lambda entry: entry[0].amount)[1]
    return list(reply.say(reply.words.cheaper.format(title=cheapest.card.title), separator="\n\n"))
