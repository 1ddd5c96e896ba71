"""Questions about one product: the attribute or sentence of its page that answers, or that the page does not say."""

import re
from collections.abc import AsyncIterator

from msgspec import Struct

from server.chat.engine.focus import best_named, find_focus, lowest_price
from server.chat.engine.products import answer_found, search
from server.chat.engine.quotes import Asked, answers_kind, asked, clip, fit, rarity, sentences_of
from server.chat.engine.reply import Reply
from server.chat.engine.stock import asked_words, find_choice, named_variants, tell_stock, tell_variants
from server.chat.engine.superlatives import extreme_of_kind
from server.chat.engine.talk import answer_unknown, best_of_everything
from server.chat.intents.nonsense import is_insult
from server.chat.intents.words import fold, stem, stems, word_set, words
from server.chat.models import AnswerEvent, CatalogResult, ProductDetail, ShowProducts, StatusLine

MAX_VARIANTS_SAID = 12
LABEL_WEIGHT = 1.5
_ANSWERS = 0.95
"""What a line must reach to count as an answer: about one word of the question."""

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


class Line(Struct, frozen=True):
    """One thing the page says: a label with a value, or a sentence (no label)."""

    text: str
    label: str = ""


async def answer_detail(reply: Reply) -> AsyncIterator[AnswerEvent]:
    """Find the product, then what its page says about the question."""
    yield StatusLine(reply.words.searching)
    product = await find_focus(reply)
    if product is None:
        found = [] if reply.intent.refers_back else await best_of_everything(reply)
        for event in found or _which(reply):
            yield event
        return
    for event in describe(reply, product):
        yield event


_ASKS = re.compile(
    r"^\W*(?:does|is|are|do|can|will|how|what|was|has|who|when|"
    r"est-ce que|combien|ist|sind|hat|kann|wie|cuanto|es|tiene)\b"
    r"(?!.{0,12}\b(?:you|vous|ihr|sie|tienen|teneis)\b)"
)


def _asked_about(reply: Reply, result: CatalogResult) -> ProductDetail | None:
    """The product that a question asks something about ("does the Ridge bottle keep coffee hot?")."""
    if result.exact or not _ASKS.search(fold(reply.question.text)):
        return None
    return best_named(result, reply.question.text)


_IN = re.compile(r"\b(?:in|en) (?:size |a |the |taille |talla |grose )?(\w+)")


def _asked_in(reply: Reply, result: CatalogResult) -> ProductDetail | None:
    """The product that is asked for in one of its own colours or sizes ("the Loch blanket in heather")."""
    product = None if result.exact else best_named(result, reply.question.text)
    choices = {word for variant in product.card.variants for word in words(variant.title)} if product else set()
    return product if choices & set(_IN.findall(fold(reply.question.text))) else None


async def answer_wish(reply: Reply) -> AsyncIterator[AnswerEvent]:
    """Products for a wish; where the wish turns out to be a question about one product, what its page says."""
    yield StatusLine(reply.words.searching)
    if (chosen := await find_choice(reply)) is not None:
        for event in tell_stock(reply, chosen):
            yield event
        return
    most = await extreme_of_kind(reply)
    result = await search(reply) if not most else CatalogResult(products=())
    named = _asked_about(reply, result)
    if (wanted := _asked_in(reply, result)) is not None:
        for event in tell_stock(reply, wanted):
            yield event
        return
    for event in most or (describe(reply, named) if named else await answer_found(reply, result)):
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
    for event in describe(reply, named):
        yield event


def _which(reply: Reply) -> list[AnswerEvent]:
    words = reply.words
    return [
        *reply.say(words.which_product),
        *reply.suggest(words.ask_find, words.ask_human),
        *reply.conclude("product_unclear", 0.35),
    ]


def describe(reply: Reply, product: ProductDetail) -> list[AnswerEvent]:
    """The answer about one product, its card, its citation."""
    events: list[AnswerEvent] = list(reply.cite_product(product))
    said, confidence = _answer(reply, product)
    events += said
    events.append(ShowProducts((product.card,)))
    words = reply.words
    events += reply.suggest(words.ask_shipping, words.ask_returns, words.ask_human)
    return events + list(reply.conclude("product_detail" if confidence > 0.4 else "product_silent", confidence))


