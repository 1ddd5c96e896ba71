"""Is every figure of a sentence known from the turn's sources? What is found becomes a receipt."""

from collections import deque
from datetime import date

from msgspec import Struct

from integrations.platform import Money
from server.chat.answering.grounding.dates import keys_of_date
from server.chat.answering.grounding.facts import Value, order_facts, order_titles, product_facts
from server.chat.answering.grounding.free import find_free, repeats_limit
from server.chat.answering.grounding.quantities import Quantity, read_quantities, visible
from server.chat.answering.grounding.reading import keys_of_shop_text, keys_of_text
from server.chat.answering.grounding.titles import is_name, without_titles
from server.chat.answering.grounding.units import money_key
from server.chat.languages.folding import fold
from server.chat.models import OrderAnswer, ProductDetail, Receipt, Source

MAX_SOURCE_CHARACTERS = 40_000
_SHOPPER_MAY_LEND = ("number:", "code:")
_SHOPPER_MAY_LEND_LIMITS = ("money:", "measure:")


class Grounded(Struct, frozen=True):
    """Whether a sentence may be said; what each figure rests on, or the figures that rest on nothing."""

    ok: bool
    receipts: tuple[Receipt, ...] = ()
    unsupported: tuple[str, ...] = ()


class _Waiting(Struct, frozen=True):
    """A text whose figures have not been looked at yet."""

    source_id: str
    field: str
    text: str
    is_shop_text: bool = False


class Grounder:
    """Knows what one turn has read. Sources are only read when a sentence has a figure to look up.

    `currency` is the shop's own: it settles what "$" means. `today` lets a sentence say "tomorrow". `language` is the
    answer's, where it is known: a word that is a number in it and an ordinary word elsewhere is then a number.
    """

    def __init__(self, currency: str = "USD", today: date | None = None, language: str | None = None) -> None:
        self._currency = currency
        self._language = language
        self._today = today
        self._known: dict[str, tuple[str, str]] = {}
        self._waiting: deque[_Waiting] = deque()
        self._seen: set[str] = set()
        self._asked: set[str] = set()
        self._counts = 0
        self._titles: set[str] = set()

    def add_source(self, source: Source) -> None:
        """All figures of its title, headings and text may be said. The same id counts once."""
        if source.id in self._seen:
            return
        self._seen.add(source.id)
        if source.kind == "product":
            self.add_title(source.title)
        text = "\n".join((source.title, *source.heading_path, source.text[:MAX_SOURCE_CHARACTERS]))
        self._waiting.append(_Waiting(source.id, "text", text, source.kind in ("product", "document")))

    def add_title(self, title: str) -> None:
        """The title of a product, whole, may be said; what its figures would mean elsewhere is not known by it."""
        if is_name(title):
            self._titles.add(visible(title).strip())

    def add_facts(self, source_id: str, field: str, value: Value, *, is_shop_text: bool = False) -> None:
        """One structured fact: a price, a stock figure, a day, a tracking number, an attribute's text."""
        match value:
            case None:
                return
            case Money():
                self._know(money_key(value), source_id, field)
            case date():
                for key in keys_of_date(value, self._today):
                    self._know(key, source_id, field)
            case _:
                text = f"{field.replace('_', ' ').replace('.', ' ')}: {value}"
                self._waiting.append(_Waiting(source_id, field, text, is_shop_text))

    def add_product(self, product: ProductDetail) -> None:
        """Every field of a product that an answer may state."""
        source = f"product:{product.card.id}"
        if f"{source}:facts" in self._seen:
            return
        self._seen.add(f"{source}:facts")
        self.add_title(product.card.title)
        for fact in product_facts(product):
            self.add_facts(*fact, is_shop_text=True)
        for title, stock in product.stock.items():
            if stock is not None:
                self._know(f"measure:{stock}:piece", source, f"stock.{title}")
        self._waiting.append(_Waiting(source, "description", product.description[:MAX_SOURCE_CHARACTERS], True))

    def add_order(self, answer: OrderAnswer) -> None:
        """What this shopper may know of an order; nothing where nothing may be told."""
        for title in order_titles(answer):
            self.add_title(title)
        for fact in order_facts(answer):
            self.add_facts(*fact)

    def add_shopper_words(self, text: str) -> None:
        """Numbers and codes the shopper wrote may be repeated; their prices and measures only as limits or in a no."""
        for quantity in read_quantities(text[:4000], self._currency, self._language):
            self._asked.update(quantity.keys)

    def allow_count(self, shown: int) -> None:
        """So many things are shown: up to this number may be counted."""
        self._counts = max(self._counts, shown)

    def check(self, sentence: str) -> Grounded:
        """Every figure of the sentence against what is known. Linear in the sentence's length."""
        receipts: list[Receipt] = []
        unsupported: list[str] = []
        text = visible(sentence)
        text = without_titles(text, fold(text), self._titles, self._currency) if self._titles else text
        folded = fold(text)
        for quantity in read_quantities(text, self._currency, self._language):
            if found := self._find(quantity.keys):
                receipts.append(Receipt(quantity.text, *found))
            elif not self._is_allowed(quantity, folded):
                unsupported.append(quantity.text)
        self._check_free(folded, receipts, unsupported)
        return Grounded(not unsupported, tuple(receipts), tuple(unsupported))

    def _check_free(self, folded: str, receipts: list[Receipt], unsupported: list[str]) -> None:
        word = find_free(folded)
        if not word:
            return
        if source := self._find(("free",)):
            receipts.append(Receipt(word, *source))
        else:
            unsupported.append(word)

    def _find(self, keys: tuple[str, ...]) -> tuple[str, str] | None:
        while True:
            for key in keys:
                if found := self._known.get(key):
                    return found
            if not self._waiting:
                return None
            self._read(self._waiting.popleft())

    def _is_allowed(self, quantity: Quantity, folded: str) -> bool:
        if quantity.bare and any(_is_count(key, self._counts) for key in quantity.keys):
            return True
        lent = [key for key in quantity.keys if key in self._asked]
        if any(key.startswith(_SHOPPER_MAY_LEND) for key in lent):
            return True
        return any(key.startswith(_SHOPPER_MAY_LEND_LIMITS) for key in lent) and repeats_limit(folded)

    def _read(self, waiting: _Waiting) -> None:
        read = keys_of_shop_text if waiting.is_shop_text else keys_of_text
        for key in read(waiting.text, self._currency, self._today, self._language):
            self._know(key, waiting.source_id, waiting.field)

    def _know(self, key: str, source_id: str, field: str) -> None:
        self._known.setdefault(key, (source_id, field))


def load_words() -> None:
    """Reads the words of all languages, which takes half a second: when a process starts, not in its first turn."""
    Grounder().check("1")


def _is_count(key: str, shown: int) -> bool:
    kind, _, value = key.partition(":")
    return kind == "number" and value.isdecimal() and len(value) < 4 and int(value) <= shown
