"""Slips of one letter in the words that decide; everything else stays as it was written."""

import pytest

from server.chat.answering.intents.spelling import mend_spelling


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("how long does delvery take", "how long does delivery take"),
        ("whats your retrun policy", "whats your return policy"),
        ("waranty?", "warranty?"),
        ("shiping cost", "shipping cost"),
        ("refnd pls", "refund pls"),
    ],
)
def test_slips_are_put_right(written: str, meant: str) -> None:
    assert mend_spelling(written) == meant


@pytest.mark.parametrize(
    "text", ["a border collie bed", "Combien coûte la livraison, adresse", "orden 1001", "retire delivered packet", ""]
)
def test_other_words_stay(text: str) -> None:
    assert mend_spelling(text) == text
