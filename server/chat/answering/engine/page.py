"""Questions about one product: its price, its forms, or the piece of its page that answers."""

from server.chat.answering.engine.choices import (
    answer_choice,
    is_on_backorder,
    missing_choice,
    names_choice,
    real_variants,
    say_stock,
    say_variants,
    wanted_variants,
)
from server.chat.answering.engine.evidence import Found, clip, is_other_language, unit_text
from server.chat.answering.engine.focus import lowest_price
from server.chat.answering.engine.reply import Reply
from server.chat.answering.engine.wish_words import wish_words
from server.chat.answering.evidence import caution_of, subjects_of
from server.chat.answering.reading.models import ABOUT_PRODUCT, MEASURED, SAFETY, Intent
from server.chat.models import AnswerEvent, ProductDetail, ShowProducts
from server.knowledge.evidence import Unit, UnitKind

SURE = 0.6
UNSURE = 0.25
CLEAR_STOCK, CLEAR_PRICE = 0.6, 0.4
SURE_OF_PRICE, SURE_OF_PAGE = 0.8, 0.7
"""From this probability on the page has a better answer than the price to a question that asks for money."""
CLEAR_QUESTION = 0.65
MAY_BE_CAUTION, IS_CAUTION = 0.25, 0.5
"""From these probabilities on a question may be, and a unit is, about a danger or about whom a product is not for."""
BESIDE, MAX_UNITS, MAX_TOGETHER = 0.4, 3, 340
"""As in `evidence.py`; of the page of the product that is meant less is at stake."""


def answer_from_page(reply: Reply, product: ProductDetail, found: Found) -> list[AnswerEvent]:
    """What the page says that answers, the closest of it, or that it does not say."""
    reply.product = product
    words, title = reply.words, product.card.title
    events: list[AnswerEvent] = list(reply.cite_product(product))
    kind, cautions = "product_detail", [] if found.probability >= SURE else caution_units(reply, found)
    if found.probability >= SURE:
        events += _quote_units(reply, product, found)
    elif found.probability >= UNSURE or cautions:
        quote = " ".join(unit_text(unit, reply) for unit in cautions or page_units(found))
        events += _mark_language(reply, quote)
        events += reply.say(words.unsure_product.format(title=title, quote=clip(quote)))
        kind = "product_unsure"
    else:
        events += reply.say(words.does_not_say.format(title=title))
        events += reply.say(words.offer_human)
        kind = "product_silent"
    return [
        *events,
        ShowProducts((product.card,)),
        *reply.suggest(words.ask_shipping, words.ask_returns, words.ask_human),
        *reply.conclude(kind, max(0.2, found.probability)),
    ]


def answer_price(reply: Reply, product: ProductDetail) -> list[AnswerEvent]:
    """What it costs, or the form of it that is asked for, and what it cost before."""
    reply.product = product
    events: list[AnswerEvent] = list(reply.cite_product(product))
    events += say_price(reply, product)
    return [
        *events,
        ShowProducts((product.card,)),
        *reply.suggest(reply.words.ask_stock, reply.words.ask_shipping, reply.words.ask_returns),
        *reply.conclude("product_detail", 0.9),
    ]


def say_price(reply: Reply, product: ProductDetail) -> list[AnswerEvent]:
    """Its price in a sentence."""
    words, card = reply.words, product.card
    if card.price is None:
        return list(reply.say(words.no_price.format(title=card.title)))
    meant = wanted_variants(reply, product)
    prices = [variant.price for variant in meant if variant.price]
    if prices and len({price.amount for price in prices}) == 1:
        title = f"{card.title} ({meant[0].title})" if len(meant) == 1 else card.title
        return list(reply.say(words.price_is.format(title=title, price=reply.money(prices[0]))))
    low = lowest_price(card)
    high = max((each.price for each in card.variants if each.price), key=lambda price: price.amount, default=card.price)
    if low is not None and low.amount < high.amount:
        events = list(
            reply.say(words.price_from.format(title=card.title, low=reply.money(low), high=reply.money(high)))
        )
        for variant in real_variants(product)[:8]:
            if variant.price:
                events += reply.say(f"- {variant.title}: {reply.money(variant.price)}", separator="\n")
        return events
    events = list(reply.say(words.price_is.format(title=card.title, price=reply.money(card.price))))
    if card.compare_at_price and card.compare_at_price.amount > card.price.amount:
        events += reply.say(words.price_was.format(price=reply.money(card.compare_at_price)))
    return events


def answer_in_short(reply: Reply, product: ProductDetail, found: Found) -> list[AnswerEvent]:
    """The product in short: the beginning of its page, its price, and whether it can be had where it is not at once."""
    reply.product = product
    units = [each.candidate.unit for each in found.scored if each.candidate.unit.kind is UnitKind.SENTENCE]
    opening = " ".join(unit.text for unit in sorted(units, key=lambda unit: unit.place)[:2])
    events: list[AnswerEvent] = list(reply.cite_product(product))
    if opening:
        events += _mark_language(reply, opening)
        events += reply.say(reply.words.about.format(title=product.card.title, quote=clip(opening)))
    events += say_price(reply, product)
    if not product.card.available or is_on_backorder(product.card):
        events += say_stock(reply, product)
    return [
        *events,
        ShowProducts((product.card,)),
        *reply.suggest(reply.words.ask_stock, reply.words.ask_shipping, reply.words.ask_returns),
        *reply.conclude("product_detail", 0.8),
    ]


