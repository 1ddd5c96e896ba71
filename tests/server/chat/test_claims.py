"""Which single sentences one text carries, and which it does not."""

import pytest

from server.chat.answering.grounding.claims import ClaimChecker
from server.chat.answering.grounding.contacts import unknown_contacts
from server.chat.answering.grounding.turn_sources import TurnSources
from server.chat.models import Source
from tests.server.chat.engine.shop import question


class NothingAlike:
    """No word and no sentence is known to be near another."""

    def are_alike(self, word: str, others: object) -> bool:
        return False

    def similarity(self, text: str, others: object) -> float:
        return 0.0


def is_carried(sentence: str, text: str, *, language: str = "en", asked: str = "What are your terms?") -> bool:
    sources = TurnSources(language, "en", "USD", {})
    sources.add_source(Source(id="document:terms#0", kind="document", title="Terms", text=text))
    return ClaimChecker(question(asked), language, sources, NothingAlike()).check(sentence).ok


@pytest.mark.parametrize(
    ("sentence", "text", "is_ok"),
    [
        ("A gift card has no expiry.", "Gift cards never expire.", True),
        ("A gift card expires.", "Gift cards never expire.", False),
        ("Take the larger for jackets.", "Take the larger for jackets and the smaller for felt shoes.", True),
        ("Take the smaller for jackets.", "Take the larger for jackets and the smaller for felt shoes.", False),
        ("The label is free for exchanges.", "A label costs $5.95. It is free when you exchange.", True),
        ("The label is free.", "A label costs $5.95. It is free when you exchange.", False),
        ("Only one code per order is possible.", "One code per order.", True),
        ("Wear is not covered, so keep it clean.", "Wear is not covered: keep it clean.", True),
    ],
)
def test_a_text_carries_what_it_says_and_no_more(sentence: str, text: str, is_ok: bool) -> None:
    assert is_carried(sentence, text) is is_ok


@pytest.mark.parametrize(
    ("sentence", "language"),
    [
        ("Wir nehmen weder Schecks noch Überweisungen.", "de"),
        ("No aceptamos cheques ni transferencias.", "es"),
        ("Nous n'acceptons ni chèques ni virements.", "fr"),
    ],
)
def test_what_follows_nor_is_denied_too(sentence: str, language: str) -> None:
    assert is_carried(sentence, "We do not take cheques or bank transfers.", language=language, asked="cheque?")


def test_a_bank_account_is_an_address_of_the_shops_settings_only() -> None:
    text = "Pay to the account DE89 3704 0044 0532 0130 00."
    assert not is_carried(text, text, asked="How can I pay?")


@pytest.mark.parametrize(
    ("text", "is_ok"),
    [
        ("It runs for 6-90 hours.", True),
        ("It is for 120-volt sockets.", True),
        ("Call 800-TARNWICK.", False),
        ("Our number is 1-900-tarnwick.", False),
    ],
)
def test_a_number_is_one_to_call_only_where_a_word_goes_on_with_it(text: str, is_ok: bool) -> None:
    assert (unknown_contacts(text, {}, (), frozenset(), "en") == []) is is_ok
