"""The tools of a turn, with every product they find known to the grounder by its title."""

from server.chat.answering.grounding import Grounder
from server.chat.models import (
    CatalogOverview,
    CatalogResult,
    EvidenceResult,
    HandoffResult,
    OrderAnswer,
    PolicyResult,
    ProductDetail,
)
from server.chat.tools.protocol import Toolbox
from server.knowledge.search import ProductFilter


class TitleKnowingTools:
    """Implements `Toolbox` over another one. A sentence may name a product as soon as a tool has found it, while its
    other figures may be said once the product is cited."""

    def __init__(self, tools: Toolbox, grounder: Grounder) -> None:
        self._tools, self._grounder = tools, grounder

    async def search_catalog(
        self,
        query: str,
        *,
        price_min: int | None = None,
        price_max: int | None = None,
        in_stock: bool = False,
        product_filter: ProductFilter | None = None,
        limit: int = 6,
    ) -> CatalogResult:
        """See `Toolbox`."""
        found = await self._tools.search_catalog(
            query,
            price_min=price_min,
            price_max=price_max,
            in_stock=in_stock,
            product_filter=product_filter,
            limit=limit,
        )
        for product in found.products:
            self._grounder.add_title(product.card.title)
        return found

    async def get_product(self, product_id: str) -> ProductDetail | None:
        """See `Toolbox`."""
        product = await self._tools.get_product(product_id)
        if product:
            self._grounder.add_title(product.card.title)
        return product

    async def find_evidence(
        self, text: str, *, language: str, product: ProductDetail | None = None, documents: bool = True
    ) -> EvidenceResult:
        """See `Toolbox`."""
        return await self._tools.find_evidence(text, language=language, product=product, documents=documents)

    async def catalog_overview(self) -> CatalogOverview:
        """See `Toolbox`."""
        return await self._tools.catalog_overview()

    async def catalog_extremes(self, *, dearest: bool, limit: int) -> tuple[ProductDetail, ...]:
        """See `Toolbox`."""
        found = await self._tools.catalog_extremes(dearest=dearest, limit=limit)
        for product in found:
            self._grounder.add_title(product.card.title)
        return found

    async def request_code(self, order_number: str) -> bool:
        """See `Toolbox`."""
        return await self._tools.request_code(order_number)

    async def verify_code(self, order_number: str, code: str) -> bool:
        """See `Toolbox`."""
        return await self._tools.verify_code(order_number, code)

    async def search_policies(self, query: str, *, limit: int = 4) -> PolicyResult:
        """See `Toolbox`."""
        return await self._tools.search_policies(query, limit=limit)

    async def order_status(self, order_number: str | None) -> OrderAnswer:
        """See `Toolbox`."""
        return await self._tools.order_status(order_number)

    async def prove(
        self,
        order_number: str,
        *,
        email: str | None = None,
        postcode: str | None = None,
        name: str | None = None,
    ) -> OrderAnswer:
        """See `Toolbox`."""
        return await self._tools.prove(order_number, email=email, postcode=postcode, name=name)

    async def request_human(self, reason: str, email: str | None = None) -> HandoffResult:
        """See `Toolbox`."""
        return await self._tools.request_human(reason, email)
