"""Products for a wish: those that meet it, or the nearest, or honestly none."""

import math
import re

import msgspec
from msgspec import Struct

from integrations.platform import Money
from server.chat.answering.engine.choices import has_choices
from server.chat.answering.engine.evidence import clip, is_other_language
from server.chat.answering.engine.focus import find_shown, is_same_word, lowest_price
from server.chat.answering.engine.reply import Reply
from server.chat.answering.engine.wish_words import as_written, last_wish, wish_words
from server.chat.answering.reading.models import Slots
from server.chat.answering.reading.reader import MAX_QUERY_CHARACTERS
from server.chat.languages.measures import read_measures
from server.chat.models import AnswerEvent, CatalogResult, ProductDetail, ShowProducts, Source
from server.knowledge.evidence import Unit, UnitKind, product_text_units
from server.languages.matching import normalise, words_of
from server.languages.words import Negation
from server.models.glossary import meanings

SEARCHED = 8
MANY = 24
"""For the extreme of a kind, all of the kind have to be seen."""
MAX_ASKED_WORDS = 20
"""Words of a wish that are compared with each page."""
MAX_CARDS = 6
FITS = 0.42
"""From this fit on a product is offered."""
NEAR = 0.27
"""From here on it is shown as the nearest; below, the shop is not said to have it, nor not to."""
WITHIN = 0.2
"""The same within limits of price, which tell more than words."""
ABSENT = 0.16
"""Below this fit of the best product the shop does not seem to have what was asked for."""
BESIDE = 0.75
"""The share of the best fit that others must reach to be shown."""
CLEARLY = 0.97
"""What is sold out stands behind what is not, unless it fits so much better."""
MAX_WHY_CHARACTERS = 220
MAX_NAME_WORDS, MAX_NOUNS, FEW_NOUNS = 4, 2, 3
ONLY_NEAR = 0.4
"""The best fit there is to a short wish with a word that no product has."""
MAX_EXTREMES = 3
SIMILAR_FROM, SIMILAR_TO = 0.12, 0.62
"""Cosines between which the fit grows from 0 to 1; between languages they lie lower."""
FOREIGN_FROM, FOREIGN_TO = 0.08, 0.46
WORDS_SHARE, MEANING_ALONE = 0.55, 0.75
FOR_OTHERS = 0.6
TOO_WARM, UNKNOWN_DEGREES = 0.5, 0.8
"""What the fit counts of a product that does not go down to the temperature asked for, or does not say."""
DENIED = -0.6
"""What a word counts that the page has only in a sentence with a "not"."""


class Match(Struct, frozen=True):
    """A product that was found. `fit` is 0..1; `doubt` names what its page does not confirm."""

    product: ProductDetail
    fit: float
    source: Source | None = None
    doubt: str = ""


class Wish(Struct, frozen=True):
    """What is looked for: the words to search with, the limits, and what was found, best first."""

    query: str
    slots: Slots
    matches: tuple[Match, ...] = ()
    left_out: tuple[ProductDetail, ...] = ()
    """Found, but unfit: they have what is not wanted."""
    is_of_shown: bool = False
    """Only products that were shown before were looked at, for a colour or size."""

    @property
    def fit(self) -> float:
        """Of the best match; 0 without one."""
        return self.matches[0].fit if self.matches else 0.0


