"""What our last messages asked for, offered or showed: what a short reply means."""

from functools import lru_cache

from msgspec import Struct

from server.chat.languages.phrases import ALL_PHRASES
from server.chat.models import Question
from server.languages.matching import normalise, words_of

MIN_CHARACTERS = 12
"""A phrase is told by its longest piece without placeholders, where that is at least so long."""


class Expected(Struct, frozen=True):
    """What the shopper was asked for."""

    proof: bool = False
    postcode: bool = False
    """A proof for an order whose number is known."""
    code: bool = False
    """A one-time code for the order that the conversation is about."""
    contact: bool = False
    """An address to be reached at."""
    staff_offered: bool = False
    code_offered: bool = False
    order_told: bool = False
    """Our last message told of the order that the conversation is about."""


@lru_cache(maxsize=1_024)
def _said(text: str) -> frozenset[str]:
    """The names of the phrases that a message of ours contains."""
    normalised = normalise(text)
    return frozenset(name for name, pieces in _pieces().items() if any(piece in normalised for piece in pieces))


@lru_cache(maxsize=1)
def _pieces() -> dict[str, tuple[str, ...]]:
    return {
        name: tuple(piece for say in ALL_PHRASES.values() if (piece := _longest_piece(getattr(say, name))))
        for name in (*_PROOF, *_CODE_OFFERED, *_CONTACT, *_STAFF)
    }


def _longest_piece(phrase: str) -> str:
    pieces = (piece.partition("}")[2] if "}" in piece else piece for piece in phrase.split("{"))
    longest = max((normalise(piece) for piece in pieces), key=len)
    return longest if len(longest) >= MIN_CHARACTERS or len(longest) >= len(normalise(phrase)) // 2 else ""


_PROOF = ("ask_order_number", "ask_order_proof", "proof_refused")
_CODE_OFFERED = ("order_more_with_code",)
_CONTACT = ("human_waiting", "human_requested")
_STAFF = ("offer_human", "offer_change", "upset", "proof_locked")


def expected_of(question: Question) -> Expected:
    """What a reply to our last message may be."""
    ours = [said.text for said in reversed(question.history) if said.author == "assistant"]
    last = _said(ours[0]) if ours else frozenset()
    lately = last | (_said(ours[1]) if len(ours) > 1 else frozenset())
    proof = bool(last & set(_PROOF))
    return Expected(
        proof=proof,
        postcode=proof and question.order_in_question is not None,
        code=not proof and question.order_in_question is not None,
        contact=_expects_contact(ours),
        staff_offered=bool(last & set(_STAFF)),
        code_offered=bool(lately & set(_CODE_OFFERED)),
        order_told=bool(ours) and _names_order(ours[0], question.order_in_question),
    )


def _expects_contact(ours: list[str]) -> bool:
    """The team was called or offered, and no proof for an order was asked for since."""
    for text in ours:
        said = _said(text)
        if said & set(_PROOF):
            return False
        if said & {*_CONTACT, *_STAFF}:
            return True
    return False


def _names_order(text: str, number: str | None) -> bool:
    bare = (number or "").strip("# ").lower()
    return bool(bare) and bare in words_of(text)
