"""The tools of one turn, bound to one shopper. Whatever a model says, it looks through this shopper's eyes."""

import time
from collections.abc import Awaitable, Callable, Mapping

import msgspec

from integrations.platform import Money, Product
from server.catalog.models import StoredProduct
from server.catalog.service import Catalog
from server.chat.conversations.pictures.service import Pictures, StoredPicture
from server.chat.models import (
    CatalogResult,
    HandoffResult,
    OrderAnswer,
    PolicyResult,
    ProductCard,
    ProductDetail,
    Question,
    Source,
    ToolUsed,
    VariantCard,
)
from server.core.addresses import is_web_address
from server.core.money import format_money
from server.knowledge.search import Hit
from server.knowledge.service import Knowledge
from server.orders.models import OrderFound, OrderOutcome, OrdersListed
from server.orders.service import OrderService

HITS_PER_KIND = 8
BOTH_KINDS = ("product", "document")
MAX_VARIANTS_SHOWN = 60


class ShopToolbox:
    """Implements `tools.Toolbox`. One search answers for products and policies of the same words."""

    def __init__(
        self,
        question: Question,
        catalog: Catalog,
        knowledge: Knowledge,
        orders: OrderService,
        request_human: Callable[[str | None], Awaitable[HandoffResult]],
        pictures: Pictures,
    ) -> None:
        self._question, self._shop_id = question, question.shopper.shop_id
        self._catalog, self._knowledge, self._orders = catalog, knowledge, orders
        self._request_human, self._pictures = request_human, pictures
        self._searches: dict[tuple[object, ...], list[Hit]] = {}
        self._proofs: dict[tuple[str | None, ...], OrderAnswer] = {}
        self.embedded: dict[str, str] = {}
        """By query: a text that means the same and has a vector already; see `Intent.embedded`."""
        self.used: list[ToolUsed] = []
        """What was called, in order; the driver takes them out and shows them."""
        self.sources: dict[str, Source] = {}
        """Everything the turn has read: all that its answer may claim."""

    def take_used(self) -> list[ToolUsed]:
        """The calls since the last time."""
        used, self.used = self.used, []
        return used

    async def search_catalog(
        self,
        query: str,
        *,
        price_min: int | None = None,
        price_max: int | None = None,
        in_stock: bool = False,
        limit: int = 6,
    ) -> CatalogResult:
        """See `tools.Toolbox`."""
        started = time.perf_counter()
        filters: dict[str, object] = {"price_min": price_min, "price_max": price_max, "in_stock": in_stock or None}
        given = {name: value for name, value in filters.items() if value is not None}
        kinds = ("product",) if given else ("product", "document")
        hits = [
            hit for hit in await self._search(query, kinds, price_min, price_max, in_stock) if hit.kind == "product"
        ]
        hits = hits[:limit]
        stored = await self._catalog.find(self._shop_id, [hit.external_id for hit in hits])
        found = [(hit, stored[hit.external_id]) for hit in hits if hit.external_id in stored]
        details = tuple(product_detail(product) for _, product in found)
        sources = tuple(self._keep(product_source(product, hit.score)) for hit, product in found)
        self._note(
            "search_catalog",
            {"query": query, **given},
            {"products": [{"id": detail.card.id, "title": detail.card.title} for detail in details]},
            started,
        )
        return CatalogResult(
            products=details,
            scores=tuple(hit.score for hit, _ in found),
            sources=sources,
            exact=any(hit.identifier_score > 0 for hit, _ in found),
        )

    async def get_product(self, product_id: str) -> ProductDetail | None:
        """See `tools.Toolbox`."""
        started = time.perf_counter()
        stored = (await self._catalog.find(self._shop_id, [product_id])).get(product_id)
        self._note("get_product", {"product_id": product_id}, {"found": stored is not None}, started)
        if stored is None:
            return None
        self._keep(product_source(stored, 1.0))
        return product_detail(stored)

    async def search_policies(self, query: str, *, limit: int = 4) -> PolicyResult:
        """See `tools.Toolbox`."""
        started = time.perf_counter()
        hits = [hit for hit in await self._search(query, BOTH_KINDS) if hit.kind == "document"]
        sources = tuple(self._keep(document_source(hit)) for hit in hits[:limit])
        self._note("search_policies", {"query": query}, {"passages": [source.title for source in sources]}, started)
        return PolicyResult(sources=sources)

    async def order_status(self, order_number: str | None) -> OrderAnswer:
        """See `tools.Toolbox`."""
        started = time.perf_counter()
        outcome = await self._orders.look_up(self._question.shopper, order_number)
        return self._order_answer({"order_number": order_number} if order_number else {}, outcome, started)

    async def prove(
        self, order_number: str, *, email: str | None = None, postcode: str | None = None, name: str | None = None
    ) -> OrderAnswer:
        """See `tools.Toolbox`."""
        claim = (order_number, email, postcode, name)
        if claim not in self._proofs:  # the same words are one guess, also when the engine takes over from a model
            started = time.perf_counter()
            outcome = await self._orders.prove(
                self._question.shopper, order_number, email=email, postcode=postcode, name=name
            )
            self._proofs[claim] = self._order_answer({"order_number": order_number}, outcome, started)
        return self._proofs[claim]

    async def request_human(self, reason: str, email: str | None = None) -> HandoffResult:
        """See `tools.Toolbox`."""
        started = time.perf_counter()
        result = await self._request_human(email)
        self._note("request_human", {}, {"state": result.state}, started)
        return result

    async def see_pictures(self) -> list[StoredPicture]:
        """The pictures of the shopper's message, for a model that can see."""
        return await self._pictures.for_model(self._question.shopper, self._question.picture_ids)

    async def _search(
        self,
        query: str,
        kinds: tuple[str, ...],
        price_min: int | None = None,
        price_max: int | None = None,
        in_stock: bool = False,
    ) -> list[Hit]:
        key = (query, kinds, price_min, price_max, in_stock)
        if key not in self._searches:
            self._searches[key] = await self._knowledge.search(
                self._shop_id,
                query,
                kinds=kinds,
                limit=HITS_PER_KIND,
                limit_per_kind=True,
                price_min_minor=price_min,
                price_max_minor=price_max,
                available_only=in_stock,
                embedded=self.embedded.get(query),
            )
        return self._searches[key]

    def _order_answer(self, asked: Mapping[str, object], outcome: OrderOutcome, started: float) -> OrderAnswer:
        source = order_source(outcome)
        if source:
            self._keep(source)
        self._note("order_status", asked, {"outcome": type(outcome).__name__}, started)
        return OrderAnswer(outcome=outcome, source=source)

    def _keep(self, source: Source) -> Source:
        return self.sources.setdefault(source.id, source)

    def _note(self, name: str, given: Mapping[str, object], output: dict[str, object], started: float) -> None:
        seconds = round(time.perf_counter() - started, 4)
        self.used.append(ToolUsed(name=name, input=dict(given), output=output, seconds=seconds))


