"""What the policies say of the place asked about: its own lines, what holds for all other places, or nothing."""

import re

import msgspec

from server.chat.answering.engine.places import covers, is_abroad, is_home, places_in, speaks_of_the_rest, towns_in
from server.chat.answering.engine.rating import Passage, Sought, read_passage
from server.chat.answering.engine.text_match import is_item, is_row
from server.chat.answering.intents.words import fold
from server.chat.models import Source

_DELIVERY = re.compile(
    r"\b(?:ship\w*|deliver\w*|courier|carriers?|post(?:age|al)?|dispatch\w*|livr\w+|expedi\w+|liefer\w*|versand\w*|"
    r"verschick\w*|versend\w*|envi\w+|entreg\w*)\b"
)
_SENDS = re.compile(
    rf"{_DELIVERY.pattern}|\b(?:send|mail|customs|dut(?:y|ies)|import|schick\w*|envoy\w+|douane|zoll)\b"
)
_ON_TO = re.compile(r"\bfrom (?:the )?[\w. ]{2,20}? (?=to\b)")
_SENT_FROM = re.compile(r"\b(?:ship\w*|sent|send|deliver\w*|dispatch\w*) from (?:the )?[\w. ]{2,20}?\W*$")
_THE_US = re.compile(r"\b(?:to|in|within) (?:the )?us\b(?! territor)")
_ABROAD = re.compile(
    r"\b(?:which|what) countries\b|\bwhere (?:all )?(?:do|can|will) you (?:ship|deliver)\b|\bwelche lander\b|"
    r"\bwohin (?:liefer|verschick)\w*|\b(?:quels pays|ou livrez)\b|\ba (?:que paises|donde envi\w*)\b|"
    r"\b(?:international\w*|abroad|overseas|(?:customs|import) \w+|dut(?:y|ies)|etranger|ausland|extranjero|douane|"
    r"zoll\w*|aduana\w*)\b"
)
_NEVER = re.compile(r"\b(?:not|no|cannot|can't|don't|only|nicht|kein\w*|nur|pas|ne|non|solo)\b")
_EURO = "EUR"


def asks_of_delivery(text: str) -> bool:
    """Whether it is about sending something, or what that costs at the border."""
    return bool(_SENDS.search(fold(text)))


def names_delivery(text: str) -> bool:
    """Whether it says so itself: "how long does it take to arrive?" leaves it out."""
    return bool(_DELIVERY.search(fold(text)))


def destinations_in(text: str, language: str) -> frozenset[str]:
    """The countries a question is about; in "from the US to Japan" the second one."""
    folded = _THE_US.sub("to usa", _SENT_FROM.sub(" ", _ON_TO.sub(" ", fold(text))))
    return places_in(folded, language) or (towns_in(folded) if asks_of_delivery(text) else frozenset())


def asks_of_abroad(text: str) -> bool:
    """Whether it is about other countries as such: "do you ship internationally?", "do I pay duties?"."""
    folded = fold(text)
    return bool(_ABROAD.search(folded)) or speaks_of_the_rest(text)


def abroad_of(source: Source, currency: str) -> bool:
    """Whether a passage is about foreign countries, named in its heading or left to the rest."""
    passage = read_passage(0, source)
    return is_abroad(" ".join(source.heading_path), currency) or bool(_lines_for_the_rest(passage).sentences)


def of_places(passages: list[Passage], sought: Sought) -> list[Passage] | None:
    """The passages cut down to what holds for the places asked about; None where they make no difference.

    A place that no passage names gets what is said of all other places and nothing of those that are named; where
    nothing is said of others, the list is empty, except for the shop's own country.
    """
    places = sought.places
    if not places:
        return None
    named = [_lines_for(passage, sought) for passage in passages]
    if any(passage.sentences for passage in named):
        return [passage for passage in named if passage.sentences]
    if not sought.is_delivery or (is_home(places, sought.currency) and sought.currency != _EURO):
        return None
    rest = [passage for passage in map(_lines_for_the_rest, passages) if passage.sentences]
    refusals = [passage for passage in rest if all(map(_refuses, passage.sentences))]
    return None if not rest and is_home(places, sought.currency) else refusals or rest


def _lines_for(passage: Passage, sought: Sought) -> Passage:
    """Under a heading that names the place all lines but those of other places; else the line that names it and what
    follows on it."""
    heading = " ".join(passage.source.heading_path)
    if sought.is_delivery and not _DELIVERY.search(fold(f"{passage.source.title} {heading} {passage.source.text}")):
        return _cut(passage, [])
    if covers(heading, sought.places):
        kept = [i for i, line in enumerate(passage.sentences) if not places_in(line) or covers(line, sought.places)]
        return _cut(passage, kept)
    return _cut(passage, _runs(passage, [covers(line, sought.places) for line in passage.sentences]))


def _lines_for_the_rest(passage: Passage) -> Passage:
    """What is said of all other countries: a refusal alone, an offer with what follows on it."""
    is_about_delivery = bool(_DELIVERY.search(fold(f"{passage.source.title} {' '.join(passage.source.heading_path)}")))
    begins = [
        speaks_of_the_rest(line) and (is_about_delivery or bool(_DELIVERY.search(fold(line))))
        for line in passage.sentences
    ]
    refusals = [index for index, line in enumerate(passage.sentences) if begins[index] and _refuses(line)]
    return _cut(passage, refusals or _runs(passage, begins))


def _refuses(line: str) -> bool:
    return bool(_NEVER.search(fold(line)))


def _runs(passage: Passage, begins: list[bool]) -> list[int]:
    """The lines marked and those after them that go on about the same: up to the next country, entry or row."""
    kept: list[int] = []
    for index, line in enumerate(passage.sentences):
        follows = bool(kept) and kept[-1] == index - 1 and not places_in(line) and not _is_listed(passage, index)
        if begins[index] or (follows and not _is_listed(passage, kept[-1])):
            kept.append(index)
    return kept


def _is_listed(passage: Passage, index: int) -> bool:
    line = passage.sentences[index]
    return is_row(line) or is_item(line, passage.source.text)


def _cut(passage: Passage, kept: list[int]) -> Passage:
    return msgspec.structs.replace(
        passage,
        sentences=[passage.sentences[index] for index in kept],
        words=[passage.words[index] for index in kept],
    )
