"""One answer in the making: what was asked, the tools, and sentences that pass the same check as a model's."""

from datetime import UTC, date, datetime

import msgspec

from integrations.platform import Money
from server.chat.answering.grounding import Grounder
from server.chat.answering.grounding.dates import parse_day
from server.chat.answering.intents import Intent
from server.chat.answering.intents.language import locale_in_language
from server.chat.answering.intents.spelling import mend_spelling
from server.chat.languages import Phrases, phrases_for
from server.chat.models import (
    AnswerEvent,
    Cite,
    Concluded,
    ProductDetail,
    Question,
    Receipt,
    Source,
    Suggest,
    TextPiece,
)
from server.chat.tools.protocol import Toolbox
from server.core.money import format_money


class Reply:
    """Carries one turn through the parts of the engine."""

    def __init__(
        self, question: Question, intent: Intent, tools: Toolbox, today: date | None = None, context: str = ""
    ) -> None:
        self.context = context or question.text
        """The whole message where this answers one part of it: what "there" may mean."""
        self.question = msgspec.structs.replace(question, text=mend_spelling(question.text))
        self.intent = intent
        self.tools = tools
        self.words: Phrases = phrases_for(intent.language)
        self.locale = locale_in_language(question.locale, intent.language)
        self.grounder = Grounder(question.currency, today or datetime.now(UTC).date())
        self.grounder.add_shopper_words(question.text)
        self.has_spoken = False
        self._receipts: list[Receipt] = []
        self._cited: set[str] = set()
        self._declined = False

    def say(self, text: str, *, separator: str = " ") -> list[AnswerEvent]:
        """A sentence, if every figure in it is known; otherwise, once, that we would rather not quote it.

        `separator` goes before it unless it is the first.
        """
        checked = self.grounder.check(text)
        if not checked.ok:
            if self._declined:
                return []
            self._declined = True
            text = self.words.unverified
        self._receipts += checked.receipts if checked.ok else ()
        piece = TextPiece(f"{separator}{text}" if self.has_spoken else text)
        self.has_spoken = True
        return [piece]

    def cite(self, source: Source) -> list[AnswerEvent]:
        """This source carries the answer: shown once, and its figures may be said."""
        self.grounder.add_source(source)
        if source.id in self._cited:
            return []
        self._cited.add(source.id)
        return [Cite(source)]

    def cite_product(self, product: ProductDetail, source: Source | None = None) -> list[AnswerEvent]:
        """The product page as a source; `source` where the search has given one."""
        self.grounder.add_product(product)
        return self.cite(source or product_source(product))

    def suggest(self, *suggestions: str) -> list[AnswerEvent]:
        """What to ask next."""
        return [Suggest(suggestions[:4])] if suggestions else []

    def conclude(self, kind: str, confidence: float) -> list[AnswerEvent]:
        """The last event."""
        receipts = tuple(dict.fromkeys(self._receipts))
        sure = round(max(0.0, min(1.0, confidence)), 3)
        return [Concluded(kind=kind, confidence=sure, receipts=receipts, locale=self.locale)]

    def money(self, money: Money) -> str:
        """As people of the shopper's locale write it."""
        return format_money(money.amount, money.currency, self.locale)

    def day(self, iso: str) -> str:
        """An ISO date or time as a day in words; a text that is no date stays as it is."""
        from babel.dates import format_date

        day = parse_day(iso)
        return str(format_date(day, "long", locale=self.locale.replace("-", "_"))) if day else iso


def product_source(product: ProductDetail) -> Source:
    """A product page as a source, for products that were not found by search."""
    card = product.card
    return Source(
        id=f"product:{card.id}",
        kind="product",
        title=card.title,
        text=product.description,
        url=card.url,
        fetched_at=card.fetched_at,
    )