async def find_wish(reply: Reply) -> Wish:
    """Search for what is wanted, within its limits, the last wish completed where this one only narrows it down."""
    query, slots = await _completed(reply)
    if not query and (slots.cheapest or slots.dearest):
        found = await reply.tools.catalog_extremes(dearest=slots.dearest, limit=MAX_EXTREMES)
        return Wish(query, slots, tuple(Match(product, 1.0) for product in found))
    if not query and (slots.colours or slots.sizes) and reply.question.shown_products:
        return await _of_shown(reply, slots)
    result = await search_within(reply, query, slots)
    matches, left_out = [], []
    fits, degrees = fits_of(reply, result, query), coldest_wanted(reply)
    if max(fits, default=0.0) > ONLY_NEAR and not _knows_words(reply, result, query):
        fits = [fit * ONLY_NEAR / max(fits) for fit in fits]
    for product, fit in zip(result.products, fits, strict=True):
        if excluded_by(reply, product, slots):
            left_out.append(product)
            continue
        if not _is_within_limits(product, slots):
            continue
        if (slots.colours or slots.sizes) and not has_choices(reply, product):
            fit = min(fit * 0.6, ONLY_NEAR)
        fit *= _suits_degrees(reply, product, degrees) * _suits_audience(reply, product)
        matches.append(Match(product, fit, _source(result, product), _doubt(reply, product, slots)))
    if slots.excluded:
        matches = [match for match in matches if not match.doubt] or matches[:1]
    matches.sort(key=lambda match: -match.fit * (0.9 if match.doubt else 1.0))
    if matches and await _is_other_kind(reply, query, slots, matches[0]):
        matches = []
    return Wish(query, slots, tuple(matches), tuple(left_out))


def _knows_words(reply: Reply, result: CatalogResult, query: str) -> bool:
    """Whether each word of a short wish stands on the page of a product that was found: "vegan boots" are not just
    boots."""
    asked = [word for word in reply.shop_language.stems(query) if word.isalpha()]
    if reply.is_foreign or not 1 < len(asked) <= FEW_NOUNS or not result.products:
        return True
    met = [_words_met(reply, product, asked) for product in result.products]
    return all(any(each[index] != 0 for each in met) for index in range(len(asked)))


async def _is_other_kind(reply: Reply, query: str, slots: Slots, best: Match) -> bool:
    """Whether a limit of price leaves only another kind than the words alone mean: pegs instead of a tent."""
    if slots.price_max is None or slots.cheaper or len(reply.language.stems(query)) > MAX_NOUNS:
        return False
    unlimited = msgspec.structs.replace(slots, price_min=None, price_max=None)
    result = await search_within(reply, query, unlimited)
    fits = fits_of(reply, result, query)
    meant = [product for product, fit in zip(result.products, fits, strict=True) if fit >= FITS]
    if not meant or not meant[0].category or not best.product.category:
        return False
    return best.product.category[-1] not in {product.category[-1] for product in meant[:2] if product.category}


def coldest_wanted(reply: Reply) -> float | None:
    """The temperature below zero that the wish names."""
    asked = [each for each in read_measures(reply.reading.text, "temperature", reply.language.code) if each < 0]
    return min(asked, default=None)


def _suits_degrees(reply: Reply, product: ProductDetail, degrees: float | None) -> float:
    """What the fit of a product counts whose page does not go down to the temperature that is asked for."""
    if degrees is None:
        return 1.0
    shop = reply.shop_language.code
    known = [each for text in product.attributes.values() for each in read_measures(text, "temperature", shop)]
    return 1.0 if known and min(known) <= degrees else TOO_WARM if known else UNKNOWN_DEGREES


def _suits_audience(reply: Reply, product: ProductDetail) -> float:
    """What the fit of a product counts that is for others than those who are asked for: men's jackets for women."""
    said = normalise(" ".join((product.card.title, *product.category)))
    audience = {name for name, phrases in reply.shop_language.words.audience.items() if phrases.found_in(said)}
    return FOR_OTHERS if audience and audience.isdisjoint(reply.reading.slots.audience or audience) else 1.0


async def _of_shown(reply: Reply, slots: Slots) -> Wish:
    """Of the products that were shown, those in the colour or size that is asked for."""
    shown = await find_shown(reply, SEARCHED)
    fitting = [product for product in shown if has_choices(reply, product)]
    return Wish("", slots, tuple(Match(product, 1.0) for product in fitting), is_of_shown=True)


