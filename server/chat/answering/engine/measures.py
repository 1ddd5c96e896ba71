"""Figures of products that can be compared, by the attributes of their pages: weight, size, temperature."""

from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

from server.chat.answering.engine.reply import Reply
from server.chat.answering.grounding.quantities import read_quantities
from server.chat.languages.measures import MEASURES
from server.chat.models import ProductDetail

_MINUS = frozenset("-−–")


class Measured(Struct, frozen=True):
    """A product's figure in a common unit, with the attribute that gives it as the page writes it."""

    product: ProductDetail
    figure: float
    attribute: str
    text: str


def measured(reply: Reply, products: Sequence[ProductDetail], measure: str) -> list[Measured]:
    """The products' figures, by the attribute of that measure which most of them have."""
    for units in MEASURES.get(measure, ()):
        found: dict[str, list[Measured]] = {}
        for product in products:
            for name, text in product.attributes.items():
                if (figure := _figure(reply, text, units)) is not None:
                    found.setdefault(name, []).append(Measured(product, figure, name, text))
        if found:
            most = Counter({name: len(each) for name, each in found.items()}).most_common(1)[0][0]
            return found[most]
    return []


def best_measured(reply: Reply, products: Sequence[ProductDetail]) -> Measured | None:
    """The product that wins by the measure that is asked for; None where a page leaves it out or two are even."""
    measure, _, end = (reply.reading.slots.superlative or "").partition("_")
    known = measured(reply, products, measure)
    if len(known) < len(products) or len({each.figure for each in known}) < len(known) or not known:
        return None
    return (max if end == "max" else min)(known, key=lambda each: each.figure)


def _figure(reply: Reply, text: str, units: dict[str, float]) -> float | None:
    for quantity in read_quantities(text, reply.question.currency, reply.shop_language.code):
        for key in quantity.keys:
            kind, _, rest = key.partition(":")
            value, _, unit = rest.partition(":")
            if kind in ("measure", "duration") and unit in units:
                figure = float(value) * units[unit]
                before = text[: max(0, text.find(quantity.text))].rstrip()
                return -figure if _is_negative(before) else figure
    return None


def _is_negative(before: str) -> bool:
    """Whether a sign ends the text before a figure."""
    return bool(before) and before[-1] in _MINUS
