"""Products for a cold night: those whose page gives a temperature that is low enough, the nearest to it first."""

import re

import msgspec

from server.chat.answering.engine.comparison import telling_line
from server.chat.answering.engine.measures import MEASURES, Measured, measured
from server.chat.answering.engine.product_match import is_of_kind, wanted_kind
from server.chat.answering.engine.reply import Reply
from server.chat.answering.intents.query import with_gloss
from server.chat.answering.intents.words import fold
from server.chat.models import AnswerEvent, ShowProducts

MAX_SEARCHED = 8
MAX_TOLD = 4
_DEGREES = re.compile(
    r"(?<![\w.,-])(?P<minus>(?:minus|moins|menos) ?|[-−–] ?)?(?P<number>\d{1,2})(?![\d.,]*\d| ?%)"
    r"(?: ?(?:°|degrees?|degres?|grad|grados?))?(?P<unit> ?[cf]\b| celsius| fahrenheit)?"
)
_DOWN_TO = re.compile(
    r"(?: (?:down|up|as|low|suitable|rated|good|at|to|for|below|until|in|fur|bis|unter|pour|jusqu'?a|a|para|hasta))+$"
)
_HAS_UNIT = re.compile(r"°|degr|grad|[cf]\b|celsius|fahrenheit")
_FAHRENHEIT = re.compile(r"\d ?°? ?f\b|fahrenheit")
_TEMPERATURES = [measure for measure in MEASURES if measure.phrase == "warmer" and measure.least]


def degrees_asked(text: str) -> float | None:
    """The degrees Celsius a message names: "-10", "minus 5 degrees", "20 F"; a bare number is none."""
    for found in _DEGREES.finditer(fold(text)):
        if found["minus"] or _HAS_UNIT.search(found[0]):
            figure = float(found["number"]) * (-1 if found["minus"] else 1)
            return (figure - 32) / 1.8 if _FAHRENHEIT.search(found[0]) else figure
    return None


async def for_temperature(reply: Reply) -> list[AnswerEvent]:
    """Nothing where no temperature is asked for, or no page of that kind gives one."""
    degrees = degrees_asked(reply.question.text)
    if degrees is None:
        return []
    wanted = _DOWN_TO.sub("", " ".join(_DEGREES.sub(" ", reply.intent.wanted).split()))
    reply.intent = msgspec.structs.replace(reply.intent, wanted=wanted, query=with_gloss(wanted, reply.intent.language))
    kind, limits = wanted_kind(reply), reply.intent
    if kind is None:
        return []
    result = await reply.tools.search_catalog(
        limits.query,
        price_min=limits.price_min,
        price_max=limits.price_max,
        in_stock=limits.in_stock,
        limit=MAX_SEARCHED,
    )
    for measure in _TEMPERATURES:
        of_kind = (product for product in result.products if is_of_kind(kind, product))
        known = [found for product in of_kind if (found := measured(product, measure))]
        if known:
            return _tell(reply, known, degrees)
    return []


def _celsius(found: Measured) -> float:
    return (found.figure - 32) / 1.8 if _FAHRENHEIT.search(fold(found.text)) else found.figure


def _tell(reply: Reply, known: list[Measured], degrees: float) -> list[AnswerEvent]:
    """The least warm of those that are warm enough is the best fit; where none is, the warmest is the nearest."""
    words = reply.words
    warm_enough = sorted((each for each in known if _celsius(each) <= degrees), key=lambda each: -_celsius(each))
    told = (warm_enough or sorted(known, key=_celsius))[:MAX_TOLD]
    events: list[AnswerEvent] = []
    for found in told:
        events += reply.cite_product(found.product)
    first = told[0]
    name = first.attribute.replace("_", " ").lower()
    if not warm_enough:
        events += reply.say(words.not_exactly)
    events += reply.say(words.most.format(title=first.product.card.title, name=name, value=first.text))
    for found in told:
        events += reply.say(f"- {telling_line(reply, found.product, [found.attribute])}", separator="\n")
    events.append(ShowProducts(tuple(found.product.card for found in told)))
    events += reply.suggest(words.ask_details, words.ask_stock, words.ask_shipping)
    return events + list(reply.conclude("product_search", 0.85 if warm_enough else 0.6))
