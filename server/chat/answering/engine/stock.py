"""Whether a product, or one of its variants, can be had now."""

import re
from collections.abc import AsyncIterator, Sequence

from server.chat.answering.engine.passages import find_passage, quote
from server.chat.answering.engine.product_reference import find_focus
from server.chat.answering.engine.reply import Reply
from server.chat.answering.engine.search_answer import answer_search
from server.chat.answering.engine.sizes import of_size, size_asked
from server.chat.answering.intents.dictionary import gloss
from server.chat.answering.intents.references import COLORS, SIZE_LETTERS, SIZES
from server.chat.answering.intents.words import content_words, fold, stem, words
from server.chat.models import AnswerEvent, ProductDetail, ShowProducts, StatusLine, VariantCard

MAX_VARIANTS_SAID = 8
MAX_CHOICE_WORDS = 3
BACK_QUERY = "sold out, back in stock, restock"
_CHOICES = COLORS | SIZES - {"s", "m", "l"}
_BACK_AGAIN = re.compile(
    r"\b(?:back in|come back|restock\w*|available again|when will|de nouveau|de retour|wieder|vuelv\w+|otra vez)\b"
)


async def answer_stock(reply: Reply) -> AsyncIterator[AnswerEvent]:
    """About the product meant; a question that names none is a search for what is in stock."""
    product = await find_focus(reply)
    is_return = bool(_BACK_AGAIN.search(fold(reply.question.text)))
    found = await find_passage(reply, BACK_QUERY) if is_return else None
    size = size_asked(reply.question.text)
    names_kind = size is not None and not reply.intent.refers_back and not reply.intent.positions
    if product and size and names_kind and not of_size(product, size):
        product = None
    if product is None and found is None:
        async for event in answer_search(reply):
            yield event
        return
    yield StatusLine(reply.words.searching)
    rule = quote(reply, found) if found else []
    for event in tell_stock(reply, product, rule) if product else (*rule, *reply.conclude("policy", 0.6)):
        yield event


async def find_choice(reply: Reply) -> ProductDetail | None:
    """The product spoken of last where the message is nothing but one of its colours or sizes ("fern?")."""
    shown, telling = reply.question.shown_products, content_words(reply.question.text)
    if not shown or not 0 < len(telling) <= MAX_CHOICE_WORDS:
        return None
    product = await reply.tools.get_product(shown[0])
    choices = {word for variant in product.card.variants for word in words(variant.title)} if product else set()
    return product if set(telling) <= choices else None


def tell_stock(reply: Reply, product: ProductDetail, rule: Sequence[AnswerEvent] = ()) -> list[AnswerEvent]:
    """By variant where the question names one, otherwise for the product as a whole; then what the shop says of it."""
    events: list[AnswerEvent] = list(reply.cite_product(product))
    wanted = asked_words(reply)
    if variants_asked(reply, product):
        events += tell_variants(reply, product)
    elif missing := _missing_choice(reply, product):
        events += reply.say(reply.words.no_such_variant.format(title=product.card.title, variant=missing))
        events += _other_choices(reply, product, missing) if len(product.card.variants) > 1 else []
    else:
        events += _tell_whole(reply, product)
    events += rule
    events.append(ShowProducts((product.card,)))
    events += reply.suggest(reply.words.ask_shipping, reply.words.ask_returns, reply.words.ask_human)
    return events + list(reply.conclude("stock", 0.9 if not wanted & _CHOICES else 0.8))


def asked_words(reply: Reply) -> set[str]:
    """The folded words of the question, with their English meanings."""
    text = f"{reply.question.text} {gloss(reply.question.text, reply.intent.language)}"
    asked_for = set(words(text))
    return asked_for | {letter for size, letter in SIZE_LETTERS.items() if size in asked_for}


def variants_asked(reply: Reply, product: ProductDetail) -> list[VariantCard]:
    """The one whose part number the question gives, else those that its words name."""
    folded = fold(reply.question.text)
    by_number = [variant for variant in product.card.variants if variant.sku and fold(variant.sku) in folded]
    longest = max((len(variant.sku or "") for variant in by_number), default=0)
    exact = [variant for variant in by_number if len(variant.sku or "") == longest]
    return exact or named_variants(product, asked_words(reply))


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


def _missing_choice(reply: Reply, product: ProductDetail) -> str | None:
    """A colour or size that was asked for and that no variant has, as the shopper wrote it."""
    texts = [product.card.title, *(variant.title for variant in product.card.variants)]
    if len(product.card.variants) < 2:  # one form may have its colour in the text
        texts += [product.description, *product.attributes.values()]
    there = set(words(" ".join(texts)))
    size = size_asked(reply.question.text)
    if size and len(product.card.variants) > 1 and not of_size(product, size):
        return size.upper()
    for word in words(reply.question.text):
        meant = {word, *words(gloss(word, reply.intent.language)), SIZE_LETTERS.get(word, word)}
        if meant & _CHOICES and not meant & there:
            return _as_written(reply.question.text, word)
    return None


def _as_written(text: str, folded: str) -> str:
    """Folding keeps positions: the shopper's own word, accents and all."""
    place = fold(text).find(folded)
    return text[place : place + len(folded)] if place >= 0 else folded


def _other_choices(reply: Reply, product: ProductDetail, missing: str) -> list[AnswerEvent]:
    """The colours that can be had, each once, where it was a colour that is missing; otherwise the variants."""
    available = [variant.title.split(" / ") for variant in product.card.variants if variant.available]
    columns = [list(dict.fromkeys(column)) for column in zip(*available, strict=False)]
    colors = [column for column in columns if not any(_is_size(value) for value in column)]
    if fold(missing) in SIZES or len(columns) < 2 or len(colors) != 1:
        return _others(reply, product, [])
    return list(reply.say(reply.words.stock_others.format(variants=", ".join(colors[0]))))


def _is_size(value: str) -> bool:
    return bool(set(words(value)) & SIZES) or any(character.isdigit() for character in value)


def tell_variants(reply: Reply, product: ProductDetail) -> list[AnswerEvent]:
    """Whether the variants the question names can be had; nothing when it names none."""
    variants = variants_asked(reply, product)
    say, title = reply.words, product.card.title
    available = [variant for variant in variants if variant.available]
    if not available:
        text = say.stock_variant_no.format(title=title, variant=variant_titles(variants))
        return [*reply.say(text), *_others(reply, product, variants)]
    events: list[AnswerEvent] = list(
        reply.say(say.stock_variant_yes.format(title=title, variant=variant_titles(available)))
    )
    if len(available) == 1 and (count := product.stock.get(available[0].title)):
        events += reply.say(say.stock_count.format(count=count))
    price = available[0].price
    if len(available) == 1 and price and any(variant.price != price for variant in product.card.variants):
        named = f"{title} ({available[0].title})"
        events += reply.say(say.price_is.format(title=named, price=reply.money(price)))
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
    return list(reply.say(reply.words.stock_others.format(variants=variant_titles(others)))) if others else []


def variant_titles(variants: list[VariantCard]) -> str:
    """Named one after the other, at most eight."""
    more = " …" if len(variants) > MAX_VARIANTS_SAID else ""
    return ", ".join(variant.title for variant in variants[:MAX_VARIANTS_SAID]) + more
