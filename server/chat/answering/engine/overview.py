"""What the shop has as a whole: its kinds of products, what is new, what is reduced."""

from collections.abc import AsyncIterator

from server.chat.answering.engine.reply import Reply
from server.chat.answering.engine.search import NEAR, find_wish
from server.chat.answering.engine.wish_answers import answer_wish
from server.chat.answering.engine.wish_words import wish_words
from server.chat.models import AnswerEvent, ShowProducts, StatusLine

MAX_CATEGORIES = 12
MAX_CARDS = 6


async def answer_overview(reply: Reply) -> AsyncIterator[AnswerEvent]:
    """Reduced products where those are asked for, else the categories; a question that names a kind is a search."""
    yield StatusLine(reply.words.searching)
    for event in await _overview(reply):
        yield event


async def _overview(reply: Reply) -> list[AnswerEvent]:
    words = reply.words
    if wish_words(reply, reply.reading.query) and (wish := await find_wish(reply)).fit >= NEAR:
        return answer_wish(reply, wish)
    overview = await reply.tools.catalog_overview()
    if reply.reading.slots.reduced:
        if not overview.reduced:
            return [
                *reply.say(words.nothing_on_sale),
                *reply.suggest(words.ask_find),
                *reply.conclude("product_none", 0.7),
            ]
        events: list[AnswerEvent] = list(reply.say(words.on_sale))
        for product in overview.reduced[:MAX_CARDS]:
            reply.grounder.add_product(product)
            price, before = product.card.price, product.card.compare_at_price
            if price and before:
                line = words.was_price.format(
                    title=product.card.title, price=reply.money(price), before=reply.money(before)
                )
                events += reply.say(f"- {line}", separator="\n")
        events.append(ShowProducts(tuple(product.card for product in overview.reduced[:MAX_CARDS])))
        return [*events, *reply.suggest(words.ask_details), *reply.conclude("product_search", 0.85)]
    if not overview.categories:
        return answer_wish(reply, await find_wish(reply))
    names = ", ".join(overview.categories[:MAX_CATEGORIES])
    reply.grounder.add_facts("shop", "categories", names)
    return [
        *reply.say(words.categories.format(names=names)),
        *reply.suggest(words.ask_find, words.ask_shipping),
        *reply.conclude("product_search", 0.8),
    ]
