"""The same wish at another price: "and cheaper?", "anything under 250?"."""

import re

from server.chat.answering.intents.prices import PriceLimits
from server.chat.answering.intents.words import STOP_WORDS, word_set, words

_CHEAPER = re.compile(
    r"\b(?:cheaper|less (?:expensive|pricey)|more affordable|too (?:expensive|pricey|dear)|lower (?:price|priced)|"
    r"moins cher(?:e|es|s)?|trop cher(?:e|es|s)?|"
    r"gunstiger\w*|billiger\w*|zu teuer|mas barat[oa]s?|demasiado car[oa]s?)\b"
)
_CHOOSES = re.compile(
    r"\b(?:which|what|welche[rsn]?|lequel|laquelle|quelle?|cual|"
    r"(?:the|der|die|das|le|la|el) (?:cheaper|billiger|gunstiger))"
)
_EMPTY = STOP_WORDS | word_set(
    "anything something else other others another option options one ones similar even bit little maybe only same less "
    "lower price priced budget cost costs it's that's thing things also available more "
    "autre autres chose quelque moins avez-vous etwas anderes andere noch gibt's was preis weniger "
    "algo otro otra otros otras menos precio hay"
)


def is_refinement(limits: PriceLimits) -> bool:
    """Whether a message only sets another price for what was wished for before."""
    is_cheaper = wants_cheaper(limits.rest)
    has_limit = limits.low is not None or limits.high is not None
    if not (is_cheaper or has_limit) or limits.cheapest or limits.dearest or _CHOOSES.search(limits.rest):
        return False
    return all(word in _EMPTY for word in words(_CHEAPER.sub(" ", limits.rest)))


def wants_cheaper(folded: str) -> bool:
    """Less than what was shown."""
    return bool(_CHEAPER.search(folded))
