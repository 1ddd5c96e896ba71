"""Questions about one product: the attribute or sentence of its page that answers, or that the page does not say."""

import re
from collections.abc import AsyncIterator

from server.chat.answering.engine.follow_up import refine
from server.chat.answering.engine.page_lines import asks_attribute, find_contents, find_line, near_line, question_words
from server.chat.answering.engine.passage_selection import Found
from server.chat.answering.engine.passages import find_passage, policy_suggestions, quote
from server.chat.answering.engine.product_reference import best_named, find_focus, lowest_price
from server.chat.answering.engine.products import search
from server.chat.answering.engine.reply import Reply
from server.chat.answering.engine.search_answer import answer_found
from server.chat.answering.engine.small_talk import STRONG_PASSAGE, answer_unknown, best_of_everything
from server.chat.answering.engine.stock import find_choice, tell_stock, tell_variants, variant_titles, variants_asked
from server.chat.answering.engine.superlatives import extreme_of_kind
from server.chat.answering.engine.temperatures import for_temperature
from server.chat.answering.engine.text_match import clip, coverage, sentences_of
from server.chat.answering.intents.nonsense import is_insult
from server.chat.answering.intents.words import fold, words
from server.chat.models import AnswerEvent, CatalogResult, ProductDetail, ShowProducts, StatusLine

MAX_VARIANTS_SAID = 12
HALF = 0.5
"""Of the words that are asked beside a product's name: what a policy must have to be an answer."""
_PRICE = re.compile(
    r"\b(?:price|cost|costs|how much (?:is|are|does (?:it|this|that) cost|for)|prix|coute|"
    r"combien (?:ca )?(?:coute|vaut)|(?:c'est|ca fait) combien|combien c'est|kostet|preis|"
    r"wie teuer|cuesta|vale|precio)\b|\b(?:combien|how much)\W*$"
)
_GENERAL = re.compile(
    r"\b(?:tell me (?:more )?about|more (?:info|information|details)|details|describe|what is (?:it|"
    r"this|that)\W*$|en savoir plus|m'en plus|plus d'infos?|parlez[- ]moi|mehr (?:uber|infos?|"
    r"informationen)|erzahl\w*|mas (?:informacion|sobre)|cuentame|hablame)\b"
)
_CHOICES_ASKED = re.compile(
    r"\b(?:sizes|colou?rs|versions|variants|options|tailles|couleurs|grosen|farben|varianten|tallas|colores|versiones)\b"
)
_CHOICES = re.compile(
    r"\b(?:sizes?|colou?rs?|versions?|variants?|options|tailles?|couleurs?|grosen?|farben?|varianten?|"
    r"tallas?|colores|versiones)\b"
)


async def answer_detail(reply: Reply) -> AsyncIterator[AnswerEvent]:
    """Find the product, then what its page says about the question."""
    yield StatusLine(reply.words.searching)
    product = await find_focus(reply)
    if product is None:
        wants_products = not _HOW_TO.search(fold(reply.question.text))
        found = [] if reply.intent.refers_back else await best_of_everything(reply, or_products=wants_products)
        for event in found or _which(reply):
            yield event
        return
    for event in await tell_product(reply, product):
        yield event


_HOW_TO = re.compile(
    r"^\W*(?:and )?(?:how (?:do|can|should|would|to)\b|what is the best way|comment\b|"
    r"wie (?:wasch\w*|reinig\w*|pfleg\w*|kann|soll\w*|mache?)\b|como\b)"
)
"""What asks for advice is not answered by a list of products."""


_ASKS = re.compile(
    r"^\W*(?:does|is|are|do|can|will|how|what|was|has|who|when|"
    r"est-ce que|combien|ist|sind|hat|kann|wie|cuanto|es|tiene)\b"
    r"(?!.{0,12}\b(?:you|vous|ihr|sie|tienen|teneis)\b)"
)


def _asked_about(reply: Reply, result: CatalogResult) -> ProductDetail | None:
    """The product that a question asks something about ("does the Ridge bottle keep coffee hot?")."""
    if result.exact:
        return None
    named = best_named(result, reply.question.text)
    folded = fold(reply.question.text)
    if named is None or _ASKS.search(folded) or _PRICE.search(folded) or _CHOICES_ASKED.search(folded):
        return named
    return named if asks_attribute(reply, named) else None


_IN = re.compile(r"\b(?:in|en) (?:size |a |the |taille |talla |grose )?(\w+)")


def _asked_in(reply: Reply, result: CatalogResult) -> ProductDetail | None:
    """The product that is asked for in one of its own colours or sizes ("the Loch blanket in heather")."""
    product = None if result.exact else best_named(result, reply.question.text)
    choices = {word for variant in product.card.variants for word in words(variant.title)} if product else set()
    return product if choices & set(_IN.findall(fold(reply.question.text))) else None


async def answer_wish(reply: Reply) -> AsyncIterator[AnswerEvent]:
    """Products for a wish; where the wish turns out to be a question about one product, what its page says."""
    yield StatusLine(reply.words.searching)
    if reply.intent.refines:
        await refine(reply)
    if (chosen := None if reply.intent.refines else await find_choice(reply)) is not None:
        for event in tell_stock(reply, chosen):
            yield event
        return
    most = await extreme_of_kind(reply) or await for_temperature(reply)
    result = await search(reply) if not most else CatalogResult(products=())
    named = _asked_about(reply, result) if not reply.intent.refines else None
    if (wanted := _asked_in(reply, result)) is not None:
        for event in tell_stock(reply, wanted):
            yield event
        return
    for event in most or await (tell_product(reply, named) if named else answer_found(reply, result)):
        yield event


