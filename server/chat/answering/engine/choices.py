"""Colours, sizes and other forms of a product: which are asked for, and which can be had."""

import re

from server.chat.answering.engine.focus import is_same_word
from server.chat.answering.engine.reply import Reply
from server.chat.models import AnswerEvent, ProductCard, ProductDetail, ShowProducts, VariantCard
from server.languages.matching import normalise, words_of

MAX_VARIANTS_SAID = 8
_DEFAULT_TITLES = frozenset({"", "default title", "default"})


def wanted_variants(reply: Reply, product: ProductDetail) -> list[VariantCard]:
    """The variants that the question names: by part number, by their own words, or by a colour or size in the shopper's
    language. Those that meet most of what is named."""
    text = reply.reading.normalised
    by_number = [each for each in product.card.variants if each.sku and _has_word(text, normalise(each.sku))]
    if by_number:
        return by_number
    asked = set(_tokens(reply.reading.text))
    title = set(_tokens(product.card.title))
    scored = [(_named(reply, variant, asked, title), variant) for variant in product.card.variants]
    most = max((count for count, _ in scored), default=0)
    return [variant for count, variant in scored if count == most > 0]


def names_choice(reply: Reply, product: ProductDetail) -> bool:
    """Whether the question names a form of a product that comes in several."""
    return len(real_variants(product)) > 1 and bool(wanted_variants(reply, product))


def missing_choice(reply: Reply, product: ProductDetail) -> str | None:
    """A colour or size that was asked for and that no variant has, as the shopper wrote it; None where all are there.
    A product in one form may have its colour in its texts."""
    slots, variants = reply.reading.slots, product.card.variants
    texts = " ".join((product.card.title, *(variant.title for variant in variants)))
    if len(real_variants(product)) < 2:
        texts = f"{texts} {product.description} {' '.join(product.attributes.values())}"
    for colour in slots.colours:
        phrases = reply.language.words.colours[colour]
        said = phrases.match(reply.reading.normalised)
        if not _has_colour(reply, colour, texts) and said is not None and not _has_word(normalise(texts), said.text):
            return said.text
    for size in slots.sizes:
        if len(real_variants(product)) > 1 and not any(_has_size(reply, size, each.title) for each in variants):
            return size
    return None


def real_variants(product: ProductDetail) -> list[VariantCard]:
    """The variants that are more than the product itself."""
    return [each for each in product.card.variants if each.title.strip().lower() not in _DEFAULT_TITLES]


def answer_choice(reply: Reply, product: ProductDetail) -> list[AnswerEvent]:
    """Whether the product, or the form of it that is asked for, can be had now."""
    reply.product = product
    events: list[AnswerEvent] = list(reply.cite_product(product))
    if missing := missing_choice(reply, product):
        reply.grounder.add_facts("question", "choice", missing)
        others = variant_titles([each for each in real_variants(product) if each.available] or real_variants(product))
        template = reply.words.no_such_choice if others else reply.words.no_such_variant
        events += reply.say(template.format(title=product.card.title, choice=missing, variant=missing, variants=others))
    elif asked := wanted_variants(reply, product):
        events += _say_variants(reply, product, asked)
    else:
        events += say_stock(reply, product)
    events.append(ShowProducts((product.card,)))
    events += reply.suggest(reply.words.ask_shipping, reply.words.ask_returns, reply.words.ask_human)
    return events + list(reply.conclude("stock", 0.85))


def say_stock(reply: Reply, product: ProductDetail) -> list[AnswerEvent]:
    """For the product as a whole, with the number left where the shop gives one."""
    say, card = reply.words, product.card
    if not card.available:
        return list(reply.say(say.stock_no.format(title=card.title)))
    if is_on_backorder(card):
        return list(reply.say(say.stock_backorder.format(title=card.title)))
    events: list[AnswerEvent] = list(reply.say(say.stock_yes.format(title=card.title)))
    choices = real_variants(product)
    if len(card.variants) == 1 and (count := product.stock.get(card.variants[0].title)):
        events += reply.say(say.stock_count.format(count=count))
    elif len(choices) > 1:
        available = [each for each in choices if each.available]
        events += reply.say(say.stock_others.format(variants=variant_titles(available)))
    return events


