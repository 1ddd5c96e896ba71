"""What one turn has read: products, documents, orders, and the addresses and codes that may be named."""

import re
from collections.abc import Iterable

from server.chat.answering.grounding.contacts import unknown_contacts
from server.chat.answering.grounding.passages import (
    Passage,
    is_of_product,
    passage_of_product,
    passage_of_unit,
    passages_of_source,
)
from server.chat.answering.grounding.product_names import NameIndex, is_title
from server.chat.answering.grounding.sentences import split_sentences
from server.chat.answering.grounding.suspicious import speaks_to_model
from server.chat.models import Candidate, OrderAnswer, ProductDetail, Source
from server.chat.tools.context import source_hosts
from server.orders.models import OrderFound, OrdersListed

SHINGLE = 6
"""So many words in a row of the model's own instructions are a leak of them."""
_EMPHASIS = re.compile(r"[*_`#>]+")
_LIST_MARK = re.compile(r"^\s*(?:[-•]|\d{1,2}[.)])\s+")
_WORD = re.compile(r"[^\W_]+")


class TurnSources:
    """Everything that a claim of a turn may rest on. `language` is that of the answer, `rules` the model's own
    instructions, which are not for the shopper."""

    def __init__(
        self, language: str, shop_language: str, currency: str, contact: dict[str, str], *, rules: str = ""
    ) -> None:
        self._language, self.shop_language, self.currency, self.contact = language, shop_language, currency, contact
        self.names = NameIndex()
        self.suspicious: set[str] = set()
        """The ids of sources with a text that speaks to a model: a merchant ought to look at them."""
        self.products: dict[str, ProductDetail] = {}
        self.orders: list[OrderAnswer] = []
        self._countries: set[str] = set()
        self._odd_titles: set[str] = set()
        self._foreign_lines: list[str] = []
        self._pages: dict[str, Passage] = {}
        self._candidates: dict[tuple[str, str], Candidate] = {}
        self._whole: dict[str, Source] = {}
        self._passages: dict[tuple[str, str], Passage] = {}
        self._hosts: set[str] = set()
        self._codes: set[str] = set()
        self._said_by_documents = ""
        self._shingles = _shingles(rules)

    def add_product(self, product: ProductDetail) -> None:
        """Claims about this product may rest on its page."""
        card = product.card
        if card.id in self.products:
            return
        if not (is_title(card.title) and self.is_quotable(card.title)):
            self._odd_titles.add(card.title)
            self.suspicious.add(f"product:{card.id}")
            return
        self.products[card.id] = product
        self.names.add(card.id, card.title)
        self._foreign_lines += self._lines_of_others(product)
        page = "\n".join((product.description, *(f"{name}: {value}" for name, value in product.attributes.items())))
        if speaks_to_model(page, self.shop_language):
            self.suspicious.add(f"product:{card.id}")
        self._codes.update(_codes(" ".join((card.title, *(each.sku or "" for each in card.variants), card.id))))

    def add_candidates(self, candidates: Iterable[Candidate]) -> None:
        """Claims about the shop may rest on these pieces of its documents. They are read when the first is checked."""
        self._candidates |= {
            (each.source_id, each.unit.text): each
            for each in candidates
            if not each.is_product and (each.source_id, each.unit.text) not in self._passages
        }

    def add_source(self, source: Source) -> None:
        """A document of which a passage was found; it counts sentence by sentence where its pieces are not known."""
        if source.kind == "document":
            self._whole[source.id] = source
        self._hosts.update(source_hosts((source,)))

    def add_order(self, answer: OrderAnswer) -> None:
        """What this shopper may know of an order."""
        if answer in self.orders:
            return
        self.orders.append(answer)
        if isinstance(answer.outcome, OrderFound | OrdersListed):
            self._codes.update(_codes(answer.source.text if answer.source else ""))

    def add_words_of_documents(self, text: str, cited: Iterable[str]) -> None:
        """The addresses in what the engine quotes of the shop's documents are the shop's own; in what it quotes of a
        product's page, or of a text that speaks to a model, they are not."""
        self.documents()
        if all(each.startswith("document:") and each not in self.suspicious for each in cited):
            self._said_by_documents = text

    def documents(self) -> Iterable[Passage]:
        """What the documents say, piece by piece."""
        new = sorted(self._candidates.items(), key=lambda each: (each[1].source_id, each[1].unit.place))
        self._candidates.clear()
        for key, each in new:
            passage = passage_of_unit(each.unit, each.source_id, self.shop_language, self.currency)
            if passage is None:
                self.suspicious.add(each.source_id)
            elif each.source_id not in self.suspicious:  # what follows an instruction belongs to it
                self._add_passage(key, passage)
        read = {source_id for source_id, _ in self._passages} | self.suspicious
        for source in list(self._whole.values()):
            del self._whole[source.id]
            if source.id not in read:
                for passage in passages_of_source(source, self.shop_language, self.currency):
                    self._add_passage((source.id, passage.text), passage)
        return self._passages.values()

    def named_countries(self) -> frozenset[str]:
        """Those that a document names."""
        self.documents()
        return frozenset(self._countries)

    def page(self, product_id: str) -> Passage:
        """What the page of a product says."""
        if product_id not in self._pages:
            product = self.products[product_id]
            self._pages[product_id] = passage_of_product(product, self.shop_language, self.currency)
        return self._pages[product_id]

    def passages(self) -> list[Passage]:
        """All pages and all pieces of documents."""
        return [*map(self.page, self.products), *self.documents()]

    def is_quotable(self, text: str) -> bool:
        """Whether words of the shop's texts may be shown as they are: they speak to no model, name no foreign address,
        and no title in them is a whole text."""
        plain = _EMPHASIS.sub("", text)
        return not (
            speaks_to_model(plain, self.shop_language)
            or self.is_of_rules(plain)
            or self.foreign_contacts(plain)
            or any(odd in plain for odd in self._odd_titles)
            or any(line in plain for line in self._foreign_lines)
        )

    def foreign_contacts(self, text: str) -> list[str]:
        """Addresses and numbers in a text that are not the shop's own."""
        known = self.contact | {"documents": self._said_by_documents}
        return unknown_contacts(text, known, self._hosts, frozenset(self._codes), self._language)

    def is_of_rules(self, text: str) -> bool:
        """Whether a text repeats the model's instructions."""
        return bool(self._shingles & _shingles(text))

    def _lines_of_others(self, product: ProductDetail) -> list[str]:
        """What a product's page says of anything else: it may be quoted no more than claimed."""
        lines = [*split_sentences(product.description), *product.attributes.values(), *product.attributes]
        lines += [product.brand or "", *product.category, *(variant.title for variant in product.card.variants)]
        return [
            line.strip()
            for line in lines
            if line.strip() and not is_of_product(line.strip(), self.shop_language, self.currency)
        ]

    def _add_passage(self, key: tuple[str, str], passage: Passage) -> None:
        self._passages[key] = passage
        self._countries |= passage.own.countries | passage.above.countries


def plain_text(sentence: str) -> str:
    """A sentence without emphasis and without the mark of a list."""
    return _LIST_MARK.sub("", _EMPHASIS.sub("", sentence)).strip()


def _codes(text: str) -> set[str]:
    return {"".join(character for character in found if character.isalnum()).casefold() for found in text.split()}


def _shingles(text: str) -> frozenset[tuple[str, ...]]:
    words = [word.casefold() for word in _WORD.findall(text)]
    return frozenset(tuple(words[at : at + SHINGLE]) for at in range(len(words) - SHINGLE + 1))
