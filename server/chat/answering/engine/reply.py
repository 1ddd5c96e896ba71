"""One answer in the making: what was asked, the tools, and sentences that pass the same check as a model's."""

from datetime import UTC, date, datetime

import msgspec
from msgspec import Struct

from integrations.platform import Money
from server.chat.answering.engine.known_titles import TitleKnowingTools
from server.chat.answering.evidence import Headings
from server.chat.answering.grounding import Grounder
from server.chat.answering.grounding.dates import parse_day
from server.chat.answering.reading import Reading
from server.chat.answering.reading.examples import ExampleQuestions
from server.chat.languages.phrases import Phrases, phrases_for
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
from server.languages import language_of_locale
from server.languages.detection import locale_in_language
from server.languages.words import Language, language
from server.models.embedders import english_words

QUOTED = '“”„"«»「」『』'


class Helpers(Struct, frozen=True):
    """What the engine keeps between turns: vectors of texts that come again, of no shopper."""

    headings: Headings
    examples: ExampleQuestions


class Reply:
    """Carries one question through the parts of the engine."""

    def __init__(
        self,
        question: Question,
        reading: Reading,
        tools: Toolbox,
        helpers: Helpers,
        today: date | None = None,
        *,
        earlier: "Reply | None" = None,
    ) -> None:
        self.question, self.reading, self.helpers = question, reading, helpers
        self.today = today or datetime.now(UTC).date()
        self.words: Phrases = phrases_for(reading.language)
        self.locale = locale_in_language(question.locale, reading.language)
        self.grounder = Grounder(question.currency, self.today, reading.language)
        self.tools: Toolbox = TitleKnowingTools(tools, self.grounder)
        self.grounder.add_shopper_words(question.text)
        self.has_spoken = False
        self.product: ProductDetail | None = earlier.product if earlier else None
        """The product that the answer is about, for the next question of the same message."""
        self._receipts: list[Receipt] = []
        self._cited: set[str] = set()
        self._declined = False

    @property
    def language(self) -> Language:
        """The language of the question and the answer."""
        return language(self.reading.language)

    @property
    def shop_language(self) -> Language:
        """The language of the shop's own texts."""
        return language(language_of_locale(self.question.shop_locale or self.question.locale))

    @property
    def is_foreign(self) -> bool:
        """Whether the shop's texts are in another language than the answer."""
        return self.shop_language.code != self.reading.language

    @property
    def meanings(self) -> str:
        """What the words of the question mean in the shop's language, as far as they are known; empty where it is asked
        in that language."""
        return english_words(self.reading.text, self.shop_language.code, self.reading.language)

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
        """The last event. `confidence` is the probability that the answer is right."""
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

    def for_part(self, part: Reading) -> "Reply":
        """The reply to one question of a message that asks several."""
        question = msgspec.structs.replace(self.question, text=part.text)
        return Reply(question, part, self.tools, self.helpers, self.today, earlier=self)


def product_source(product: ProductDetail) -> Source:
    """A product page as a source, for products that were not found by search."""
    card = product.card
    attributes = "\n".join(f"{name}: {value}" for name, value in product.attributes.items())
    return Source(
        id=f"product:{card.id}",
        kind="product",
        title=card.title,
        text=f"{product.description}\n{attributes}".strip(),
        url=card.url,
        fetched_at=card.fetched_at,
    )
