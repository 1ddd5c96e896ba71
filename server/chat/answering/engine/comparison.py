"""Products side by side: prices, stock and what tells them apart."""

import re
from collections.abc import AsyncIterator

from server.chat.answering.engine.measures import MEASURES, best_by_measure, tell_measure
from server.chat.answering.engine.product_reference import best_named, find_shown, named_short
from server.chat.answering.engine.reply import Reply
from server.chat.answering.engine.text_match import asked, clip, fit
from server.chat.answering.intents.words import fold, stems, word_set, words
from server.chat.models import AnswerEvent, ProductDetail, ShowProducts, StatusLine

MAX_COMPARED = 4
SEARCHED = 6
MAX_ATTRIBUTES = 3
MAX_VALUE_CHARACTERS = 60


async def answer_comparison(reply: Reply) -> AsyncIterator[AnswerEvent]:
    """Named products, or those that were shown."""
    yield StatusLine(reply.words.searching)
    products, missing = await _compared(reply)
    for name in missing:
        for piece in reply.say(reply.words.not_in_catalog.format(name=clip(name, 60))):
            yield piece
    for event in _side_by_side(reply, products) if len(products) > 1 else _too_few(reply):
        yield event


async def _compared(reply: Reply) -> tuple[list[ProductDetail], list[str]]:
    """(products, names that were not found)."""
    intent = reply.intent
    found: list[ProductDetail] = []
    missing: list[str] = []
    for name in intent.compared[:MAX_COMPARED]:
        result = await reply.tools.search_catalog(name, limit=SEARCHED)
        product = best_named(result, name) or named_short(result, name)
        if product is None:
            missing.append(name)
            reply.grounder.add_facts("question", "name", name)
        elif all(product.card.id != other.card.id for other in found):
            found.append(product)
    if intent.compared and found:
        return found + await _pointed(reply, found), missing
    shown = await find_shown(reply, MAX_COMPARED)
    if intent.positions and shown:
        chosen = [shown[place - 1] if place > 0 else shown[-1] for place in intent.positions if place <= len(shown)]
        if len(chosen) > 1:
            return chosen, missing
    chosen = shown[: _how_many(reply)]
    wants_price = bool(_PRICE.search(fold(reply.question.text)))
    return (shown if wants_price and len({product.card.price for product in chosen}) == 1 else chosen), missing


_PRICE = re.compile(r"\b(?:cheap\w*|expensive|moins cher\w*|gunstig\w*|billig\w*|barat\w*)\b")
_ASKS_ONE = re.compile(r"\b(?:which|what|welche[rs]?|lequel|laquelle|cual|quel|quelle)\b")
_ALL = word_set("all them these those alle tous toutes todos cheapest lightest warmest biggest smallest largest best")


def _how_many(reply: Reply) -> int:
    text = reply.question.text
    wants_all = bool(_ALL & set(words(text))) or any(measure.most.search(fold(text)) for measure in MEASURES)
    return MAX_COMPARED if wants_all or reply.intent.cheapest or reply.intent.dearest else 2


async def _pointed(reply: Reply, found: list[ProductDetail]) -> list[ProductDetail]:
    """ "Compare it with the Trail 40": the other one is what was shown or is on the page."""
    if len(found) > 1 or not reply.intent.refers_back:
        return []
    candidates = [reply.question.page_product_id, *reply.question.shown_products]
    for product_id in candidates:
        if product_id and product_id != found[0].card.id and (product := await reply.tools.get_product(product_id)):
            return [product]
    return []


def _too_few(reply: Reply) -> list[AnswerEvent]:
    words = reply.words
    return [
        *reply.say(words.compare_needs_two),
        *reply.suggest(words.ask_find, words.ask_human),
        *reply.conclude("comparison_unclear", 0.4),
    ]


def _side_by_side(reply: Reply, products: list[ProductDetail]) -> list[AnswerEvent]:
    words = reply.words
    events: list[AnswerEvent] = []
    for product in products:
        events += reply.cite_product(product)
    reply.grounder.allow_count(len(products))
    events += reply.say(words.compare)
    names = telling_attributes(reply, products)
    for product in products:
        events += reply.say(f"- {telling_line(reply, product, names)}", separator="\n")
    events += tell_measure(reply, products) or _verdict(reply, products)
    events.append(ShowProducts(tuple(product.card for product in _winner_first(reply, products))))
    events += reply.suggest(words.ask_details, words.ask_stock, words.ask_shipping)
    return events + list(reply.conclude("comparison", 0.85))


def telling_line(reply: Reply, product: ProductDetail, names: list[str]) -> str:
    """A product with its price, stock and these attributes."""
    return reply.words.compare_line.format(title=product.card.title, facts=_facts(reply, product, names))


def _winner_first(reply: Reply, products: list[ProductDetail]) -> list[ProductDetail]:
    """Where one is asked for, it is what "it" means from here on."""
    if not _ASKS_ONE.search(fold(reply.question.text)) and not reply.intent.cheapest:
        return products
    best = best_by_measure(reply, products)
    prices = [product.card.price.amount for product in products if product.card.price]
    if best is not None:
        return sorted(products, key=lambda product: product is not best[1].product)
    if _PRICE.search(fold(reply.question.text)) and len(prices) == len(products):
        return sorted(products, key=lambda product: product.card.price.amount if product.card.price else 0)
    return products


def telling_attributes(reply: Reply, products: list[ProductDetail]) -> list[str]:
    """The attributes that differ, those asked for first, then those that all have."""
    question = asked(reply.question.text, reply.intent.language)
    names = list(dict.fromkeys(name for product in products for name in product.attributes))
    differing = [name for name in names if len({product.attributes.get(name) for product in products}) > 1]

    def rank(name: str) -> tuple[float, int]:
        shared = sum(name in product.attributes for product in products)
        return (-fit(stems(name), question, {}), -shared)

    return sorted(differing, key=rank)[:MAX_ATTRIBUTES]


def _facts(reply: Reply, product: ProductDetail, names: list[str]) -> str:
    words, card = reply.words, product.card
    facts = [reply.money(card.price)] if card.price else []
    facts.append(words.in_stock if card.available else words.sold_out)
    facts += [
        f"{name.replace('_', ' ').lower()} {clip(product.attributes[name], MAX_VALUE_CHARACTERS)}"
        for name in names
        if product.attributes.get(name)
    ]
    return ", ".join(facts)


def _verdict(reply: Reply, products: list[ProductDetail]) -> list[AnswerEvent]:
    prices = [(price, product) for product in products if (price := product.card.price)]
    if len(prices) < len(products) or len({price.currency for price, _ in prices}) > 1:
        return []
    if len({price.amount for price, _ in prices}) == 1:
        return list(reply.say(reply.words.same_price, separator="\n\n"))
    cheapest = min(prices, key=lambda entry: entry[0].amount)[1]
    return list(reply.say(reply.words.cheaper.format(title=cheapest.card.title), separator="\n\n"))