def product_card(stored: StoredProduct) -> ProductCard:
    """The contract's `Product`."""
    product = stored.product
    return ProductCard(
        id=product.external_id,
        title=product.title,
        url=_web(product.url),
        image_url=_web(product.image_url),
        price=product.price,
        available=product.available,
        fetched_at=stored.fetched_at.isoformat(),
        compare_at_price=product.compare_at_price,
        variants=tuple(
            VariantCard(
                id=variant.id,
                title=variant.title,
                sku=variant.sku,
                price=variant.price or product.price,
                available=variant.available,
            )
            for variant in product.variants[:MAX_VARIANTS_SHOWN]
        ),
    )


def product_detail(stored: StoredProduct) -> ProductDetail:
    """Everything the shop says of a product."""
    product = stored.product
    return ProductDetail(
        card=product_card(stored),
        description=product.description,
        brand=product.brand,
        category=product.category,
        attributes=product.attributes,
        stock={variant.title: variant.stock for variant in product.variants},
    )


def product_source(stored: StoredProduct, score: float) -> Source:
    """A product as something an answer may rest on: every field that may be claimed, as text."""
    product = stored.product
    return Source(
        id=f"product:{product.external_id}",
        kind="product",
        title=product.title,
        text=_product_text(product),
        url=_web(product.url),
        fetched_at=stored.fetched_at.isoformat(),
        score=score,
    )


def document_source(hit: Hit) -> Source:
    """A passage as something an answer may rest on."""
    return Source(
        id=f"document:{hit.external_id}#{hit.position}",
        kind="document",
        title=hit.title,
        text=hit.text,
        url=_web(hit.url),
        heading_path=tuple(hit.heading_path),
        score=hit.score,
    )


def order_source(outcome: OrderOutcome) -> Source | None:
    """An order as far as this shopper may see it; None where nothing may be told."""
    match outcome:
        case OrderFound(view=view, fetched_at=fetched_at):
            return Source(
                id=f"order:{view.number}",
                kind="order",
                title=f"Order {view.number}",
                text=msgspec.json.encode(view).decode(),
                fetched_at=fetched_at,
                score=1.0,
            )
        case OrdersListed(orders=orders, fetched_at=fetched_at):
            return Source(
                id="orders",
                kind="order",
                title="Your orders",
                text=msgspec.json.encode(orders).decode(),
                fetched_at=fetched_at,
                score=1.0,
            )
        case _:
            return None


def _web(url: str | None) -> str | None:
    """An address as a page may show it; imported files hold other things too."""
    return url if url and is_web_address(url) else None


def _product_text(product: Product) -> str:
    lines = [product.title, product.description]
    lines += [f"{name}: {value}" for name, value in product.attributes.items()]
    lines += [
        f"{label}: {_price(money)}"
        for label, money in (("price", product.price), ("was", product.compare_at_price))
        if money
    ]
    lines += [
        f"{variant.title}: {_price(variant.price)}, sku {variant.sku or '-'}, "
        f"{'in stock' if variant.available else 'sold out'}"
        + (f" ({variant.stock})" if variant.stock is not None else "")
        for variant in product.variants
    ]
    return "\n".join(line for line in lines if line)


def _price(money: Money | None) -> str:
    return format_money(money.amount, money.currency) if money else "-"
