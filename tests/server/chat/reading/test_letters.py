"""Messages without a word in them."""

import pytest

from server.chat.answering.reading.letters import is_sum, is_unreadable


@pytest.mark.parametrize(
    "text", ["", "???", "🙂🙂", "asdkjh qwe", "asdkjh", "ajsdk dfg", "sdfkj", "lkjsdf", "asdfghjkl", "aaaaaaaaaa"]
)
def test_mashed_keys_and_signs(text: str) -> None:
    assert is_unreadable(text)


@pytest.mark.parametrize(
    "text",
    ["hdmi", "rhythm", "fjord", "szczescie", "Wednesday", "nightstand", "Angstschweiß", "bhut jolokia", "TW-BTL-RDG-32",
     "lightweight backpack", "sandfarben", "knapsack", "vodka", "jkl tent", "Kjøkkenhåndklær", "送料は",
     "كم", "42", "źdźbło"],
)  # fmt: skip
def test_words_are_no_mashed_keys(text: str) -> None:
    assert not is_unreadable(text)


@pytest.mark.parametrize(
    ("text", "found"), [("what is 12*7?", True), ("3 + 4 =", True), ("size 38-40 jacket", False), ("75*72", False)]
)
def test_sums(text: str, found: bool) -> None:
    assert is_sum(text) is found