async def search_within(reply: Reply, query: str, slots: Slots) -> CatalogResult:
    """The catalog's best for a query within the limits of price and stock."""
    return await reply.tools.search_catalog(
        query,
        price_min=slots.price_min,
        price_max=slots.price_max,
        in_stock=slots.in_stock,
        limit=MANY if slots.superlative or slots.cheapest or slots.dearest else SEARCHED,
    )


async def _completed(reply: Reply) -> tuple[str, Slots]:
    """The query and limits; the last wish stands before a message that only narrows it down ("cheaper?", "in blue")."""
    reading, slots = reply.reading, reply.reading.slots
    query = wish_words(reply, reading.query)
    if slots.cheaper and reply.question.shown_products:
        shown = await reply.tools.get_product(reply.question.shown_products[0])
        if shown and (price := lowest_price(shown.card)) and slots.price_max is None:
            slots = msgspec.structs.replace(slots, price_max=price.amount - 1)
    narrows = reading.is_follow_up and len(query.split()) < 2
    if (query and not narrows) or slots.cheapest or slots.dearest:
        return query, slots
    if (slots.colours or slots.sizes) and reply.question.shown_products:
        return "", slots
    completed = f"{last_wish(reply) or await _kind_of_shown(reply)} {query}".strip()
    return completed or reading.text[:MAX_QUERY_CHARACTERS], slots


async def _kind_of_shown(reply: Reply) -> str:
    """The kind of thing that was shown last: its category, or its title without one."""
    if not reply.question.shown_products:
        return ""
    shown = await reply.tools.get_product(reply.question.shown_products[0])
    return (shown.category[-1] if shown.category else shown.card.title) if shown else ""


def fits_of(reply: Reply, result: CatalogResult, query: str) -> list[float]:
    """How well each found product meets the words of the wish, 0..1, by meaning and by words. What tells the found
    products apart counts more than what they share."""
    shop = reply.shop_language
    asked = list(dict.fromkeys(shop.stems(query)))[:MAX_ASKED_WORDS]
    met = [_words_met(reply, product, asked) for product in result.products]
    weights = [_weight(sum(each[index] > 0 for each in met), len(met)) for index in range(len(asked))]
    total = sum(weights)
    found = []
    for rank, each in enumerate(met):
        words = sum(weight * share for weight, share in zip(weights, each, strict=True)) / total if total else 0.0
        similarity = result.similarities[rank] if rank < len(result.similarities) else None
        found.append(1.0 if result.exact and rank == 0 else _fused(reply, words, similarity))
    return found


def _weight(holders: int, products: int) -> float:
    return math.log(1 + (products + 1) / (holders + 0.5))


def _words_met(reply: Reply, product: ProductDetail, asked: list[str]) -> list[float]:
    """Of each word of the wish: 1 in a prominent place, less in the running text, below 0 where it is denied."""
    shop = reply.shop_language
    prominent = set(shop.stems(" ".join((product.card.title, product.brand or "", *product.category))))
    running = prominent | set(shop.stems(_page_text(product)))
    denied = _denied_words(reply, product)
    return [
        1.0 if _is_in(word, prominent) else DENIED if word in denied else 0.7 if _is_in(word, running) else 0.0
        for word in asked
    ]


def _fused(reply: Reply, words: float, similarity: float | None) -> float:
    meaning = 0.0
    if similarity is not None:
        low, high = (FOREIGN_FROM, FOREIGN_TO) if reply.is_foreign else (SIMILAR_FROM, SIMILAR_TO)
        meaning = min(1.0, max(0.0, (similarity - low) / (high - low)))
    if reply.is_foreign:
        return max(meaning, words)
    return max(WORDS_SHARE * words + (1 - WORDS_SHARE) * meaning, MEANING_ALONE * meaning)


def _denied_words(reply: Reply, product: ProductDetail) -> set[str]:
    """The words of its page that stand in sentences that deny something, and in no other."""
    shop = reply.shop_language
    denied, said = set[str](), set[str]()
    for unit in product_text_units(product.card.title, product.description, attributes=product.attributes):
        words = set(shop.stems(f"{unit.label} {unit.text}"))
        if shop.words.negation.sentence.found_in(normalise(unit.text)):
            denied |= words
        else:
            said |= words
    return denied - said


