"""The answer to a wish: what fits of what was found, or why nothing does and what comes nearest."""

from collections.abc import AsyncIterator

from integrations.platform import Money
from server.chat.answering.engine.product_match import VAGUE, is_of_kind, wanted_kind
from server.chat.answering.engine.products import (
    FITS,
    MAX_FOUND,
    Match,
    has_limits,
    matching,
    ordered,
    present,
    search,
)
from server.chat.answering.engine.reply import Reply
from server.chat.answering.engine.sizes import with_size_first
from server.chat.answering.engine.text_match import asked, coverage
from server.chat.answering.intents.words import fold, stems
from server.chat.models import AnswerEvent, CatalogResult, ProductDetail, ShowProducts, StatusLine

MAX_NAME_WORDS = 4


async def answer_search(reply: Reply) -> AsyncIterator[AnswerEvent]:
    """Look, choose, say why; cards and citation."""
    yield StatusLine(reply.words.searching)
    for event in await answer_found(reply, await search(reply)):
        yield event


async def answer_found(reply: Reply, result: CatalogResult) -> list[AnswerEvent]:
    """What fits of what was found, or the nearest thing to it."""
    matches = ordered(reply, matching(reply, result))
    if not matches or (has_limits(reply) and not _has_kind(reply, matches)):
        return await _nearest(reply, matches)
    return present(reply, with_size_first(reply, matches))


def _has_kind(reply: Reply, matches: list[Match]) -> bool:
    kind = wanted_kind(reply)
    return kind is None or any(is_of_kind(kind, match.product, or_near=True) for match in matches)


async def _nearest(reply: Reply, others: list[Match]) -> list[AnswerEvent]:
    """Nothing fits: why, and the closest without the limit; of another kind where none of the kind is sold."""
    intent, words = reply.intent, reply.words
    if has_limits(reply):
        result = await reply.tools.search_catalog(intent.query, limit=MAX_FOUND)
        kind = wanted_kind(reply)
        of_kind = [product for product in result.products if kind and is_of_kind(kind, product)]
        closest = _closest(reply, result, of_kind)
        if closest and (of_kind or not others):
            return _present_nearest(reply, closest)
    if others:
        return present(reply, others)
    return [
        *_say_nothing_found(reply),
        *reply.suggest(words.ask_human, words.ask_shipping, words.ask_returns),
        *reply.conclude("product_none", 0.35),
    ]


def _say_nothing_found(reply: Reply) -> list[AnswerEvent]:
    """Names what is not sold where the wish is but a name."""
    intent, text = reply.intent, reply.question.text
    place = fold(text).find(intent.wanted)
    name = text[place : place + len(intent.wanted)] if place >= 0 else intent.wanted
    kind, named = wanted_kind(reply), stems(name)
    noun = named[0 if intent.language in ("fr", "es") else -1 :][:1]
    if kind is None or not kind.forms & set(noun) or len(name.split()) > MAX_NAME_WORDS:
        return list(reply.say(reply.words.nothing_found))
    reply.grounder.add_facts("question", "name", name)
    return list(reply.say(reply.words.not_sold.format(name=name)))


def _closest(reply: Reply, result: CatalogResult, of_kind: list[ProductDetail]) -> list[ProductDetail]:
    question = asked(reply.intent.wanted, reply.intent.language).without(VAGUE)
    fitting = [product for product in of_kind if product.card.price] or [
        product
        for product in result.products
        if product.card.price
        and (not question.concepts or coverage(question, f"{product.card.title} {product.description}") >= FITS)
    ]
    if reply.intent.price_max is not None:
        fitting.sort(key=lambda product: product.card.price.amount if product.card.price else 0)
    return fitting[:2]


def _present_nearest(reply: Reply, closest: list[ProductDetail]) -> list[AnswerEvent]:
    intent, words = reply.intent, reply.words
    for product in closest:
        reply.grounder.add_product(product)
    limit = intent.price_max if intent.price_max is not None else intent.price_min
    events: list[AnswerEvent] = list(reply.cite_product(closest[0]))
    if intent.cheaper:
        events += reply.say(words.nothing_cheaper)
    elif limit is None:
        events += reply.say(words.nothing_in_stock)
    else:
        money = Money(limit, reply.question.currency)
        reply.grounder.add_facts("question", "limit", money)
        events += reply.say(words.nothing_in_budget.format(limit=reply.money(money)))
    card = closest[0].card
    assert card.price
    events += reply.say(words.nearest.format(title=card.title, price=reply.money(card.price)))
    events.append(ShowProducts(tuple(product.card for product in closest)))
    events += reply.suggest(words.ask_details, words.ask_human)
    return events + list(reply.conclude("product_nearest", 0.6))
