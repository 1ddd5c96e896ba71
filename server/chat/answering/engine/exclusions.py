"""What is not wanted: whether a product has it, has it not, or does not say."""

import re

from server.chat.answering.engine.fits import english_stems
from server.chat.answering.engine.focus import is_same_word
from server.chat.answering.engine.reply import Reply
from server.chat.answering.reading.models import Slots
from server.chat.models import ProductDetail
from server.knowledge.evidence import product_text_units
from server.languages.matching import normalise, words_of
from server.languages.words import Negation

MIN_STEM, MAX_ENDING = 5, 3


def excluded_by(reply: Reply, product: ProductDetail, slots: Slots) -> bool:
    """Whether the product has what is not wanted: its page names it other than to say that it is not there."""
    return any(_has(reply, product, each) is True for each in slots.excluded)


def doubt_of(reply: Reply, product: ProductDetail, slots: Slots) -> str:
    """What is not wanted and the page says nothing of."""
    return next((each for each in slots.excluded if _has(reply, product, each) is None), "")


def _has(reply: Reply, product: ProductDetail, thing: str) -> bool | None:
    """Whether a product has a thing: True, False where its page says that it has not, None where it says nothing."""
    shop = reply.shop_language
    ways = [[shop.stem(word) for word in words_of(thing)]]
    if reply.is_foreign:
        ways.append(english_stems(thing, reply.language))
    others = shop.words.negation.others
    said: bool | None = None
    forms = {"": tuple(each.title for each in product.card.variants)}
    units = product_text_units(product.card.title, product.description, attributes=product.attributes, options=forms)
    for text in (product.card.title, *(f"{unit.label} {unit.text}" for unit in units)):
        body = normalise(text)
        there = [shop.stem(word) for word in words_of(body) if not others.found_in(word)]
        if reply.is_foreign:
            there += english_stems(body, shop)
        if not any(way and all(any(_is_part(word, other) for other in there) for word in way) for way in ways):
            continue
        if _is_denied(body, thing, shop.words.negation):
            said = False
        elif not shop.words.negation.sentence.found_in(body):
            return True
    return said


def _is_part(word: str, other: str) -> bool:
    """Whether a word is another one, or stands in it, or both are forms of one: "benziner" and "benzin"."""
    if word == other or (len(word) > 3 and word in other) or is_same_word(word, other):
        return True
    shorter, longer = sorted((word, other), key=len)
    return len(shorter) >= MIN_STEM and len(longer) - len(shorter) <= MAX_ENDING and longer.startswith(shorter)


def _is_denied(body: str, thing: str, negation: Negation) -> bool:
    first = re.escape(normalise(thing).split()[0][:5])
    for place in re.finditer(first, body):
        lead = body[max(0, place.start() - 24) : place.start()]
        tail = body[place.end() : place.end() + 24]
        behind = (*negation.after.phrases, *negation.ends)
        if negation.before.found_in(lead) or any(phrase.strip("^$*") in tail for phrase in behind):
            return True
    return False
