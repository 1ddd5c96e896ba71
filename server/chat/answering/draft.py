"""The engine's answer to a question, before a model has a say: the best material, and the answer if all fails."""

from msgspec import Struct

from billing.answers import NOT_BILLABLE
from server.chat.answering.grounding.turn_sources import plain_text
from server.chat.answering.reading.models import CODE, SAFETY, Intent, Reading
from server.chat.models import AnswerEvent, Cite, Concluded, HandedOff, ShowProducts, TextPiece

ENDS = frozenset('.!?:;…»”"\n。！？؟')
"""Signs that a sentence may end with, closing quotation marks among them."""
SURE = 0.58
"""From this probability on the engine's answer is right more often than not: that of `engine.evidence`."""
NOT_ANSWERS = frozenset({"unknown", "unavailable", "policy_unsure", "order_change"})
"""Kinds that answer nothing, or not surely."""
FORMAL = SAFETY | CODE | {Intent.HUMAN}
"""What has fixed words or acts for the shopper is answered by the engine alone."""


class Draft(Struct, frozen=True):
    """The events of the engine's answer."""

    events: tuple[AnswerEvent, ...] = ()

    @property
    def text(self) -> str:
        """What it says."""
        return "".join(event.text for event in self.events if isinstance(event, TextPiece)).strip()

    def says(self, sentence: str) -> bool:
        """Whether it has a text as whole sentences of its own, whatever the emphasis and spaces."""
        said, wanted = _plain(self.text), _plain(sentence)
        before, found, after = said.partition(wanted) if wanted else ("", "", "")
        return bool(found) and _is_break(before, wanted) and _is_break(wanted, after)

    @property
    def products(self) -> tuple[str, ...]:
        """The ids of the products it shows, best first."""
        return tuple(card.id for event in self.events if isinstance(event, ShowProducts) for card in event.products)

    @property
    def cited(self) -> tuple[str, ...]:
        """The ids of the sources it rests on."""
        return tuple(event.source.id for event in self.events if isinstance(event, Cite))

    @property
    def is_handed_off(self) -> bool:
        """Whether a person was asked for."""
        return any(isinstance(event, HandedOff) for event in self.events)

    @property
    def is_answer(self) -> bool:
        """Whether it surely answers the question from what the shop says."""
        end = next((event for event in self.events if isinstance(event, Concluded)), None)
        return (
            end is not None and end.confidence >= SURE and end.kind not in NOT_BILLABLE and end.kind not in NOT_ANSWERS
        )


def _plain(text: str) -> str:
    lines = (" ".join(plain_text(line).split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def _is_break(before: str, after: str) -> bool:
    """Whether a sentence ends between two parts of a text."""
    return not before or not after or before.rstrip(" ")[-1:] in ENDS or after.startswith("\n")


def is_formal(reading: Reading) -> bool:
    """Whether a message is answered in fixed words, or by an act for the shopper, and not by a model."""
    return reading.intent in FORMAL and reading.confidence >= CLEAR


CLEAR = 0.5
"""As in the engine."""
