"""Whether a product, or one of its variants, can be had now."""

from collections.abc import AsyncIterator

from server.chat.engine.focus import find_focus
from server.chat.engine.products import answer_search
from server.chat.engine.reply import Reply
from server.chat.intents.dictionary import gloss
from server.chat.intents.words import fold, stem, word_set, words
from server.chat.models import AnswerEvent, ProductDetail, ShowProducts, StatusLine, VariantCard

MAX_VARIANTS_SAID = 8
_COLORS = word_set(
    "black white red blue green grey gray yellow orange pink purple brown beige navy silver gold sand "
    "olive turquoise cream small medium large xs xl xxl"
)


async def answer_stock(reply: Reply) -> AsyncIterator[AnswerEvent]:
    """About the product meant; a question that names none is a search for what is in stock."""
    product = await find_focus(reply)
    if product is None:
        async for event in answer_search(reply):
            yield event
        return
    yield StatusLine(reply.words.searching)
    for event in tell_stock(reply, product):
        yield event


def tell_stock(reply: Reply, product: ProductDetail) -> list[AnswerEvent]:
    """By variant where the question names one, otherwise for the product as a whole."""
    events: list[AnswerEvent] = list(reply.cite_product(product))
    wanted = asked_words(reply)
    if named_variants(product, wanted):
        events += tell_variants(reply, product)
    elif missing := _missing_choice(product, wanted):
        events += reply.say(reply.words.no_such_variant.format(title=product.card.title, variant=missing))
        events += _others(reply, product, [])
    else:
        events += _tell_whole(reply, product)
    events.append(ShowProducts((product.card,)))
    events += reply.suggest(reply.words.ask_shipping, reply.words.ask_returns, reply.words.ask_human)
    return events + list(reply.conclude("stock", 0.9 if not wanted & _COLORS else 0.8))


def asked_words(reply: Reply) -> set[str]:
    """The folded words of the question, with their English meanings."""
    text = f"{reply.question.text} {gloss(reply.question.text, reply.intent.language)}"
    return set(words(text))


def named_variants(product: ProductDetail, asked_words: set[str]) -> list[VariantCard]:
    """The variants whose own words the question has, those with the most first only."""
    title = set(words(product.card.title))
    scored = [(len(_own_words(variant, title) & asked_words), variant) for variant in product.card.variants]
    most = max((count for count, _ in scored), default=0)
    return [variant for count, variant in scored if count == most > 0]


def _own_words(variant: VariantCard, title: set[str]) -> set[str]:
    own = (
        set(words(variant.title))
        - title
        - {"a", "in", "with", "and", "size", "s" if "'s" in fold(variant.title) else ""}
    )
    return own | {stem(word) for word in own if len(word) > 3}


def _missing_choice(product: ProductDetail, asked_words: set[str]) -> str | None:
    """A colour or size that was asked for and that no variant has."""
    if len(product.card.variants) < 2:
        return None
    there = {word for variant in product.card.variants for word in words(variant.title)} | set(
        words(product.card.title)
    )
    missing = sorted((asked_words & _COLORS) - there)
    return missing[0] if missing else None


def tell_variants(reply: Reply, product: ProductDetail) -> list[AnswerEvent]:
    """Whether the variants the question names can be had; nothing when it names none."""
    variants = named_variants(product, asked_words(reply))
    say, title = reply.words, product.card.title
    available = [variant for variant in variants if variant.available]
    if not available:
        text = say.stock_variant_no.format(title=title, variant=_titles(variants))
        return [*reply.say(text), *_others(reply, product, variants)]
    events: list[AnswerEvent] = list(reply.say(say.stock_variant_yes.format(title=title, variant=_titles(available))))
    if len(available) == 1 and (count := product.stock.get(available[0].title)):
        events += reply.say(say.stock_count.format(count=count))
    return events


def _tell_whole(reply: Reply, product: ProductDetail) -> list[AnswerEvent]:
    say, card = reply.words, product.card
    if not card.available:
        return list(reply.say(say.stock_no.format(title=card.title)))
    events: list[AnswerEvent] = list(reply.say(say.stock_yes.format(title=card.title)))
    if len(card.variants) == 1 and (count := product.stock.get(card.variants[0].title)):
        events += reply.say(say.stock_count.format(count=count))
    elif any(not variant.available for variant in card.variants):
        events += _others(reply, product, [])
    return events


def _others(reply: Reply, product: ProductDetail, without: list[VariantCard]) -> list[AnswerEvent]:
    others = [variant for variant in product.card.variants if variant.available and variant not in without]
    return list(reply.say(reply.words.stock_others.format(variants=_titles(others)))) if others else []


def _titles(variants: list[VariantCard]) -> str:
    more = " …" if len(variants) > MAX_VARIANTS_SAID else ""
    return ", ".join(variant.title for variant in variants[:MAX_VARIANTS_SAID]) + more