def _is_in(word: str, there: set[str]) -> bool:
    return word in there or any(
        is_same_word(word, other) or (len(word) > 4 and other.endswith(word)) for other in there
    )


def _page_text(product: ProductDetail) -> str:
    attributes = " ".join(f"{name} {value}" for name, value in product.attributes.items())
    return f"{product.description[:6000]} {attributes}"


def _is_within_limits(product: ProductDetail, slots: Slots) -> bool:
    card = product.card
    if slots.in_stock and not card.available:
        return False
    if slots.reduced and not (
        card.compare_at_price and card.price and card.compare_at_price.amount > card.price.amount
    ):
        return False
    if card.price is None:
        return slots.price_min is None and slots.price_max is None
    prices = [each.price.amount for each in card.variants if each.price] or [card.price.amount]
    low = slots.price_min is None or max(prices) >= slots.price_min
    return low and (slots.price_max is None or min(prices) <= slots.price_max)


def _source(result: CatalogResult, product: ProductDetail) -> Source | None:
    return next((source for source in result.sources if source.id == f"product:{product.card.id}"), None)


# what is not wanted -------------------------------------------------------------------------------------------------


def excluded_by(reply: Reply, product: ProductDetail, slots: Slots) -> bool:
    """Whether the product has what is not wanted: its page names it other than to say that it is not there."""
    return any(_has(reply, product, each) is True for each in slots.excluded)


def _doubt(reply: Reply, product: ProductDetail, slots: Slots) -> str:
    """What is not wanted and the page says nothing of."""
    return next((each for each in slots.excluded if _has(reply, product, each) is None), "")


def _has(reply: Reply, product: ProductDetail, thing: str) -> bool | None:
    """Whether a product has a thing: True, False where its page says that it has not, None where it says nothing."""
    if reply.is_foreign and (meant := meanings(thing, reply.reading.language)):
        thing = " ".join(meant)
    shop = reply.shop_language
    wanted = [shop.stem(word) for word in words_of(thing)]
    if not wanted:
        return None
    others = shop.words.negation.others
    said: bool | None = None
    forms = {"": tuple(each.title for each in product.card.variants)}
    units = product_text_units(product.card.title, product.description, attributes=product.attributes, options=forms)
    for unit in units:
        body = normalise(f"{unit.label} {unit.text}")
        there = [shop.stem(word) for word in words_of(body) if not others.found_in(word)]
        if not all(any(_is_part(word, other) for other in there) for word in wanted):
            continue
        if _is_denied(body, thing, shop.words.negation):
            said = False
        elif not shop.words.negation.sentence.found_in(body):
            return True
    title = [shop.stem(word) for word in words_of(product.card.title) if not others.found_in(word)]
    in_title = all(any(_is_part(word, other) for other in title) for word in wanted)
    return True if in_title and said is None else said


def _is_part(word: str, other: str) -> bool:
    return word == other or (len(word) > 3 and word in other) or is_same_word(word, other)


def _is_denied(body: str, thing: str, negation: Negation) -> bool:
    first = re.escape(normalise(thing).split()[0][:5])
    for place in re.finditer(first, body):
        lead = body[max(0, place.start() - 24) : place.start()]
        tail = body[place.end() : place.end() + 24]
        behind = (*negation.after.phrases, *negation.ends)
        if negation.before.found_in(lead) or any(phrase.strip("^$*") in tail for phrase in behind):
            return True
    return False


# answering ----------------------------------------------------------------------------------------------------------


