"""Which answers count: every kind that the engine gives is decided upon, and what does not answer is free."""

import re
from pathlib import Path

import pytest

from billing.answers import FALLBACKS, NOT_BILLABLE, QUESTIONS_BACK, SMALL_TALK, is_billable
from server.orders import models as orders

CHAT = Path(__file__).parents[2] / "server" / "chat" / "answering"
BILLABLE = {
    *("product_search", "product_detail", "product_nearest", "comparison", "stock", "policy"),
    *("product_unsure", "policy_unsure"),  # the closest that was found, quoted with its source
    *("order_status", "orders_listed", "order_change"),
}
_KIND = re.compile(r'(?:conclude\(\s*|kind = |text, kind, sure = .*, )"(\w+)"(?: if \w+ else "(\w+)")?')


def kinds_of_the_engine() -> set[str]:
    found = {
        kind for file in (CHAT / "engine").glob("*.py") for pair in _KIND.findall(file.read_text()) for kind in pair
    }
    return (found - {""}) | {
        orders.kind_of(orders.ProofNeeded(order_number=None, methods=())),
        orders.kind_of(orders.ProofNeeded(order_number=None, methods=(), refused=True)),
        orders.kind_of(orders.TooManyTries(retry_after_s=1)),
        orders.kind_of(orders.OrdersUnavailable()),
        orders.kind_of(orders.OrdersListed(orders=(), fetched_at="")),
    }


def test_every_kind_of_the_engine_is_decided_upon() -> None:
    kinds = kinds_of_the_engine()
    assert len(kinds) > 20
    assert kinds - NOT_BILLABLE <= BILLABLE
    assert not BILLABLE & NOT_BILLABLE
    assert not (FALLBACKS & QUESTIONS_BACK or FALLBACKS & SMALL_TALK or QUESTIONS_BACK & SMALL_TALK)


@pytest.mark.parametrize(
    ("state", "kind", "was_received", "counts"),
    [
        ("done", "policy", True, True),
        ("stopped", "policy", True, True),
        ("stopped", "policy", False, False),
        ("failed", "policy", True, False),
        ("interrupted", "policy", True, False),
        ("done", "greeting", True, False),
        ("done", "product_silent", True, False),
        ("done", "safety", True, False),  # a help line, an emergency number, a doctor
        ("done", "order_proof", True, False),
        ("done", "order_unavailable", True, False),
        ("done", "human", True, False),
        ("done", "answer", True, True),  # a model's
    ],
)
def test_what_counts(state: str, kind: str, was_received: bool, counts: bool) -> None:
    assert is_billable(state, kind, was_received=was_received) is counts
