"""What the check of a sentence comes to."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from server.chat.models import Receipt


class Quote(Struct, frozen=True):
    """A text of a source, with the heading it stands under; `nearness` 0 to 1: how much of a claim it says."""

    text: str
    source_id: str
    heading: str = ""
    nearness: float = 0.0


class Verdict(Struct, frozen=True):
    """Whether a sentence may leave; what it rests on, or why it may not."""

    ok: bool
    receipts: tuple[Receipt, ...] = ()
    reason: str = ""
    to_compare: tuple[str, ...] = ()
    """Words and texts whose meanings, once they are known, may change the verdict."""
    nearest: Quote | None = None
    """The text that says most of what the sentence does."""
    is_open: bool = False
    """Whether more of the shop's documents might carry it."""


def join_verdicts(verdicts: Sequence[Verdict]) -> Verdict:
    """That of a sentence by its clauses: all of them, or the first that may not leave."""
    wrong = [each for each in verdicts if not each.ok]
    if not wrong:
        return Verdict(True, tuple(receipt for each in verdicts for receipt in each.receipts))
    return Verdict(
        False,
        reason=wrong[0].reason,
        to_compare=tuple(dict.fromkeys(text for each in wrong for text in each.to_compare)),
        nearest=nearest_of(each.nearest for each in wrong),
        is_open=any(each.is_open for each in wrong),
    )


def nearest_of(quotes: Iterable[Quote | None]) -> Quote | None:
    """The nearest of those there are."""
    return max((each for each in quotes if each), key=lambda each: each.nearness, default=None)