def asks_nothing_of(reply: Reply, product: ProductDetail) -> bool:
    """Whether the message is the product's name, or its place among those shown, and no more."""
    slots, shop = reply.reading.slots, reply.shop_language
    wants = slots.excluded or slots.colours or slots.sizes or slots.in_stock or slots.superlative or slots.cheaper
    has_limit = slots.price_max is not None or slots.price_min is not None
    if slots.asks - {"yes_no"} or wants or has_limit or (reply.reading.refers_back and not slots.positions):
        return False
    if reply.reading.probability(ABOUT_PRODUCT) >= CLEAR_QUESTION:
        return False
    said = {stem for words in (shop, reply.language) for stem in words.stems(wish_words(reply, reply.reading.query))}
    return said <= {stem for words in (shop, reply.language) for stem in words.stems(product.card.title)}


def answer_about_product(reply: Reply, product: ProductDetail, found: Found) -> list[AnswerEvent]:
    """The answer about one product by what is asked: price, form, stock, or its page."""
    slots, intent = reply.reading.slots, reply.reading.intent
    asks_price = "money" in slots.asks or (intent is Intent.PRODUCT_PRICE and reply.reading.confidence >= CLEAR_PRICE)
    if slots.reduced or (asks_price and found.probability < SURE_OF_PRICE):
        return answer_price(reply, product)
    if (slots.colours or slots.sizes) and not wish_words(reply, reply.reading.query):
        return answer_choice(reply, product)
    if intent is Intent.PRODUCT_PRICE and found.probability < SURE:
        return answer_price(reply, product)
    if names_choice(reply, product) and found.probability < SURE_OF_PAGE and not slots.asks & MEASURED:
        return answer_choice(reply, product)
    if asks_nothing_of(reply, product):
        goes_on = reply.reading.is_follow_up and bool(reply.question.history) and found.probability >= UNSURE
        return answer_from_page(reply, product, found) if goes_on else answer_in_short(reply, product, found)
    names_form = bool(slots.colours or slots.sizes or (real_variants(product) and wanted_variants(reply, product)))
    is_stock = intent is Intent.STOCK and (reply.reading.confidence >= CLEAR_STOCK or found.probability < SURE)
    says_stock = slots.in_stock or reply.language.intents[Intent.STOCK.value].cues.found_in(reply.reading.normalised)
    is_stock = is_stock and (says_stock or names_form or not _says_more(reply, product))
    if is_stock or (intent is Intent.STOCK and (names_form or missing_choice(reply, product))):
        asks_all = not names_form and _asks_for_forms(reply)
        return _answer_forms(reply, product) if asks_all and real_variants(product) else answer_choice(reply, product)
    if (slots.colours or slots.sizes) and missing_choice(reply, product) and found.probability < SURE:
        return answer_choice(reply, product)
    return answer_from_page(reply, product, found)


def _says_more(reply: Reply, product: ProductDetail) -> bool:
    """Whether a question has telling words beside the product's name: "washable"."""
    shop = reply.shop_language
    said = {stem for words in (shop, reply.language) for stem in words.stems(wish_words(reply, reply.reading.query))}
    known = {stem for words in (shop, reply.language) for stem in words.stems(product.card.title)}
    return not said <= known


def _asks_for_forms(reply: Reply) -> bool:
    sizes = reply.language.words.sizes
    return any(sizes[name].found_in(reply.reading.normalised) for name in ("word", "colour_word") if name in sizes)


def _answer_forms(reply: Reply, product: ProductDetail) -> list[AnswerEvent]:
    reply.product = product
    return [
        *reply.cite_product(product),
        *say_variants(reply, product),
        ShowProducts((product.card,)),
        *reply.suggest(reply.words.ask_stock, reply.words.ask_shipping),
        *reply.conclude("stock", 0.85),
    ]


def _quote_units(reply: Reply, product: ProductDetail, found: Found) -> list[AnswerEvent]:
    words, title = reply.words, product.card.title
    chosen = page_units(found)
    attributes = [unit for unit in chosen if unit.kind is UnitKind.ATTRIBUTE]
    texts = [unit for unit in chosen if unit.kind is not UnitKind.ATTRIBUTE]
    events: list[AnswerEvent] = []
    if is_other_language(" ".join(unit.text for unit in texts), reply) and texts:
        events += reply.say(words.in_the_shops_words)
    for unit in attributes:
        events += reply.say(words.attribute.format(title=title, name=unit.label, value=clip(unit.text).rstrip(".")))
    if texts:
        quote = clip(" ".join(unit_text(unit, reply) for unit in texts))
        events += reply.say(words.page_says.format(title=title, quote=quote))
    return events


def page_units(found: Found) -> list[Unit]:
    """The units of a page to quote: the best, and those beside it that may answer too, in the order of the page. What
    turns the meaning of a sentence often stands in the next."""
    best = found.scored[0]
    chosen, length = [best.candidate.unit], len(best.candidate.unit.text)
    for other in found.scored[1:MAX_UNITS]:
        unit = other.candidate.unit
        length += len(unit.text)
        if other.probability < BESIDE * best.probability or length > MAX_TOGETHER:
            break
        chosen.append(unit)
    return sorted(chosen, key=lambda unit: unit.place)


def caution_units(reply: Reply, found: Found) -> list[Unit]:
    """What a page says of dangers, and of whom the product is not for, where the question is about that."""
    asked = reply.reading.vector
    about = 0.0 if asked is None else caution_of(subjects_of(asked))
    if max(about, reply.reading.probability(SAFETY)) < MAY_BE_CAUTION:
        return []
    told = [(caution_of(each.candidate.subjects), each.candidate.unit) for each in found.scored]
    clear = sorted((entry for entry in told if entry[0] >= IS_CAUTION), key=lambda entry: -entry[0])
    return sorted((unit for _, unit in clear[:MAX_UNITS]), key=lambda unit: unit.place)


def _mark_language(reply: Reply, text: str) -> list[AnswerEvent]:
    return list(reply.say(reply.words.in_the_shops_words)) if is_other_language(text, reply) else []
