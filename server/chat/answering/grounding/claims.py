"""Which sentences of a model's answer may leave: every claim has a subject and a source that says so.

A sentence that claims nothing leaves. What is left must be carried: prices and stock by the fields of the product that
it speaks of, orders and what was done by the order system and the tools, contacts by the shop's settings, everything
else by one passage of this turn, with the same sign, the same figures and everything that has to stand there by name.
"""

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial

from msgspec import structs

from server.chat.answering.grounding.amounts import is_same, value_of
from server.chat.answering.grounding.order_claims import is_of_order, is_true_of
from server.chat.answering.grounding.passage_search import PassageSearch, shortened
from server.chat.answering.grounding.product_claims import FieldClaim, check_comparison, check_price, check_stock
from server.chat.answering.grounding.statements import Statement, parts_of, read_statement
from server.chat.answering.grounding.support import Context, Meanings, Reason
from server.chat.answering.grounding.turn_sources import TurnSources, plain_text
from server.chat.answering.grounding.verdicts import Verdict, join_verdicts
from server.chat.models import OrderAnswer, ProductDetail, Question, Receipt
from server.languages.claims import Concept, Mark, concept_classes
from server.languages.detection import detect_language
from server.orders.models import OrderFound, OrdersListed

_OF_A_CLAUSE = frozenset({Mark.UNKNOWN, Mark.SPEAKER, Mark.YOURS})
"""Marks that say something of their own clause only."""
MAX_BARE_WORDS = 4
"""So many words may be a bare yes or no."""
_WORD = re.compile(r"[^\W_]+")