def answer_wish(reply: Reply, wish: Wish) -> list[AnswerEvent]:
    """Headline, why, the others; the nearest where nothing fits; that nothing was found."""
    if wish.is_of_shown:
        return _answer_shown(reply, wish)
    limited = wish.slots.price_min is not None or wish.slots.price_max is not None
    if wish.fit >= (WITHIN if limited and not wish.slots.cheaper else FITS):
        return _answer_matches(reply, wish)
    if wish.fit >= NEAR and not wish.slots.cheaper:
        return _answer_nearest(reply, wish)
    return _answer_nothing(reply, wish)


def _answer_shown(reply: Reply, wish: Wish) -> list[AnswerEvent]:
    """Which of the shown products come in the colour or size that is asked for."""
    words = reply.words
    choice = _choice_as_written(reply, wish.slots)
    reply.grounder.add_facts("question", "choice", choice)
    if not wish.matches:
        return [
            *reply.say(words.none_in_colour.format(choice=choice)),
            *reply.suggest(words.ask_find, words.ask_human),
            *reply.conclude("product_none", 0.6),
        ]
    events: list[AnswerEvent] = list(reply.say(words.filtered.format(choice=choice)))
    for match in wish.matches[:MAX_CARDS]:
        events += reply.cite_product(match.product)
        price = lowest_price(match.product.card)
        line = f"**{match.product.card.title}**" + (f": {reply.money(price)}" if price else "")
        events += reply.say(f"- {line}", separator="\n")
    events.append(ShowProducts(tuple(match.product.card for match in wish.matches[:MAX_CARDS])))
    return [*events, *reply.suggest(words.ask_details, words.ask_stock), *reply.conclude("product_search", 0.8)]


def _choice_as_written(reply: Reply, slots: Slots) -> str:
    tables = ((slots.colours, reply.language.words.colours), (slots.sizes, reply.language.words.sizes))
    said = [
        place.text if name in table and (place := table[name].match(reply.reading.normalised)) else name
        for names, table in tables
        for name in names
    ]
    return " ".join(said)


def _shown(wish: Wish) -> list[Match]:
    best = wish.fit
    shown = [match for match in wish.matches if match.fit >= max(min(NEAR, best), BESIDE * best)]
    if wish.slots.cheapest or wish.slots.dearest:
        priced = [match for match in shown if match.product.card.price]
        priced.sort(key=lambda match: _amount(match), reverse=wish.slots.dearest)
        shown = priced or shown
    else:
        shown.sort(key=lambda match: not match.product.card.available and match.fit < CLEARLY * best)
    return shown[:MAX_CARDS]


def _amount(match: Match) -> int:
    price = lowest_price(match.product.card)
    return price.amount if price else 0


def _answer_matches(reply: Reply, wish: Wish) -> list[AnswerEvent]:
    words, shown = reply.words, _shown(wish)
    best = shown[0]
    for match in shown:
        reply.grounder.add_product(match.product)
    reply.grounder.allow_count(len(shown) - 1)
    reply.product = best.product
    events: list[AnswerEvent] = list(reply.cite_product(best.product, best.source))
    events += reply.say(_headline(reply, wish, best, len(shown)))
    if not best.product.card.available:
        events += reply.say(words.sold_out_first)
    if why := reason(reply, best.product, wish.query):
        events += reply.say(words.in_the_shops_words) if is_other_language(why, reply) else []
        events += reply.say(words.why.format(quote=why))
    if best.doubt:
        doubted = _wish_as_written(reply, best.doubt)
        reply.grounder.add_facts("question", "wish", f"{best.doubt}; {doubted}")
        events += reply.say(words.wish_unconfirmed.format(wish=doubted))
    if wish.left_out:
        events += reply.say(words.left_out_unfit)
    events += _others(reply, shown[1:])
    events.append(ShowProducts(tuple(match.product.card for match in shown)))
    more = (
        (words.ask_compare, words.ask_stock, words.ask_cheapest)
        if len(shown) > 1
        else (words.ask_shipping, words.ask_returns)
    )
    events += reply.suggest(words.ask_details, *more)
    return events + list(reply.conclude("product_search", 0.45 + 0.5 * best.fit))


