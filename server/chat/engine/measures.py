"""Which of some products is lighter, larger or warmer, by the figures on their pages."""

import re

from msgspec import Struct

from server.chat.engine.quotes import clip
from server.chat.engine.reply import Reply
from server.chat.intents.words import fold
from server.chat.models import AnswerEvent, ProductDetail

MAX_VALUE_CHARACTERS = 60


class _Measure(Struct, frozen=True):
    """What "which is lighter" compares: the words that ask, the attribute, and which end wins."""

    phrase: str
    asks: re.Pattern[str]
    attribute: re.Pattern[str]
    least: bool


_WEIGHT = re.compile(r"weight|poids|gewicht|peso")
_ROOM = re.compile(r"capacity|volume|area|litres|volumen|contenance|capacidad")
_WARMTH = re.compile(r"comfort|temperature|limit|komfort|temperatur")
_MEASURES = (
    _Measure("lighter", re.compile(r"\b(?:lighter|lightest|weighs less|leger\w*|leicht\w*|liger\w*)\b"), _WEIGHT, True),
    _Measure("heavier", re.compile(r"\b(?:heavier|heaviest|lourd\w*|schwer\w*|pesad\w*)\b"), _WEIGHT, False),
    _Measure(
        "larger",
        re.compile(r"\b(?:bigger|biggest|larger|largest|roomier|grand\w*|groser\w*|groste\w*|grande\w*)\b"),
        _ROOM,
        False,
    ),
    _Measure("smaller", re.compile(r"\b(?:smaller|smallest|petit\w*|kleiner\w*|kleinste\w*|pequen\w*)\b"), _ROOM, True),
    _Measure("warmer", re.compile(r"\b(?:warmer|warmest|chaud\w*|warm\w*|calid\w*)\b"), _WARMTH, True),
)
_NUMBER = re.compile(
    r"(?P<minus>[-−–]?)\s?(?P<number>\d[\d,]*(?:\.\d+)?)\s?"
    r"(?P<unit>kg|g|lbs?|oz|ml|l|litres?|m2|m²|°?c|°?f)?\b"
)
_IN_GRAMS = {"kg": 1000.0, "lb": 453.6, "lbs": 453.6, "oz": 28.35, "l": 1000.0, "litre": 1000.0, "litres": 1000.0}


def tell_measure(reply: Reply, products: list[ProductDetail]) -> list[AnswerEvent]:
    """Which one is lighter, larger, warmer: only where every page gives that measure and one of them wins."""
    asked_for = fold(reply.question.text)
    measures = [measure for measure in _MEASURES if measure.asks.search(asked_for)]
    return next((said for measure in measures if (said := _winner(reply, products, measure))), [])


def _winner(reply: Reply, products: list[ProductDetail], measure: _Measure) -> list[AnswerEvent]:
    found = [(_value(product, measure.attribute), product) for product in products]
    known = [(value[0], value[1], product) for value, product in found if value]
    if len(known) < len(products) or len({figure for figure, _, _ in known}) < len(known):
        return []
    _, text, product = (min if measure.least else max)(known, key=lambda entry: entry[0])
    template: str = getattr(reply.words, measure.phrase)
    said = template.format(title=product.card.title, value=clip(text, MAX_VALUE_CHARACTERS))
    return list(reply.say(said, separator="\n\n"))


def _value(product: ProductDetail, attribute: re.Pattern[str]) -> tuple[float, str] | None:
    """(the figure in a common unit, the attribute's text)."""
    for name, text in product.attributes.items():
        if attribute.search(fold(name)) and (found := _NUMBER.search(fold(text))):
            figure = float(found["number"].replace(",", "")) * _IN_GRAMS.get(found["unit"] or "", 1.0)
            return (-figure if found["minus"] else figure), text
    return None
