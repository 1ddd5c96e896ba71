"""A message that asks several things, cut where one question ends and the next begins."""

import re

from server.chat.answering.intents.words import fold

MAX_PIECES = 4
_QUESTION_WORD = (
    r"(?:what|what's|how|when|where|who|which|why|can|could|do|does|did|is|are|will|would|should|may|"
    r"quel|quelle|quels|quelles|comment|quand|combien|qui|est-ce|puis-je|peut-on|livrez|avez|"
    r"wie|was|wann|wo|welche[rsn]?|kann|konnen|gibt|ist|habt|liefert|"
    r"que|cual|cuales|como|cuando|donde|cuanto|cuanta|puedo|hay|tienen|hacen|envian)"
)
_AND = r"(?:and|also|plus|et|und|y)"
_BETWEEN_QUESTIONS = re.compile(
    rf"(?<=[?!.;])\s+|\s*,?\s+{_AND}\s+(?:also |then |aussi |auch |tambien )?(?=¿?{_QUESTION_WORD}\b)"
    rf"|,\s+(?=¿?{_QUESTION_WORD}\b)"
)
_BETWEEN_NOUNS = re.compile(rf"\s+{_AND}\s+|\s*&\s*")


def split_questions(text: str) -> list[str]:
    """At most four pieces, each a question or sentence of its own; the whole text where it does not fall apart."""
    return _cut(text, _BETWEEN_QUESTIONS)


def split_nouns(text: str) -> list[str]:
    """ "What is your shipping and return policy?" at its "and"."""
    return _cut(text, _BETWEEN_NOUNS)


def _cut(text: str, between: re.Pattern[str]) -> list[str]:
    """Folding keeps positions, so the pieces are the shopper's own words."""
    pieces, start = [], 0
    for found in between.finditer(fold(text)):
        pieces.append(text[start : found.start()])
        start = found.end()
    pieces.append(text[start:])
    pieces = [piece.strip() for piece in pieces if any(character.isalnum() for character in piece)]
    if len(pieces) > MAX_PIECES:
        return [*pieces[: MAX_PIECES - 1], " ".join(pieces[MAX_PIECES - 1 :])]
    return pieces