def _answer(reply: Reply, product: ProductDetail) -> tuple[list[AnswerEvent], float]:
    folded, words, title = fold(reply.question.text), reply.words, product.card.title
    if named_variants(product, asked_words(reply)) and not _PRICE.search(folded):
        return tell_variants(reply, product), 0.9
    if _PRICE.search(folded):
        return _price(reply, product), 0.9
    if _GENERAL.search(folded):
        return _about(reply, product), 0.8
    if _CHOICES_ASKED.search(folded) and len(product.card.variants) > 1 and (choices := _choices(reply, product)):
        return choices, 0.85
    line, confidence = find_line(reply, product)
    if line is not None and line.label:
        text = words.attribute.format(title=title, name=line.label, value=clip(line.text))
        return list(reply.say(text)), confidence
    if _CHOICES.search(folded) and (choices := _choices(reply, product)):
        return choices, 0.85
    if line is not None:
        return list(reply.say(words.page_says.format(title=title, quote=clip(line.text)))), confidence
    if reply.intent.positions and not question_words(reply, product).concepts:
        return _about(reply, product), 0.7
    near = _near_line(reply, product)
    return [
        *reply.say(words.does_not_say.format(title=title)),
        *(reply.say(words.page_says.format(title=title, quote=clip(near))) if near else ()),
        *reply.say(words.offer_human),
    ], 0.35


def _near_line(reply: Reply, product: ProductDetail) -> str | None:
    """What the page says beside the point: of a grinder's crank where it was asked whether it is electric."""
    question = question_words(reply, product)
    near = [line.text for line in _lines(product) if not line.label and fit(stems(line.text), question, {}) > 0]
    return near[0] if len(near) == 1 else None


def find_line(reply: Reply, product: ProductDetail) -> tuple[Line | None, float]:
    """The line of the page that answers best, and how sure that is (0..1); None when no line does."""
    question = question_words(reply, product)
    lines = list(_lines(product))
    tokens = [stems(f"{line.label} {line.text}") for line in lines]
    rare = rarity(tokens)
    scored = [
        (
            fit(words, question, {}) + _label_bonus(line, question) + _kind_bonus(line, words, question),
            fit(words, question, rare),
            -rank,
        )
        for rank, (line, words) in enumerate(zip(lines, tokens, strict=True))
    ]
    if not scored or not question.concepts:
        return None, 0.0
    best = max(scored)
    if best[0] < _ANSWERS:
        return None, 0.0
    return lines[-best[2]], min(0.95, 0.45 + 0.5 * min(1.0, best[0] / (len(question.concepts) + 0.5)))


def question_words(reply: Reply, product: ProductDetail) -> Asked:
    """What is asked, without the words that only name the product."""
    own = asked(reply.question.text, reply.intent.language)
    labels = {word for name in product.attributes for word in stems(name)}
    title = frozenset(stems(f"{product.card.title} {product.brand or ''}"))
    telling = own.without(title | _POINTERS)
    return telling if telling.concepts else own.without((title - labels) | _POINTERS)


_POINTERS = frozenset(
    stem(word)
    for word in word_set(
        "first second third fourth last product item page thing buy order long many much safe ok okay allowed possible "
        "suitable good"
    )
)


def _label_bonus(line: Line, question: Asked) -> float:
    """An attribute whose name is asked for beats a sentence that only has the word."""
    return LABEL_WEIGHT * (fit(stems(line.label), question, {}) > 0)


def _kind_bonus(line: Line, words: list[str], question: Asked) -> float:
    return 0.4 * answers_kind(line.text, question) if fit(words, question, {}) else 0.0


def _lines(product: ProductDetail) -> list[Line]:
    lines = [Line(value, label=_label(name)) for name, value in product.attributes.items() if value]
    if product.brand:
        lines.append(Line(product.brand, label="Brand"))
    return lines + [Line(sentence) for sentence in sentences_of(product.description)]


def _label(name: str) -> str:
    return name.replace("_", " ").strip().capitalize()


def _price(reply: Reply, product: ProductDetail) -> list[AnswerEvent]:
    words, card = reply.words, product.card
    if card.price is None:
        return list(reply.say(words.no_price.format(title=card.title)))
    prices = [variant.price for variant in card.variants if variant.price]
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
