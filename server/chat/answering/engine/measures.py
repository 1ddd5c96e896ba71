"""Which of some products is lighter, larger or warmer, by the figures on their pages."""

import re

from msgspec import Struct

from server.chat.answering.engine.reply import Reply
from server.chat.answering.engine.text_match import clip
from server.chat.answering.intents.words import fold
from server.chat.models import AnswerEvent, ProductDetail

MAX_VALUE_CHARACTERS = 60


class Measure(Struct, frozen=True):
    """What "which is lighter" compares: the phrase that says so, the words that ask among some (`asks`) and among all
    of a kind (`most`), the attribute, and which end wins."""

    phrase: str
    asks: re.Pattern[str]
    most: re.Pattern[str]
    attribute: re.Pattern[str]
    least: bool


class Measured(Struct, frozen=True):
    """A product's figure in a common unit, with the attribute that gives it as the page writes it."""

    product: ProductDetail
    figure: float
    attribute: str
    text: str


def _asks(words: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{words})\b")


_FR, _ES = r"(?:le |la |les )?plus", r"(?:el |la |los |las )?mas"
_WEIGHT = re.compile(r"weight|poids|gewicht|peso")
_ROOM = re.compile(r"capacity|volume|area|litres|volumen|contenance|capacidad")
_COMFORT = re.compile(r"comfort|komfort|confort")
_TEMPERATURE = re.compile(r"temperature|limit|temperatur")
_INSULATION = re.compile(r"r-value|r-wert|valeur r")
_LIGHT = re.compile(r"brightness|lumen|helligkeit|luminosite|brillo")
_WARM_WORDS = r"warmer|warmest|chaud\w*|warm\w*|calid\w*"
_WARMEST = rf"warmest|{_FR} chaud\w*|(?:am )?warmste[nrs]?|{_ES} (?:calid\w+|caliente|abrigad\w+)"
MEASURES = (
    Measure(
        "lighter",
        _asks(r"lighter|lightest|weighs less|leger\w*|leicht\w*|liger\w*"),
        _asks(rf"lightest|{_FR} leg\w+|(?:am )?leichteste[nrs]?|{_ES} liger\w+"),
        _WEIGHT,
        True,
    ),
    Measure(
        "heavier",
        _asks(r"heavier|heaviest|lourd\w*|schwer\w*|pesad\w*"),
        _asks(rf"heaviest|{_FR} lourd\w*|(?:am )?schwerste[nrs]?|{_ES} pesad\w+"),
        _WEIGHT,
        False,
    ),
    Measure(
        "larger",
        _asks(r"bigger|biggest|larger|largest|roomier|roomiest|grand\w*|groser\w*|groste\w*|grande\w*"),
        _asks(rf"biggest|largest|roomiest|{_FR} (?:grand\w*|spacieu\w+)|(?:am )?groste[nrs]?|{_ES} grandes?"),
        _ROOM,
        False,
    ),
    Measure(
        "smaller",
        _asks(r"smaller|smallest|petit\w*|kleiner\w*|kleinste\w*|pequen\w*"),
        _asks(rf"smallest|{_FR} petit\w*|(?:am )?kleinste[nrs]?|{_ES} pequen\w+"),
        _ROOM,
        True,
    ),
    Measure("warmer", _asks(_WARM_WORDS), _asks(_WARMEST), _COMFORT, True),
    Measure("warmer", _asks(_WARM_WORDS), _asks(_WARMEST), _TEMPERATURE, True),
    Measure("warmer", _asks(_WARM_WORDS), _asks(_WARMEST), _INSULATION, False),
    Measure(
        "",
        _asks(r"brighter|brightest|lumineu\w+|heller|hellste\w*|brillante\w*"),
        _asks(rf"brightest|{_FR} lumineu\w+|(?:am )?hellste[nrs]?|{_ES} brillantes?"),
        _LIGHT,
        False,
    ),
)
_NUMBER = re.compile(
    r"(?P<minus>[-−–]?)\s?(?P<number>\d[\d,]*(?:\.\d+)?)(?:\s?[-–+]\s?\d+(?:\.\d+)?)?\s?"
    r"(?P<unit>kg|g|lbs?|oz|ml|l|litres?|m2|m²|°?c|°?f)?\b"
)
_IN_GRAMS = {"kg": 1000.0, "lb": 453.6, "lbs": 453.6, "oz": 28.35, "l": 1000.0, "litre": 1000.0, "litres": 1000.0}


def tell_measure(reply: Reply, products: list[ProductDetail]) -> list[AnswerEvent]:
    """Which one is lighter, larger, warmer: only where every page gives that measure and one of them wins."""
    best = best_by_measure(reply, products)
    if best is None:
        return []
    measure, found = best
    template: str = getattr(reply.words, measure.phrase) if measure.phrase else reply.words.most
    name, value = found.attribute.replace("_", " ").lower(), clip(found.text, MAX_VALUE_CHARACTERS)
    said = template.format(title=found.product.card.title, name=name, value=value)
    return list(reply.say(said, separator="\n\n"))


def best_by_measure(reply: Reply, products: list[ProductDetail]) -> tuple[Measure, Measured] | None:
    """The measure that is asked for and who wins by it; None where pages leave it out or two are even."""
    asked_for = fold(reply.question.text)
    for measure in MEASURES:
        known = [found for product in products if (found := measured(product, measure))]
        is_told = len(known) == len(products) and len({found.figure for found in known}) == len(known)
        if measure.asks.search(asked_for) and known and is_told:
            return measure, (min if measure.least else max)(known, key=lambda found: found.figure)
    return None


def measured(product: ProductDetail, measure: Measure) -> Measured | None:
    """The first attribute of that name with a figure."""
    for name, text in product.attributes.items():
        if measure.attribute.search(fold(name)) and (found := _NUMBER.search(fold(text))):
            figure = float(found["number"].replace(",", "")) * _IN_GRAMS.get(found["unit"] or "", 1.0)
            return Measured(product, -figure if found["minus"] else figure, name, text)
    return None
