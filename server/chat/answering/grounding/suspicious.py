"""Texts of a shop that speak to a language model instead of a shopper."""

from functools import lru_cache

from server.languages.claims import MASTER, Mark, claim_phrases
from server.languages.words import language


@lru_cache(maxsize=16_384)
def speaks_to_model(text: str, code: str) -> bool:
    """Whether a text of a shop in a language has a phrase of an instruction: in that language, or in English, which
    instructions are written in whatever that of the shop. What it says carries no claim."""
    return any(
        place.name == Mark.INSTRUCTION
        for each in dict.fromkeys((code, MASTER))
        for place in claim_phrases(each).places(language(each).normalise(text))
    )