def is_on_backorder(card: ProductCard) -> bool:
    """Whether nothing of the product is in stock, and some of it can be ordered."""
    available = [each for each in card.variants if each.available]
    return bool(available) and all(each.on_backorder for each in available)


def say_variants(reply: Reply, product: ProductDetail) -> list[AnswerEvent]:
    """The forms it comes in."""
    choices = real_variants(product)
    if not choices:
        return []
    text = reply.words.comes_in.format(title=product.card.title, variants=variant_titles(choices, limit=12))
    return list(reply.say(text))


def variant_titles(variants: list[VariantCard], *, limit: int = MAX_VARIANTS_SAID) -> str:
    """Named one after the other."""
    more = " …" if len(variants) > limit else ""
    return ", ".join(variant.title for variant in variants[:limit]) + more


def has_choices(reply: Reply, product: ProductDetail) -> bool:
    """Whether the product comes in every colour and size that is asked for."""
    slots = reply.reading.slots
    titles = [product.card.title, *(each.title for each in product.card.variants), *product.attributes.values()]
    text = " / ".join(titles)
    colours = all(_has_colour(reply, colour, text) for colour in slots.colours)
    return colours and all(any(_has_size(reply, size, title) for title in titles) for size in slots.sizes)


def _say_variants(reply: Reply, product: ProductDetail, asked: list[VariantCard]) -> list[AnswerEvent]:
    say, title = reply.words, product.card.title
    available = [variant for variant in asked if variant.available]
    if not available:
        events = list(reply.say(say.stock_variant_no.format(title=title, variant=variant_titles(asked))))
        others = [each for each in real_variants(product) if each.available]
        return events + (list(reply.say(say.stock_others.format(variants=variant_titles(others)))) if others else [])
    if all(variant.on_backorder for variant in available):
        named = f"{title} – {variant_titles(available)}"
        return list(reply.say(say.stock_backorder.format(title=named)))
    events = list(reply.say(say.stock_variant_yes.format(title=title, variant=variant_titles(available))))
    if len(available) == 1 and (count := product.stock.get(available[0].title)):
        events += reply.say(say.stock_count.format(count=count))
    if len(available) == 1 and (price := available[0].price):
        named = f"{title} ({available[0].title})"
        events += reply.say(say.price_is.format(title=named, price=reply.money(price)))
    return events


def _named(reply: Reply, variant: VariantCard, asked: set[str], title: set[str]) -> int:
    own = set(_tokens(variant.title)) - title
    literal = sum(
        any(is_same_word(word, other) for other in asked) for word in own if len(word) > 1 or word in _sizes(reply)
    )
    slots = reply.reading.slots
    meant = sum(_has_colour(reply, colour, variant.title) for colour in slots.colours)
    meant += sum(_has_size(reply, size, variant.title) for size in slots.sizes)
    return max(literal, meant)


def _tokens(text: str) -> list[str]:
    """The words and figures of a text, a figure apart from its unit: "50ml" is "50" and "ml"."""
    return [piece for word in words_of(text) for piece in re.findall(r"\d+|[^\W\d_]+", word)]


def _sizes(reply: Reply) -> set[str]:
    return {size.lower() for size in reply.reading.slots.sizes}


def _has_colour(reply: Reply, colour: str, text: str) -> bool:
    """In the shop's words for the colour, or the shopper's."""
    normalised = normalise(text)
    return any(words.words.colours[colour].found_in(normalised) for words in (reply.shop_language, reply.language))


def _has_size(reply: Reply, size: str, text: str) -> bool:
    normalised = normalise(text)
    if size in reply.shop_language.words.sizes:
        return reply.shop_language.words.sizes[size].found_in(normalised)
    return _has_word(normalised, normalise(size))


def _has_word(text: str, word: str) -> bool:
    return bool(word) and re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text) is not None
