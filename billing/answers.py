"""Which answers are billed.

An answer is billable when the assistant delivered it to a shopper and it said something. Not billable are: an answer
that failed, broke off or never began; a fallback, which only says that it does not know, found nothing or cannot
reach the shop's order system, or calls a person; a question back, such as which product is meant or whose order it
is; a greeting, thanks and other small talk; an answer stopped before any of it was shown; the same message sent
again; what staff write; advice in a matter of safety. The conversation log contains everything this needs, so every
bill can be recomputed from it.
"""

from typing import Final

DELIVERED: Final = frozenset({"done", "stopped"})
FALLBACKS: Final = frozenset(
    {
        *("unknown", "product_none", "product_silent", "off_topic", "nonsense", "picture"),
        *("unavailable", "order_unavailable", "human", "upset"),
    }
)
QUESTIONS_BACK: Final = frozenset(
    {"product_unclear", "comparison_unclear", "order_proof", "order_refused", "order_locked"}
)
SMALL_TALK: Final = frozenset({"greeting", "thanks", "goodbye", "identity", "assent", "refusal"})
NOT_BILLABLE: Final = FALLBACKS | QUESTIONS_BACK | SMALL_TALK | {"safety"}
"""Kinds of answer (`Concluded.kind` of the drivers) that are not billed."""


def is_billable(state: str, kind: str | None, *, was_received: bool) -> bool:
    """Whether a turn that ended in `state` with an answer of `kind` is billed. `was_received`: the shopper received any
    of the answer."""
    return state in DELIVERED and was_received and kind not in NOT_BILLABLE
