"""The words of a wish that name a kind of thing, in this message or the last."""

import re

from server.chat.answering.engine.reply import Reply
from server.chat.answering.reading.reader import search_words
from server.languages.matching import words_of


def wish_words(reply: Reply, query: str) -> str:
    """The words that name a kind of thing: without colours, sizes, prices and what is not wanted."""
    words = reply.language
    text = _without_places(reply) if reply.reading.slots.positions and reply.question.shown_products else query
    tables = (words.words.sizes, words.words.audience)
    for table in tables:
        for phrases in table.values():
            text = phrases.removed_from(text)
    prices = words.words.prices
    for phrase in (prices.cheapest, prices.dearest, prices.cheaper, prices.reduced, *words.words.superlatives.values()):
        text = phrase.removed_from(text)
    for excluded in reply.reading.slots.excluded:
        text = text.replace(excluded, " ")
    for phrase in (words.words.negation.before, words.words.references.which_of_these):
        text = phrase.removed_from(text)
    general = words.words.small.general
    telling = [word for word in words_of(text) if word not in words.stop_words and not general.found_in(word)]
    colours = list(words.words.colours.values())
    is_thing = bool(reply.reading.slots.excluded)  # "arena sin perfume" asks for litter, not for sand as a colour
    if not is_thing and all(any(each.found_in(word) for each in colours) for word in telling):
        return ""
    return _trimmed(text, words.stop_words) if telling else ""


def _without_places(reply: Reply) -> str:
    """The words beside "the second one"."""
    text = reply.reading.normalised
    for phrases in reply.language.words.references.positions.values():
        text = phrases.removed_from(text)
    return search_words(text, reply.language)


def _trimmed(text: str, small: frozenset[str]) -> str:
    """Without small words at the ends."""
    pieces = text.split()
    while pieces and pieces[0].strip("?!.,") in small:
        pieces.pop(0)
    while pieces and pieces[-1].strip("?!.,") in small:
        pieces.pop()
    return " ".join(pieces)


def as_written(reply: Reply, normalised: str) -> str:
    """Words of the question as the shopper wrote them, accents and all; as they are where they are not found."""
    wanted = words_of(normalised)
    if not wanted:
        return normalised
    tokens = list(re.finditer(r"[^\W_]+(?:['’-][^\W_]+)*", reply.reading.text))
    plain = [words_of(token[0]) for token in tokens]
    for start in range(len(tokens)):
        flat, end = list[str](), start
        while end < len(tokens) and len(flat) < len(wanted):
            flat += plain[end]
            end += 1
        if flat == wanted:
            return reply.reading.text[tokens[start].start() : tokens[end - 1].end()]
    return normalised


def last_wish(reply: Reply) -> str:
    """What was looked for before, in the shopper's words; empty where nothing was."""
    for said in reversed(reply.question.history):
        if said.author != "shopper":
            continue
        words = search_words(reply.language.normalise(said.text), reply.language)
        if len(words.split()) > 1 or (words and len(said.text.split()) < 6):
            return words
    return ""
