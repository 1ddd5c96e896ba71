"""Which passage answers a policy question, and which of its sentences."""

import msgspec
from msgspec import Struct

from server.chat.answering.engine.destinations import of_places
from server.chat.answering.engine.places import covers
from server.chat.answering.engine.question_patterns import has_clock, has_place
from server.chat.answering.engine.rating import GENERAL_WORDS, Passage, Rated, Sought, rate, read_passage
from server.chat.answering.engine.text_match import Asked, clip, is_item, is_row, rarity
from server.chat.answering.intents import Topic
from server.chat.answering.intents.words import stems
from server.chat.models import Source

MAX_SENTENCES = 3
MAX_ROWS = 8
ENOUGH = 0.51
"""The share of the question's words a passage must have where its headings are not of the topic asked about."""
SURE_OF_PLACE = 0.9
BESIDE = 0.65
SHORT_SENTENCE = 40
GENERAL_SENTENCES = 3


class Found(Struct, frozen=True):
    """The chosen sentences of one passage. `confidence` is 0..1; `heading` stands above sentences that need it."""

    source: Source
    sentences: tuple[str, ...]
    confidence: float
    heading: str = ""


def choose_sentences(
    question: Asked, sources: tuple[Source, ...], topic: Topic | None = None, sought: Sought | None = None
) -> Found | None:
    """The passage that answers best and its sentences, or None when none has enough of the question.

    `sources` come best first; their order counts, but the words decide.
    """
    telling = question.without(GENERAL_WORDS)
    question = telling if telling.concepts else question
    sought = msgspec.structs.replace(sought or Sought(asked=question, topic=topic), asked=question)
    passages = [read_passage(rank, source) for rank, source in enumerate(sources)]
    held = of_places(passages, sought)
    passages = passages if held is None else held
    rare = rarity([words for passage in passages for words in passage.words])
    known = {word for passage in passages for word in (*passage.heading, *rare)}
    subject = Asked(tuple(c for c in question.concepts if (c.forms | c.related) & known))
    rated = [rate(passage, sought, subject, rare) for passage in passages if passage.sentences]
    best = max(rated, key=lambda entry: entry.value, default=None)
    if best is None or (best.enough < ENOUGH and not best.on_topic and not sought.wants_place and held is None):
        return None
    sentences = _around(best)
    if sought.wants_clock and not any(has_clock(sentence) for sentence in sentences):
        return None
    if sought.wants_place and not any(has_place(sentence) for sentence in sentences):
        return None
    confidence = min(0.95, 0.35 + 0.5 * min(1.0, best.enough) + (0.15 if best.on_topic else 0.0))
    heading = _heading(best, sentences, question)
    if held is not None:
        confidence, heading = SURE_OF_PLACE, heading or _place_heading(best, sentences, sought)
    return Found(best.passage.source, sentences, round(confidence, 3), heading)


def _place_heading(rated: Rated, sentences: tuple[str, ...], sought: Sought) -> str:
    """The heading where it names the place asked about and the sentences do not."""
    own = "".join(rated.passage.source.heading_path[-1:])
    leaves_out = not any(covers(line, sought.places) for line in sentences)
    return own if leaves_out and covers(own, sought.places) else ""


def _around(rated: Rated) -> tuple[str, ...]:
    """The best sentence and those beside it that answer too, in the order of the text; for a general question the
    opening, or where the time or price it wants begins. Of a table that is asked for as a whole all rows."""
    scores, sentences = rated.scores, rated.passage.sentences
    place = max(range(len(scores)), key=lambda index: (scores[index], -index))
    start = rated.opening if rated.is_general else place
    if rated.is_general and (listed := _list_at(rated.passage, start)):
        return tuple(sentences[index] for index in listed)
    if rated.is_general:
        opening = sentences[start : start + GENERAL_SENTENCES]
        return tuple(clip(sentence, 400) for sentence in opening if not is_row(sentence))
    kept = {place}
    for index in (place + 1, place - 1, place + 2):
        if 0 <= index < len(scores) and len(kept) < MAX_SENTENCES and scores[index] >= BESIDE * scores[place] > 0:
            kept |= {index} if _is_listed(rated.passage, index) == _is_listed(rated.passage, place) else set()
    if len(sentences[place]) < SHORT_SENTENCE and place + 1 < len(sentences) and not _is_listed(rated.passage, place):
        kept.add(place + 1)
    return tuple(clip(sentences[index], 400) for index in sorted(kept)[:MAX_SENTENCES])


def _list_at(passage: Passage, start: int) -> list[int]:
    """The whole list or table that a sentence belongs to; nothing where it stands in running text."""
    if not _is_listed(passage, start):
        return []
    places = range(len(passage.sentences))
    return [index for index in places if _is_listed(passage, index)][:MAX_ROWS]


def _is_listed(passage: Passage, index: int) -> bool:
    sentence = passage.sentences[index]
    return is_row(sentence) or is_item(sentence, passage.source.text)


def _heading(rated: Rated, sentences: tuple[str, ...], question: Asked) -> str:
    """The passage's own heading where a list or table needs it, or where it says what the sentences leave out."""
    source, own = rated.passage.source, rated.passage.source.heading_path
    if not own or own[-1] == source.title:
        return ""
    said = set(stems(" ".join(sentences)))
    left_out = [c for c in question.concepts if c.forms & set(stems(own[-1])) and not (c.forms | c.related) & said]
    is_list = all(is_row(sentence) or is_item(sentence, source.text) for sentence in sentences)
    return own[-1] if left_out or is_list else ""
