"""The units of a product and of a document, from what the shop says of them. Pure: no network, no database."""

from collections.abc import Mapping, Sequence
from itertools import groupby

import msgspec

from integrations.platform import Product
from integrations.text import clean_text
from server.knowledge.evidence.blocks import Line, read_blocks
from server.knowledge.evidence.page_reader import PageReader, ReadUnit
from server.knowledge.evidence.reading_rules import ReadingRules, rules_for
from server.knowledge.evidence.sentences import join_sentences, split_sentences
from server.knowledge.evidence.standing_alone import group_sentences
from server.knowledge.evidence.unit import MAX_LABEL_CHARS, MAX_UNIT_CHARS, Unit, UnitKind
from server.knowledge.passages import PassageDraft

MAX_PRODUCT_UNITS = 120
MAX_ATTRIBUTE_UNITS = 70
MAX_DESCRIPTION_CHARS = 20_000
MAX_BODY_CHARS = 20_000
MAX_OPTION_VALUES = 60


def product_units(product: Product, language: str = "") -> list[Unit]:
    """What a product's page says, in its order; at most MAX_PRODUCT_UNITS. `language` is the shop's locale."""
    options: dict[str, dict[str, None]] = {}
    for variant in product.variants:
        for name, value in variant.options.items():
            options.setdefault(name, {})[value] = None
    return product_text_units(
        product.title,
        product.description,
        brand=product.brand,
        category=product.category,
        attributes=product.attributes,
        options={name: tuple(values) for name, values in options.items()},
        language=language,
    )


def product_text_units(
    title: str,
    description: str,
    *,
    brand: str | None = None,
    category: Sequence[str] = (),
    attributes: Mapping[str, str] | None = None,
    options: Mapping[str, Sequence[str]] | None = None,
    language: str = "",
) -> list[Unit]:
    """As `product_units`, from the fields themselves. `options` are the values by name, such as sizes and colours."""
    rules = rules_for(f"{title}. {description}", language)
    named: list[tuple[str, str]] = []
    if brand:
        named.append((rules.brand, brand))
    if category:
        named.append((rules.category, " > ".join(category)))
    named += [(name, ", ".join(values[:MAX_OPTION_VALUES])) for name, values in (options or {}).items()]
    named += [(name, value) for name, value in (attributes or {}).items()]
    known = [unit for name, value in named for unit in _attribute(title, name, value, rules)][:MAX_ATTRIBUTE_UNITS]
    known = list({(unit.label.casefold(), unit.text): unit for unit in known}.values())
    known = [msgspec.structs.replace(unit, place=place) for place, unit in enumerate(known)]
    lines = [Line(line) for line in clean_text(description[:MAX_DESCRIPTION_CHARS]).splitlines()]
    reader = PageReader(title, (), rules, is_own_page=True, place=len(known))
    return [*known, *(read.unit for read in reader.read(read_blocks(lines)))][:MAX_PRODUCT_UNITS]


def passage_units(title: str, heading_path: Sequence[str], body: str, language: str = "") -> list[Unit]:
    """The units of one passage. What its neighbours would add (a lead-in, a question) is unknown to it."""
    draft = PassageDraft(position=0, text=body, heading_path=tuple(heading_path))
    return [read.unit for read in document_units(title, [draft], language)]


def document_units(title: str, passages: Sequence[PassageDraft], language: str = "") -> list[ReadUnit]:
    """The units of a document and the position of the passage that each begins in. Passages under one heading are read
    as one text, so that a list that was split keeps its lead-in and an answer its question."""
    found: list[ReadUnit] = []
    for heading, section in groupby(passages, key=lambda passage: passage.heading_path):
        lines: list[Line] = []
        for passage in section:
            lines += [Line("", passage.position)] if lines else []
            body = clean_text(passage.text[:MAX_BODY_CHARS])
            lines += [Line(line, passage.position) for line in body.splitlines()]
        rules = rules_for("\n".join(line.text for line in lines), language)
        reader = PageReader(title, heading, rules, place=len(found))
        found += reader.read(read_blocks(lines))
    return found


def _attribute(title: str, name: str, value: str, rules: ReadingRules) -> list[Unit]:
    """An attribute as one unit; a long text in pieces that all carry its name."""
    text = " ".join(clean_text(value).split())
    pieces = [text] if text else []
    if len(text) > MAX_UNIT_CHARS:
        sentences = split_sentences(text, rules)
        groups = group_sentences(sentences, rules, is_own_page=True)
        pieces = [join_sentences(sentences[group.start : group.stop]) for group in groups]
    return [Unit(kind=UnitKind.ATTRIBUTE, text=piece, label=_label(name), title=title, place=0) for piece in pieces]


def _label(name: str) -> str:
    """An attribute's name to be read: "net_weight" is "Net weight"."""
    words = " ".join(name.replace("_", " ").split())
    return (words[:1].upper() + words[1:])[:MAX_LABEL_CHARS]
