"""A unit of evidence: the smallest piece of a shop's text that can be quoted alone."""

from enum import StrEnum

from msgspec import Struct

MAX_UNIT_CHARS = 400
"""The longest text put together of sentences or of an answer's parts; what the shop wrote as one sentence or one value
may be up to twice as long."""
MAX_NEIGHBOUR_CHARS = 240
MAX_LABEL_CHARS = 160


class UnitKind(StrEnum):
    """What a unit was on the page."""

    ATTRIBUTE = "attribute"
    SENTENCE = "sentence"
    ROW = "row"
    ANSWER = "answer"
    ITEM = "item"


class Unit(Struct, frozen=True, kw_only=True):
    """One piece of evidence, as the shop wrote it.

    `text` can be quoted alone: a sentence with the neighbour without which its meaning turns, an attribute's value, a
    table row as "header: cell, header: cell", an answer, a list item. `label` is an attribute's name, the question of
    an answer, the name of a row, the sentence that leads to a list. `before` and `after` are neighbouring sentences:
    they help to understand, and are not quoted. `heading` has the headings above, outermost first; `place` is the order
    on the page, from 0.
    """

    kind: UnitKind
    text: str
    label: str = ""
    heading: tuple[str, ...] = ()
    title: str
    before: str = ""
    after: str = ""
    place: int


def embedded_text(unit: Unit) -> str:
    """What is embedded of a document's unit: where it stands, then its text under its label."""
    label = "" if unit.label in unit.heading else unit.label
    return "\n".join(part for part in (place_text(unit), _labelled(label, unit.text)) if part)


def labelled_text(unit: Unit) -> str:
    """A unit's text under its label: "Weight: 1.9 kg"."""
    return _labelled(unit.label, unit.text)


def place_text(unit: Unit) -> str:
    """Where a unit stands: "Returns > Costs"."""
    return " > ".join(part for part in (unit.title, *unit.heading) if part)


def _labelled(label: str, text: str) -> str:
    label = label.rstrip(" :：")
    return f"{label}: {text}" if label else text
