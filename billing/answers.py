"""What counts on a bill.

A billable answer is an answer of the assistant that was delivered to a shopper. Not billable are: an answer that
failed, broke off or never began; a fallback, that is one which only says that it does not know, found nothing, cannot
reach the shop's order system, or calls a person; a stopped answer of which nothing was told; the same message sent
again; what staff write. The conversation log holds all that this takes, so every bill can be recomputed from it.
"""

from typing import Final

DELIVERED: Final = frozenset({"done", "stopped"})
FALLBACKS: Final = frozenset({"unknown", "product_none", "unavailable", "nonsense", "human"})
"""Kinds of answer (`Concluded.kind` of the drivers) that do not answer."""


def is_billable(state: str, kind: str | None, *, has_told: bool) -> bool:
    """Whether a turn that ended in `state` with an answer of `kind` counts; `has_told`: the shopper got any of it."""
    return state in DELIVERED and has_told and kind not in FALLBACKS
