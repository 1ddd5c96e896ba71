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


PASTED = (
    "<{}>",
    "{}.",
    "{},",
    "\u200b{}",
    "\u202a{}\u202c",
    "\ufeff{}\u2060",
    "mailto:{}",
    "Nora Winther <{}>",
    "“{}”",
    " ({}) ",
    "'{}';",
    "\u2066{}\u2069\n",
)


@pytest.mark.parametrize("form", PASTED)
@pytest.mark.parametrize("at", ["@", "＠", "\u200b@"])
@pytest.mark.parametrize("email", ["Nora.Winther@Example.com", "nora@bücher.example", "nora@xn--bcher-kva.example"])
def test_an_address_fits_however_it_was_pasted(form: str, at: str, email: str) -> None:
    order = an_order(email=email)
    assert matches(order, Claim(email=form.format(email.replace("@", at))))
    assert not matches(order, Claim(email=form.format(f"x{email}".replace("@", at))))


def test_a_domain_of_another_script_is_its_ascii_form() -> None:
    assert matches(an_order(email="a@bücher.example"), Claim(email="A@xn--bcher-kva.example"))
    assert matches(an_order(email="a@xn--bcher-kva.example"), Claim(email="a@BÜCHER.example"))
    assert not matches(an_order(email="a@bücher.example"), Claim(email="a@bucher.example"))
    assert not matches(an_order(email=""), Claim(email="<>"))
