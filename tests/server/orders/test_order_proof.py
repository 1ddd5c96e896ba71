"""What fits an order, where so little is given or known that anything would."""

import pytest

from server.orders.proof import Claim, matches
from tests.server.orders.memory_platform import an_order


@pytest.mark.parametrize(
    ("known", "given", "is_proof"),
    [
        ("-", " ", False),
        ("-", "-", False),
        ("", "-", False),
        ("1", "1", False),
        ("12", "12", False),
        ("1 2", "1-2", False),
        ("101", "101", True),  # Iceland and the Faroes
        ("AD500", "ad 500", True),
    ],
)
def test_a_postcode_of_fewer_than_three_characters_proves_nothing(known: str, given: str, is_proof: bool) -> None:
    order = an_order(billing_postcode=known, ship_to=None)
    assert matches(order, Claim(postcode=given)) is is_proof
