"""Finds the text of a turn that carries a claim: the page of the product it speaks of, or a piece of a document."""

from collections.abc import Sequence

from msgspec import structs

from server.chat.answering.grounding.passages import Passage
from server.chat.answering.grounding.statements import Statement, read_statement
from server.chat.answering.grounding.support import Context, Meanings, Reason, Support, contradicts, find_support
from server.chat.answering.grounding.turn_sources import TurnSources
from server.chat.answering.grounding.verdicts import Quote, Verdict, nearest_of
from server.chat.models import Receipt
from server.languages.claims import Concept, concept_classes

MAX_RECEIPT_CHARACTERS = 120


class PassageSearch:
    """Looks through the texts of a turn."""

    def __init__(self, sources: TurnSources, meanings: Meanings) -> None:
        self._sources, self._meanings = sources, meanings

    def find(
        self, claim: Statement, ids: Sequence[str], named: Sequence[str], context: Context, *, is_rest: bool = False
    ) -> Verdict:
        """The verdict on a claim about products, by id; `named` are those of them that it names itself. `is_rest`: the
        products' fields have decided a part of it, so it is about them alone."""
        tried: list[tuple[Support, Passage]] = []
        for product_id in ids:
            page = self._sources.page(product_id)
            support = find_support(claim, page, context, self._meanings)
            if support.ok:
                return carried(claim, page)
            tried.append((support, page))
        of_product = named and Concept.PREORDER in claim.concepts
        if not (is_rest or of_product):
            found = self.find_in_documents(claim, named, context)
            if found.ok or not tried:
                return found
        else:
            found = Verdict(False)
        return self._refuse(claim, tried, found) if tried else found

    def find_in_documents(self, claim: Statement, named: Sequence[str], context: Context) -> Verdict:
        """The verdict on a claim about the shop."""
        claim = claim if named else _without_stock(claim)
        products = self._sources.products
        brands = {products[each].brand for each in named if each in products}
        others = {each.brand for each in products.values() if each.brand} - brands if named else set()
        tried: list[tuple[Support, Passage]] = []
        for passage in self._sources.documents():
            if others and any(brand and brand.casefold() in passage.text.casefold() for brand in others):
                continue
            support = find_support(claim, passage, context, self._meanings)
            if support.ok and (
                support.is_own or not any(contradicts(claim, each) for each in self._sources.documents())
            ):
                return carried(claim, passage)
            tried.append((support, passage))
        return structs.replace(self._refuse(claim, tried, Verdict(False, reason=Reason.NO_SOURCE)), is_open=True)

    def _refuse(self, claim: Statement, tried: Sequence[tuple[Support, Passage]], otherwise: Verdict) -> Verdict:
        """That none of the passages carries a claim, with the nearest and with what might be found by its meaning."""
        best = max((support for support, _ in tried), key=lambda each: each.share, default=Support(False))
        texts = [*otherwise.to_compare]
        for support, passage in tried:
            if support.open_words:
                terms = (*passage.own.terms, *(passage.above.terms if not passage.product_id else ()))
                texts += [*support.open_words, *(term.text for term in terms if not term.concept)]
            if support.open_words or support.share > 0:
                texts += [claim.text, *passage.lines]
        quotes = [self._quote(claim, support, passage) for support, passage in tried]
        return Verdict(
            False,
            reason=best.reason or otherwise.reason or Reason.NO_SOURCE,
            to_compare=tuple(dict.fromkeys(texts)),
            nearest=nearest_of((*quotes, otherwise.nearest)),
            is_open=otherwise.is_open,
        )

    def _quote(self, claim: Statement, support: Support, passage: Passage) -> Quote:
        lines = [each for each in passage.lines if not (passage.product_id and self._is_of_shop(each))]
        line = max(lines, key=lambda each: self._meanings.similarity(claim.text, (each,)), default="")
        heading = passage.heading.text if passage.heading else ""
        return Quote(line, passage.source_id, heading, (support.similarity or support.share / 2) if line else 0.0)

    def _is_of_shop(self, line: str) -> bool:
        """Whether a line of a product's page names what only the shop says, such as how to pay."""
        read = read_statement(line, self._sources.shop_language, self._sources.currency)
        return bool(read.concepts & concept_classes().shop_only)


def carried(claim: Statement, passage: Passage) -> Verdict:
    """That a passage carries a claim."""
    texts = [each.text for each in claim.figures] or [shortened(claim.text)]
    return Verdict(True, tuple(Receipt(each, passage.source_id, "text") for each in texts))


def shortened(text: str) -> str:
    """As much of a claim as a receipt shows."""
    return " ".join(text.split())[:MAX_RECEIPT_CHARACTERS]


def _without_stock(claim: Statement) -> Statement:
    """Of no product, "available" says no more than that it is so."""
    return structs.replace(claim, terms=tuple(term for term in claim.terms if term.concept != Concept.IN_STOCK))
