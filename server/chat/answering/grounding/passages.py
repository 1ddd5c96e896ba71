"""What a turn has read, as passages that may carry a claim: pieces of documents, and pages of products."""

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from itertools import takewhile

from msgspec import Struct, structs

from server.chat.answering.grounding.amounts import Figure, value_of
from server.chat.answering.grounding.numbers import canonical
from server.chat.answering.grounding.statements import Statement, Term, read_statement
from server.chat.answering.grounding.suspicious import speaks_to_model
from server.chat.answering.grounding.vocabulary import vocabulary
from server.chat.models import ProductDetail, Source
from server.knowledge.evidence import Unit, UnitKind, product_text_units
from server.languages.claims import Concept, Mark, concept_classes
from server.languages.words import language

CACHED = 8_192
OF_PRODUCTS_TOO = frozenset({Concept.ORDER, Concept.PAY, Concept.PHONE})
"""What only the shop says, whose words stand in descriptions too: a lantern that charges a phone."""
_RANGE = re.compile(r"(\d+(?:[.,]\d+)?)\s?[-–]\s?(\d+(?:[.,]\d+)?)")


class Passage(Struct, frozen=True):
    """One text that may carry a claim. `own` is the text, `above` its title, headings and label, which lend it what it
    is about; `product_id` where it is a page, whose claims are of that product alone."""

    source_id: str
    text: str
    own: Statement
    above: Statement
    product_id: str = ""
    heading: Statement | None = None
    """The nearest heading alone."""
    is_elsewhere: bool = False
    """Speaks of all other countries than those that are named."""

    @property
    def topics(self) -> frozenset[str]:
        """What the title and headings are about."""
        return self.above.topics

    @property
    def lines(self) -> tuple[str, ...]:
        """The texts that a sentence is compared with: those of a page one by one."""
        return tuple(self.text.split("\n")) if self.product_id else (self.text,)

    def find(self, keys: frozenset[str]) -> tuple[tuple[Term, ...], bool]:
        """The terms with one of these keys, and whether they stand in the text itself."""
        own = tuple(term for term in self.own.terms if term.keys & keys)
        return (own, True) if own else (tuple(term for term in self.above.terms if term.keys & keys), False)


@lru_cache(maxsize=CACHED)
def _read_unit(unit: Unit, code: str, currency: str) -> tuple[Statement, Statement, Statement, bool] | None:
    """None for a text that speaks to a model."""
    whole = ". ".join((unit.title, *unit.heading, unit.label, unit.text))
    if speaks_to_model(whole, code):
        return None
    is_apart = unit.kind is UnitKind.ANSWER or (unit.kind is UnitKind.ITEM and unit.label in unit.heading)
    label = unit.label if is_apart else ""
    text = unit.text.replace(": ", " ") if unit.kind is UnitKind.ROW else unit.text  # a cell belongs to its header
    own = read_statement(f"{unit.label}: {text}" if unit.label and not is_apart else text, code, currency)
    above = read_statement("\n".join((unit.title, *unit.heading, label)), code, currency)
    shop = language(code)
    body = shop.normalise(" ".join((*unit.heading[-1:], unit.label, unit.text)))
    if _denies(unit, code, currency):
        own = _negated(own, is_list=unit.kind is UnitKind.ITEM)
    if unit.kind is UnitKind.ROW:
        own = _with_units(own, " ".join(unit.heading), code)
    heading = read_statement(unit.heading[-1] if unit.heading else "", code, currency)
    return own, above, heading, shop.words.shipping.elsewhere.found_in(body)


def _denies(unit: Unit, code: str, currency: str) -> bool:
    """Whether the nearest text above an item says no to it."""
    lead = unit.label if unit.kind is UnitKind.ITEM and unit.label else next(iter(unit.heading[-1:]), "")
    return any(read_statement(lead, code, currency).signs) if lead else False


def _negated(statement: Statement, *, is_list: bool) -> Statement:
    """With a no to every item of a list; of sentences, to what neither has a verb of its own nor leads to one."""
    verbs = [bool(each & {Mark.MODAL, Mark.PERFECT}) for each in statement.segments]
    joints = statement.joints
    if not is_list and statement.segments and statement.segments[0] & {Mark.NO, Mark.WITHOUT, Mark.MODAL}:
        return statement
    signs = tuple(
        sign or is_list or not (verbs[index] or (index + 1 < len(verbs) and joints[index + 1] and verbs[index + 1]))
        for index, sign in enumerate(statement.signs)
    )
    terms = tuple(structs.replace(each, is_negated=signs[each.segment]) for each in statement.terms)
    return structs.replace(statement, terms=terms, signs=signs)


