"""Slips of the finger in the words that decide what a question is about: "delvery", "waranty", "retrun"."""

import re
from functools import lru_cache

from server.chat.answering.intents.words import fold, word_set

_KNOWN = word_set(
    "delivery shipping shipment warranty guarantee return returns refund refunds exchange payment payments policy "
    "order orders tracking cancel address account password discount receipt invoice international available "
    "waterproof jacket jackets backpack backpacks sleeping blanket compare comparison cheaper cheapest"
)
_RIGHT_ANYWAY = word_set(
    "retire returned returner retour retours retourner ordered ordering orden refuge refugee bordes border older "
    "adresse annuler cancela cancelo payments paiement payement garantie garantia guaranteed packet jackpot garanty "
    "discounts invoices receipts addresses accounts passwords exchanged refunded returning shipped shippen trucking "
    "racking police polite blankets sweeping adres comparing compared cheapen deliver delivers delivered shopping "
    "chipping stripping skipping whipping shipments"
)
"""Real words that are near a known one."""
_WORD = re.compile(r"[^\W\d_]{5,14}")


def mend_spelling(text: str) -> str:
    """The text with slips of one letter (left out, doubled, wrong, swapped) in well-known words put right."""
    return _WORD.sub(lambda found: _mended(found[0]), text)


def _mended(word: str) -> str:
    return _nearest(fold(word)) or word if word.isascii() else word


@lru_cache(maxsize=4096)
def _nearest(word: str) -> str | None:
    if word in _KNOWN or word in _RIGHT_ANYWAY:
        return None
    return next((known for known in sorted(_KNOWN) if word[0] == known[0] and _is_slip(word, known)), None)


def _is_slip(word: str, known: str) -> bool:
    """Whether one edit, or one swap of neighbours, makes one of the other."""
    if abs(len(word) - len(known)) > 1 or word == known:
        return False
    start = 0
    while start < min(len(word), len(known)) and word[start] == known[start]:
        start += 1
    rest, wanted = word[start:], known[start:]
    swapped = len(rest) > 1 and rest[1] + rest[0] + rest[2:] == wanted
    return swapped or rest[1:] == wanted[1:] or rest[1:] == wanted or rest == wanted[1:]
