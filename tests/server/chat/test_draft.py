"""What the engine's answer says, by whole sentences."""

import pytest

from server.chat.answering.draft import Draft
from server.chat.models import TextPiece

DRAFT = Draft(
    (
        TextPiece("The **Fell 2 Tent** costs $289.00. Its page says: “It is light. Air it dry.”\n\n"),
        TextPiece("- Fern: in stock"),
    )
)


@pytest.mark.parametrize(
    ("sentence", "is_said"),
    [
        ("The Fell 2 Tent costs $289.00.", True),
        ("Its page says: “It is light. ", True),
        ("Air it dry.”\n\n", True),
        ("- Fern: in stock", True),
        ("The Fell 2 Tent costs $28", False),
        ("2 Tent costs $289.00.", False),
        ("It is heavy.", False),
        ("", False),
    ],
)
def test_it_says_whole_sentences_only(sentence: str, is_said: bool) -> None:
    assert DRAFT.says(sentence) is is_said