def _wish_as_written(reply: Reply, thing: str) -> str:
    """What is not wanted, with its "without" as the shopper wrote it."""
    found = re.search(rf"(\w+ )?{re.escape(thing)}([ -]\w+)?", reply.reading.normalised)
    return found[0] if found else thing


def _headline(reply: Reply, wish: Wish, best: Match, count: int) -> str:
    words, card = reply.words, best.product.card
    price = lowest_price(card)
    if price is None:
        return words.found_unpriced.format(title=card.title)
    template = words.found if count > 1 else words.found_one
    if wish.slots.cheapest:
        template = words.found_cheapest
    elif wish.slots.dearest:
        template = words.found_dearest
    return template.format(title=card.title, price=reply.money(price))


def reason(reply: Reply, product: ProductDetail, query: str) -> str:
    """The piece of the page that meets the wish best, or its first sentence; empty without a description."""
    units = [
        unit
        for unit in product_text_units(product.card.title, product.description)
        if unit.kind is not UnitKind.ATTRIBUTE
    ]
    if not units:
        return ""
    shop = reply.shop_language
    asked = set(shop.stems(query)) - set(shop.stems(product.card.title))

    def met(unit: Unit) -> tuple[int, int]:
        return sum(_is_in(word, set(shop.stems(unit.text))) for word in asked), -unit.place

    return clip(max(units, key=met).text, MAX_WHY_CHARACTERS)


def _others(reply: Reply, others: list[Match]) -> list[AnswerEvent]:
    words = reply.words
    prices = [price for match in others if (price := lowest_price(match.product.card))]
    if not others or not prices or len({price.currency for price in prices}) > 1:
        return []
    if len(others) == 1:
        return list(reply.say(words.other_one.format(title=others[0].product.card.title, price=reply.money(prices[0]))))
    low, high = min(prices, key=lambda price: price.amount), max(prices, key=lambda price: price.amount)
    if len(prices) != len(others) or low == high:
        return []
    return list(reply.say(words.others.format(count=len(others), low=reply.money(low), high=reply.money(high))))


def _answer_nearest(reply: Reply, wish: Wish) -> list[AnswerEvent]:
    """Nothing meets it all: which limit stands in the way, and the nearest."""
    words, shown = reply.words, _shown(wish)[:3]
    best = shown[0]
    for match in shown:
        reply.grounder.add_product(match.product)
    events: list[AnswerEvent] = list(reply.cite_product(best.product, best.source))
    events += reply.say(words.not_exactly)
    if price := lowest_price(best.product.card):
        events += reply.say(words.nearest.format(title=best.product.card.title, price=reply.money(price)))
    events.append(ShowProducts(tuple(match.product.card for match in shown)))
    events += reply.suggest(words.ask_details, words.ask_human)
    return events + list(reply.conclude("product_nearest", 0.5))


def _answer_nothing(reply: Reply, wish: Wish) -> list[AnswerEvent]:
    words, slots = reply.words, wish.slots
    events: list[AnswerEvent] = []
    if slots.cheaper:
        events += reply.say(words.nothing_cheaper)
    elif slots.price_max is not None or slots.price_min is not None:
        money = Money(slots.price_max or slots.price_min or 0, reply.question.currency)
        reply.grounder.add_facts("question", "limit", money)
        events += reply.say(words.nothing_in_budget.format(limit=reply.money(money)))
    elif slots.excluded:
        events += reply.say(words.nothing_without)
    elif wish.fit < ABSENT and 0 < len(wish.query.split()) <= MAX_NAME_WORDS:
        name = as_written(reply, wish.query)
        reply.grounder.add_facts("question", "name", name)
        events += reply.say(words.not_sold.format(name=name))
    else:
        events += reply.say(words.nothing_found)
    events += reply.suggest(words.ask_human, words.ask_shipping, words.ask_returns)
    return events + list(reply.conclude("product_none", 0.35))
