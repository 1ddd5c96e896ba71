"""Model, part and tracking numbers: figures that count only together with what they stand in one piece with."""

from collections.abc import Iterator

from server.chat.answering.grounding.tokens import Token
from server.chat.answering.grounding.vocabulary import is_wide, vocabulary

JOINERS = frozenset("-_/.–‑")
MAX_CODE_PARTS = 24
"""Longer chains are no model number; their figures count one by one."""
MIN_CODE_FIGURES = 7
"""So many figures are a number of an order or a part, and are not read as an amount."""


def chunk_bounds(tokens: list[Token]) -> Iterator[tuple[int, int]]:
    """For each token the first and last of those it stands together with, signs at the ends left out."""
    start = 0
    for index in range(len(tokens)):
        if index + 1 < len(tokens) and _are_joined(tokens[index], tokens[index + 1]):
            continue
        first, last = start, index
        while first < last and not tokens[first].text[0].isalnum():
            first += 1
        while last > first and not tokens[last].text[-1].isalnum():
            last -= 1
        yield from ((first, last) for _ in range(start, index + 1))
        start = index + 1


def _are_joined(here: Token, there: Token) -> bool:
    """Whether two tokens stand together without a space, as parts of one name."""
    return here.end == there.start and all(
        (token.values or token.text.isalpha() or token.text in JOINERS) and not is_wide(token.text)
        for token in (here, there)
    )


def is_code(parts: list[Token]) -> bool:
    """Whether tokens that stand together are one code; "21st" is a number."""
    if not 1 < len(parts) <= MAX_CODE_PARTS:
        return False
    is_ordinal = len(parts[0].text) <= 2 and parts[0].values and parts[-1].text in vocabulary().ordinals
    return not (len(parts) <= 3 and is_ordinal)


def is_plain_compound(parts: list[Token]) -> bool:
    """ "10-pack", "6-speed": a number and an ordinary word, not a model number."""
    return (
        len(parts) == 3
        and bool(parts[0].values)
        and parts[1].text in ("-", "‑")
        and len(parts[2].text) > 2
        and not parts[2].values
    )


def number_keys(token: Token) -> tuple[str, ...]:
    """The keys of a number without a unit."""
    is_long = token.text.isdecimal() and len(token.text) >= MIN_CODE_FIGURES
    return (f"code:{token.text}",) if is_long else tuple(f"number:{value}" for value in token.values)


def squash(text: str) -> str:
    """A code as letters and figures only, so that ways of writing it compare equal."""
    return "".join(character for character in text if character.isalnum()).upper()