def _with_units(statement: Statement, headings: str, code: str) -> Statement:
    """A row whose bare figures have the units that the headings name ("body measures in cm"), and its ranges."""
    known, headers = vocabulary(), language(code).normalise(headings).split()
    words = [found for word in headers if word not in known.only_touching for found in known.units.get(word, ())]
    units = [unit for unit in words if unit.kind == "measure" and unit.unit]
    figures = []
    for each in (part for figure in statement.figures for part in _range_ends(figure)):
        values = [value for value in map(value_of, each.keys) if value and each.bare]
        more = tuple(
            f"measure:{canonical(value.amount * Decimal(unit.factor))}:{unit.unit}"
            for value in values
            for unit in units
        )
        figures.append(structs.replace(each, keys=(*each.keys, *more)))
    return structs.replace(statement, figures=tuple(figures))


def _range_ends(figure: Figure) -> tuple[Figure, ...]:
    """Both ends of a range that stands alone in a cell: "94-100"."""
    found = _RANGE.fullmatch(figure.text)
    if found is None:
        return (figure,)
    low, high = (canonical(end.replace(",", ".")) for end in found.groups())
    return (
        structs.replace(figure, text=f"{found[1]}-", keys=(f"number:{low}",), bare=True),
        structs.replace(figure, text=found[2], keys=(f"number:{high}",), bare=True),
    )


def passage_of_unit(unit: Unit, source_id: str, code: str, currency: str) -> Passage | None:
    """A piece of a document; None for one that speaks to a model."""
    read = _read_unit(unit, code, currency)
    if read is None:
        return None
    own, above, heading, is_elsewhere = read
    return Passage(source_id, unit.text, own, above, heading=heading, is_elsewhere=is_elsewhere)


def passages_of_source(source: Source, code: str, currency: str) -> Iterator[Passage]:
    """A passage of a document that was not read into units, sentence by sentence."""
    for place, line in enumerate(line for line in source.text.splitlines() if line.strip()):
        unit = Unit(
            kind=UnitKind.SENTENCE, text=line.strip(), heading=source.heading_path, title=source.title, place=place
        )
        if passage := passage_of_unit(unit, source.id, code, currency):
            yield passage


def passage_of_product(product: ProductDetail, code: str, currency: str) -> Passage:
    """The page of a product as one passage: its attributes and sentences are segments of it. What speaks to a model is
    left out with all that follows."""
    text, own, above = _read_page(
        product.card.title,
        product.description,
        product.brand or "",
        product.category,
        tuple(product.attributes.items()),
        tuple(variant.title for variant in product.card.variants),
        code,
        currency,
    )
    return Passage(f"product:{product.card.id}", text, own, above, product_id=product.card.id)


@lru_cache(maxsize=CACHED)
def _read_page(
    title: str,
    description: str,
    brand: str,
    category: tuple[str, ...],
    attributes: tuple[tuple[str, str], ...],
    variants: tuple[str, ...],
    code: str,
    currency: str,
) -> tuple[str, Statement, Statement]:
    units = product_text_units(title, description, attributes=dict(attributes), language=code)
    lines = [f"{unit.label} {unit.text}" if unit.label else unit.text for unit in units]
    lines += [line for line in (brand, *category, *variants) if line]
    kept = list(takewhile(lambda line: not speaks_to_model(line, code), dict.fromkeys(lines)))
    kept = [line for line in kept if is_of_product(line, code, currency)]
    parts = [read_statement(line, code, currency) for line in kept]
    own = _joined(parts)
    return "\n".join(kept), own, read_statement(title, code, currency)


@lru_cache(maxsize=CACHED)
def is_of_product(line: str, code: str, currency: str) -> bool:
    """Whether a line of a product's page speaks of that product, and not of prices, which have a field of their own, or
    of what only the shop says: payments, discounts, how it is reached."""
    read = read_statement(line, code, currency)
    has_money = any(key.startswith("money:") for figure in read.figures for key in figure.keys)
    is_share = any(key.startswith("percent:") for figure in read.figures for key in figure.keys)
    return (
        not has_money
        and not (is_share and Concept.SAVING in read.concepts)
        and not read.concepts & concept_classes().shop_only - OF_PRODUCTS_TOO
    )


def _joined(parts: list[Statement]) -> Statement:
    """Several texts as one, the segments of each behind those of the one before."""
    terms, figures, segments, signs = [], [], list[frozenset[str]](), list[bool]()
    joints, verbs = list[bool](), list[bool]()
    for part in parts:
        first = len(segments)
        terms += [
            Term(each.text, each.keys, each.segment + first, each.is_hard, each.is_negated, each.concept, each.country)
            for each in part.terms
        ]
        figures += [
            type(each)(each.text, each.keys, each.bare, each.bound, each.segment + first) for each in part.figures
        ]
        segments += part.segments
        signs += part.signs
        joints += part.joints
        verbs += part.verbs
    return Statement(
        "\n".join(part.text for part in parts),
        tuple(terms),
        tuple(figures),
        tuple(segments),
        tuple(signs),
        (),
        tuple(joints),
        tuple(verbs),
    )