async def answer_open(reply: Reply) -> AsyncIterator[AnswerEvent]:
    """A question of no known sort: perhaps it names a product, otherwise whatever the shop has on it."""
    chosen = await find_choice(reply)
    for event in tell_stock(reply, chosen) if chosen else ():
        yield event
    if chosen is not None:
        return
    named = None if is_insult(reply.question.text) else _asked_about(reply, await search(reply))
    if named is None:
        async for event in answer_unknown(reply):
            yield event
        return
    for event in await tell_product(reply, named):
        yield event


def _which(reply: Reply) -> list[AnswerEvent]:
    words = reply.words
    return [
        *reply.say(words.which_product),
        *reply.suggest(words.ask_find, words.ask_human),
        *reply.conclude("product_unclear", 0.35),
    ]


async def tell_product(reply: Reply, product: ProductDetail) -> list[AnswerEvent]:
    """What its page says with its card and citation; what the policies say before the page is called silent."""
    reply.grounder.add_product(product)
    words, said = reply.words, _answer(reply, product)
    if said is None and (found := await _policy_about(reply, product)):
        return [
            *quote(reply, found),
            *reply.suggest(*policy_suggestions(reply.intent, reply)),
            *reply.conclude("policy", 0.9 * found.confidence),
        ]
    events, confidence = said or (_silent(reply, product), 0.35)
    return [
        *reply.cite_product(product),
        *events,
        ShowProducts((product.card,)),
        *reply.suggest(words.ask_shipping, words.ask_returns, words.ask_human),
        *reply.conclude("product_detail" if said else "product_silent", confidence),
    ]


async def _policy_about(reply: Reply, product: ProductDetail) -> Found | None:
    """A passage whose own words answer what is asked beside the product's name."""
    found = await find_passage(reply)
    if found is None or found.confidence < STRONG_PASSAGE:
        return None
    beside = question_words(reply, product)
    return found if coverage(beside, " ".join(found.sentences)) > HALF else None


def _silent(reply: Reply, product: ProductDetail) -> list[AnswerEvent]:
    words, title, near = reply.words, product.card.title, near_line(reply, product)
    return [
        *reply.say(words.does_not_say.format(title=title)),
        *(reply.say(words.page_says.format(title=title, quote=clip(near))) if near else ()),
        *reply.say(words.offer_human),
    ]


def _answer(reply: Reply, product: ProductDetail) -> tuple[list[AnswerEvent], float] | None:
    """What the page says, and how sure that is; None where it says nothing."""
    folded, words, title = fold(reply.question.text), reply.words, product.card.title
    if variants_asked(reply, product) and not _PRICE.search(folded):
        return tell_variants(reply, product), 0.9
    if _PRICE.search(folded):
        return _price(reply, product), 0.9
    if _GENERAL.search(folded):
        return _about(reply, product), 0.8
    if _CHOICES_ASKED.search(folded) and len(product.card.variants) > 1 and (choices := _choices(reply, product)):
        return choices, 0.85
    line, confidence = (contents, 0.9) if (contents := find_contents(reply, product)) else find_line(reply, product)
    if line is not None and line.label:
        text = words.attribute.format(title=title, name=line.label, value=clip(line.text))
        return list(reply.say(text)), confidence
    if _CHOICES.search(folded) and (choices := _choices(reply, product)):
        return choices, 0.85
    if line is not None:
        return list(reply.say(words.page_says.format(title=title, quote=clip(line.text)))), confidence
    if not question_words(reply, product).concepts:  # "what about the Fell 2?"
        return _about(reply, product), 0.7
    return None


def _price(reply: Reply, product: ProductDetail) -> list[AnswerEvent]:
    words, card = reply.words, product.card
    if card.price is None:
        return list(reply.say(words.no_price.format(title=card.title)))
    meant = variants_asked(reply, product)
    prices = [variant.price for variant in meant or card.variants if variant.price]
    if meant and prices and len(set(prices)) == 1:
        title = f"{card.title} ({variant_titles(meant)})"
        return list(reply.say(words.price_is.format(title=title, price=reply.money(prices[0]))))
    low, high = lowest_price(card), max(prices, key=lambda price: price.amount, default=card.price)
    if low is not None and low.amount < high.amount:
        return list(reply.say(words.price_from.format(title=card.title, low=reply.money(low), high=reply.money(high))))
    events: list[AnswerEvent] = list(reply.say(words.price_is.format(title=card.title, price=reply.money(card.price))))
    if card.compare_at_price and card.compare_at_price.amount > card.price.amount:
        events += reply.say(words.price_was.format(price=reply.money(card.compare_at_price)))
    return events


def _about(reply: Reply, product: ProductDetail) -> list[AnswerEvent]:
    sentences = sentences_of(product.description)[:2]
    events: list[AnswerEvent] = []
    if sentences:
        quote = clip(" ".join(sentences))
        events += reply.say(reply.words.about.format(title=product.card.title, quote=quote))
    return events + _price(reply, product)


def _choices(reply: Reply, product: ProductDetail) -> list[AnswerEvent]:
    titles = [variant.title for variant in product.card.variants if variant.title.lower() not in ("", "default title")]
    if not titles:
        return []
    listed = ", ".join(titles[:MAX_VARIANTS_SAID]) + (" …" if len(titles) > MAX_VARIANTS_SAID else "")
    return list(reply.say(reply.words.comes_in.format(title=product.card.title, variants=listed)))
