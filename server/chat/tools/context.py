"""What the tools of one turn share: the shopper they act for, the services they ask, and what they have read."""

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from urllib.parse import urlsplit

from msgspec import structs

from server.catalog.service import Catalog
from server.chat.conversations.pictures.models import StoredPicture
from server.chat.conversations.pictures.service import PictureService
from server.chat.models import (
    Candidate,
    HandoffResult,
    OrderAnswer,
    ProductDetail,
    Question,
    Source,
    ToolUsed,
)
from server.knowledge.evidence import Evidence
from server.knowledge.search import Hit, ProductFilter
from server.knowledge.service import Knowledge
from server.models.embedders import language_of
from server.orders.service import OrderService

BOTH_KINDS = ("product", "document")
HITS_PER_KIND = 8


class ToolContext:
    """One turn, bound to one shopper: no argument of a tool can name another shopper or shop."""

    def __init__(
        self,
        question: Question,
        catalog: Catalog,
        knowledge: Knowledge,
        orders: OrderService,
        request_staff: Callable[[str | None], Awaitable[HandoffResult]],
        pictures: PictureService,
    ) -> None:
        self.question, self.shopper = question, question.shopper
        self.catalog, self.orders, self.request_staff = catalog, orders, request_staff
        self._knowledge, self._pictures = knowledge, pictures
        self._searches: dict[tuple[object, ...], list[Hit]] = {}
        self._evidence: dict[tuple[object, ...], list[Evidence]] = {}
        self.proofs: dict[tuple[str | None, ...], OrderAnswer] = {}
        """The answer to each proof that was checked in this turn: a repeated proof is not a second attempt."""
        self.embedded: dict[str, str] = {}
        """By query: a text of the same meaning whose vector is cached already; see `Intent.embedded`."""
        self.used: list[ToolUsed] = []
        """The recorded calls, oldest first, until `take_used` returns them."""
        self.sources: dict[str, Source] = {}
        """By id: everything the turn has read, which is all that its answer may claim."""
        self.details: dict[str, ProductDetail] = {}
        """By external id: the products that were found."""
        self.candidates: dict[tuple[str, str], Candidate] = {}
        """By source and text: the pieces of documents that were found."""
        self.order_answers: list[OrderAnswer] = []
        """The answers of the order system, oldest first."""

    def use_locale(self, locale: str) -> None:
        """Let the tools describe what they find, such as an order, in the language of the answer."""
        self.shopper = structs.replace(self.shopper, locale=locale)

    def take_used(self) -> list[ToolUsed]:
        """The calls recorded since the last time, oldest first."""
        used, self.used = self.used, []
        return used

    def add_source(self, source: Source) -> Source:
        """Let the answer rest on a source; the first one recorded under its id."""
        return self.sources.setdefault(source.id, source)

    def add_details(self, details: Iterable[ProductDetail]) -> None:
        """Let the answer rest on these products; the first one recorded under its id."""
        for detail in details:
            self.details.setdefault(detail.card.id, detail)

    def merge_source(self, source: Source) -> Source:
        """Let the answer rest on what is said by a source, and by what was found of the same source before."""
        known = self.sources.get(source.id)
        if known is not None and source.text not in known.text:
            source = structs.replace(known, text=f"{known.text}\n{source.text}")
        elif known is not None:
            return known
        self.sources[source.id] = source
        return source

    def record_call(
        self, name: str, arguments: Mapping[str, object], output: dict[str, object], started: float
    ) -> None:
        """Record a finished call for the stream and the trace. `output` is a short public summary, `started` the
        value of `time.perf_counter()` before the call."""
        seconds = round(time.perf_counter() - started, 4)
        self.used.append(ToolUsed(name=name, input=dict(arguments), output=output, seconds=seconds))

    async def search(
        self,
        query: str,
        kinds: tuple[str, ...],
        *,
        price_min: int | None = None,
        price_max: int | None = None,
        in_stock: bool = False,
        limit: int = HITS_PER_KIND,
        product_filter: ProductFilter | None = None,
    ) -> list[Hit]:
        """The best hits of every kind in `kinds`, at most `limit` each; prices in minor units.

        The same search is made once in a turn: one round trip serves the catalog and the policies. Raises Unavailable.
        """
        key = (query, kinds, price_min, price_max, in_stock, limit, product_filter, self.shopper.locale)
        if key not in self._searches:
            self._searches[key] = await self._knowledge.search(
                self.shopper.shop_id,
                query,
                kinds=kinds,
                limit=limit,
                limit_per_kind=True,
                price_min_minor=price_min,
                price_max_minor=price_max,
                available_only=in_stock,
                product_filter=product_filter,
                embedded=self.embedded.get(query),
                language=language_of(self.shopper.locale),
            )
        return self._searches[key]

    async def search_evidence(
        self, text: str, *, language: str, product_ids: tuple[str, ...], documents: bool, limit: int
    ) -> list[Evidence]:
        """Units that may answer a question in a language (ISO 639-1); the same question is asked once in a turn."""
        key = (text, language, product_ids, documents, limit)
        if key not in self._evidence:
            self._evidence[key] = await self._knowledge.find_evidence(
                self.shopper.shop_id,
                text,
                language=language,
                product_ids=product_ids,
                documents=documents,
                limit=limit,
            )
        return self._evidence[key]

    async def list_pictures(self) -> list[StoredPicture]:
        """The pictures of the shopper's message, in its order, for a model that reads images. Raises NotFound."""
        return await self._pictures.list_of_message(self.shopper, self.question.picture_ids)


def source_hosts(sources: Iterable[Source]) -> frozenset[str]:
    """The hosts of the sources' addresses, each with its port where the address has one: an answer may link to them."""
    return frozenset(urlsplit(source.url).netloc.lower() for source in sources if source.url)