class ClaimChecker:
    """Checks the sentences of one answer, in `language`, against `sources`: what its turn has read."""

    def __init__(
        self,
        question: Question,
        language: str,
        sources: TurnSources,
        meanings: Meanings,
        *,
        sees_pictures: bool = False,
    ) -> None:
        self.sources, self._language, self._locale = sources, language, question.locale
        self._search = PassageSearch(sources, meanings)
        self._question = self._read(question.text, language)
        self._asks_yes_no, self._sees_pictures = False, sees_pictures
        self._last: Statement | None = None
        self._in_focus = question.order_in_question is not None
        self.subject: str | None = None
        """The product that a sentence without a name speaks of, by its id."""
        self._checked: tuple[Statement, str | None] | None = None
        self.is_handed_off = False

    def _read(self, text: str, language: str) -> Statement:
        return read_statement(text, language, self.sources.currency, self.sources.shop_language)

    def add_order(self, answer: OrderAnswer) -> None:
        """What this shopper may know of an order, which sentences may now speak of."""
        self.sources.add_order(answer)
        self._in_focus = self._in_focus or isinstance(answer.outcome, OrderFound | OrdersListed)

    def set_question(self, *, asks_yes_no: bool, is_of_order: bool) -> None:
        """Whether a bare yes or no answers the question, and whether it is about an order."""
        self._asks_yes_no = asks_yes_no
        self._in_focus = self._in_focus or is_of_order

    def named_in(self, text: str) -> str | None:
        """The first product that a text names, or else the first whose title has only words of the text."""
        if named := self.sources.names.mask(text)[1]:
            return named[0]
        said = self._read(text, self._language).keys
        for product in self.sources.products.values():
            brand = _plain_words(product.brand or "")
            title = read_statement(product.card.title, self.sources.shop_language, self.sources.currency)
            terms = [term for term in title.terms if term.text.casefold() not in brand]
            if terms and all(term.keys & said for term in terms):
                return product.card.id
        return None

    def check(self, sentence: str) -> Verdict:
        """Whether a sentence may leave. `accept` says afterwards that it has."""
        self._checked = None
        text = plain_text(sentence)
        if not any(character.isalnum() for character in text):
            return Verdict(True)
        if foreign := self.sources.foreign_contacts(text):
            return Verdict(False, reason=f"{Reason.CONTACT}: {', '.join(foreign)}")
        if self.sources.is_of_rules(text):
            return Verdict(False, reason=Reason.INSTRUCTIONS)
        verdict = self._check_text(text, self._language)
        if not verdict.ok:
            language = detect_language(text, self._locale)
            if language != self._language and (other := self._check_text(text, language)).ok:
                return other
        return verdict

    def _check_text(self, text: str, language: str) -> Verdict:
        masked, named = self.sources.names.mask(text)
        whole = self._read(masked, language)
        self._checked = whole, named[0] if named else None
        parts = parts_of(whole)
        if parts and whole.marks & _OF_A_CLAUSE:
            return self._check_parts(parts, named, text)
        verdict = self._check_clause(whole, named, text)
        return self._check_parts(parts, named, text) if not verdict.ok and parts else verdict

    def _check_parts(self, parts: Sequence[Statement], named: Sequence[str], text: str) -> Verdict:
        """Each clause by itself; what only completes that something is not known says nothing more."""
        verdicts: list[Verdict] = []
        is_open = False
        for part in parts:
            is_said = bool(part.figures or any(term.is_hard for term in part.terms))
            verdicts.append(Verdict(True) if is_open and not is_said else self._check_clause(part, named, text))
            is_open = Mark.UNKNOWN in part.marks
        return join_verdicts(verdicts)

    def accept(self) -> None:
        """The sentence that was checked last was said: the next may speak of the same."""
        if self._checked:
            statement, named = self._checked
            self.subject = named or self.subject
            self._last = statement if statement.terms or statement.figures else self._last

    def _check_clause(self, claim: Statement, named: Sequence[str], text: str) -> Verdict:
        marks = claim.marks
        if Mark.UNKNOWN in marks and not claim.figures:
            return Verdict(True)
        if is_of_order(claim, in_focus=self._in_focus and not named) and not self._is_policy(claim):
            return self._check_order(claim)
        if Mark.SPEAKER in marks:
            if marks & {Mark.NO, Mark.WITHOUT} and not claim.figures:
                return Verdict(True)
            if claim.concepts & (concept_classes().topics | {Concept.GUARANTEE, Concept.DISCOUNT}):
                return Verdict(False, reason=Reason.PROMISE)
        if not claim.terms and not claim.figures:
            return self._check_answer(claim, text)
        if text.rstrip().endswith(("?", "？", "؟")):
            return self._check_question(claim, named)
        if claim.marks & {Mark.TALK, Mark.OFFER} and not claim.figures and self._is_of_question(claim):
            return Verdict(True)
        if contact := self._check_contact(claim, text):
            return contact
        if self._sees_pictures and not (named or claim.topics or claim.figures):
            return Verdict(True)  # what a picture shows, which nothing else knows
        return self._check_claim(claim, named)

    def _is_of_question(self, claim: Statement) -> bool:
        """Whether it only repeats what the shopper has named."""
        return all(not term.is_hard and term.keys & self._question.keys for term in claim.terms)

    def _is_policy(self, claim: Statement) -> bool:
        """Whether a statement about what is done with orders is a rule: not of this one, and not by the assistant."""
        return Mark.SPEAKER not in claim.marks and Mark.YOURS not in claim.marks and not self._in_focus

    def _check_order(self, claim: Statement) -> Verdict:
        outcomes = [answer.outcome for answer in self.sources.orders]
        if self.is_handed_off and not claim.states and not claim.topics:
            return Verdict(True)
        if not is_true_of(claim, outcomes):
            return Verdict(False, reason=Reason.ORDER)
        foreign = claim.concepts & (concept_classes().topics - {Concept.SHIPPING, Concept.ORDER}) - {
            name for name, _ in claim.states
        }
        if foreign - {Concept.RETURN, Concept.REFUND, Concept.CANCEL} or Concept.FREE in claim.concepts:
            return Verdict(False, reason=Reason.ORDER)
        source = next((answer.source for answer in self.sources.orders if answer.source), None)
        return Verdict(True, (Receipt(shortened(claim.text), source.id, "order"),) if source else ())

    def _check_answer(self, claim: Statement, text: str) -> Verdict:
        """A bare yes or no to a question about the shop says what was asked."""
        is_bare = (
            self._asks_yes_no
            and len(_WORD.findall(text)) <= MAX_BARE_WORDS
            and bool(claim.marks & {Mark.YES, Mark.NO, Mark.WITHOUT})
        )
        if not is_bare or not any(term.is_hard for term in self._question.terms):
            return Verdict(True)
        return Verdict(False, reason=Reason.ANSWER)

    def _check_question(self, claim: Statement, named: Sequence[str]) -> Verdict:
        """A question may name what the material or the shopper has named."""
        if Mark.OFFER in claim.marks and Mark.TALK in claim.marks and not (claim.figures or claim.topics):
            return Verdict(True)
        passages = self.sources.passages()
        known = frozenset().union(self._question.keys, *(page.own.keys for page in passages))
        for term in claim.terms:
            if term.is_hard and not term.keys & known:
                return Verdict(False, reason=term.text)
        figures = [*self._question.figures, *(each for page in passages for each in page.own.figures)]
        for figure in claim.figures:
            if not any(is_same(figure, each) for each in figures):
                return Verdict(False, reason=figure.text)
        return Verdict(True)

    def _check_contact(self, claim: Statement, text: str) -> Verdict | None:
        """How the shop is reached. The addresses themselves were compared with its settings before."""
        named = claim.concepts & concept_classes().contact
        contact = self.sources.contact
        says_own = any(value and value.casefold() in text.casefold() for value in contact.values())
        is_denied = all(term.is_negated for term in claim.terms if term.concept == Concept.PASSWORD)
        asked = named & {Concept.PHONE, Concept.MESSENGER} or (named & {Concept.PASSWORD} and not is_denied)
        if asked and not (named & {Concept.PHONE} and contact.get("phone")):
            return Verdict(False, reason=Reason.CONTACT)
        others = [term for term in claim.terms if term.is_hard and term.concept not in concept_classes().contact]
        return Verdict(True) if says_own and not others and not claim.topics else None

    def _check_claim(self, claim: Statement, named: Sequence[str]) -> Verdict:
        ids = list(named) or ([self.subject] if self.subject else [])
        products = [self.sources.products[each] for each in ids if each in self.sources.products]
        rest, decided = claim, list[Receipt]()
        first = products[0] if products else None
        fields: tuple[Callable[[Statement], FieldClaim], ...] = (
            partial(check_price, named=self._compared(named)),
            partial(self._check_comparison, named=named),
            partial(check_stock, product=first),
        )
        for check in fields:
            field = check(rest)
            if field.is_true is False:
                if not named and claim.topics:
                    return self._search.find_in_documents(claim, named, self._context())
                return Verdict(False, reason=field.field)
            if field.is_true and field.rest is not None:
                rest = field.rest
                source = f"product:{products[0].card.id}" if products else ""
                decided += [Receipt(figure.text, source, field.field) for figure in field.figures]
        has_decided = rest is not claim
        if has_decided and not rest.figures and _says_no_more(rest, claim):
            return Verdict(True, tuple(decided))
        ids = [each.card.id for each in products]
        verdict = self._search.find(rest, ids, named, self._context(), is_rest=has_decided)
        return structs.replace(verdict, receipts=(*decided, *verdict.receipts))

    def _compared(self, named: Sequence[str]) -> list[ProductDetail]:
        ids = list(named)
        if len(ids) < 2 and self.subject and self.subject not in ids:
            ids.insert(0, self.subject)
        if not named and self.subject:
            ids = [self.subject]
        return [self.sources.products[each] for each in ids if each in self.sources.products]

    def _check_comparison(self, claim: Statement, named: Sequence[str]) -> FieldClaim:
        known = self.sources.products
        products = [known[each] for each in named if each in known]
        if len(products) == 1 and self.subject in known and self.subject != products[0].card.id:
            products.insert(0, known[self.subject])
        return check_comparison(
            claim, products, {each.card.id: weight for each in products if (weight := self._weight(each))}
        )

    def _weight(self, product: ProductDetail) -> Decimal | None:
        """The first weight on its page, in grams."""
        for figure in self.sources.page(product.card.id).own.figures:
            for value in map(value_of, figure.keys):
                if value and value.kind == "measure" and value.unit == "g":
                    return value.amount
        return None

    def _context(self) -> Context:
        statements = [self._question, *([self._last] if self._last else [])]
        return Context(
            concepts=frozenset().union(*(each.concepts for each in statements)),
            topics=frozenset().union(*(each.topics for each in statements)),
            countries=frozenset().union(*(each.countries for each in statements)),
            keys=frozenset().union(*(each.keys for each in statements)),
            home_currency=self.sources.currency,
            named_countries=self.sources.named_countries(),
        )


def _says_no_more(rest: Statement, claim: Statement) -> bool:
    """Whether the fields of a product leave at most one plain word of a claim, beside the figure: "sells for"."""
    segments = {each.segment for each in claim.figures}
    return not rest.terms or (
        len(rest.terms) == 1
        and all(term.segment in segments and not (term.is_hard or term.concept or term.country) for term in rest.terms)
    )


def _plain_words(text: str) -> set[str]:
    return {word.casefold() for word in _WORD.findall(text)}
