"""The tools of a turn as the engine sees them. They act for one shopper, whom no argument can change."""

from typing import Protocol

from server.chat.models import (
    CatalogOverview,
    CatalogResult,
    EvidenceResult,
    HandoffResult,
    OrderAnswer,
    PolicyResult,
    ProductDetail,
)
from server.knowledge.search import ProductFilter


class Toolbox(Protocol):
    """The tools that the engine and a model both use. Every one of them may raise Unavailable."""

    async def search_catalog(
        self,
        query: str,
        *,
        price_min: int | None = None,
        price_max: int | None = None,
        in_stock: bool = False,
        limit: int = 6,
        product_filter: ProductFilter | None = None,
    ) -> CatalogResult:
        """Products for a need, a name or a part number, best first; prices in minor units of the shop's currency."""

    async def get_product(self, product_id: str) -> ProductDetail | None:
        """The product with this external id; None where the shop has none."""

    async def search_policies(self, query: str, *, limit: int = 4) -> PolicyResult:
        """Passages of the shop's policies and documents, best first."""

    async def find_evidence(
        self, text: str, *, language: str, product: ProductDetail | None = None, documents: bool = True
    ) -> EvidenceResult:
        """Units of the shop's documents, and all of one product's page, that may answer a question in a language."""

    async def catalog_overview(self) -> CatalogOverview:
        """The shop's kinds of products, and what is reduced."""

    async def catalog_extremes(self, *, dearest: bool, limit: int) -> tuple[ProductDetail, ...]:
        """The cheapest products of the shop that can be had, or the dearest."""

    async def request_code(self, order_number: str) -> bool:
        """Have a one-time code sent to the order's e-mail address, if there is such an order; False where the shop
        cannot send codes. Whether there is such an order is not told."""

    async def verify_code(self, order_number: str, code: str) -> bool:
        """Whether a one-time code that the shopper typed is right; the proof is stored then. Raises RateLimited.

        Only the engine calls this and `request_code`; a model is never offered them."""

    async def order_status(self, order_number: str | None) -> OrderAnswer:
        """What this shopper may know of an order; without a number, the newest orders of a signed-in customer."""

    async def prove(
        self,
        order_number: str,
        *,
        email: str | None = None,
        postcode: str | None = None,
        name: str | None = None,
    ) -> OrderAnswer:
        """What this shopper may know of an order after a proof that they wrote themselves was checked.

        Only the engine and the service call this; a model is never offered it.
        """

    async def request_human(self, reason: str, email: str | None = None) -> HandoffResult:
        """What asking for staff led to. Staff may reply to `email`, which the shopper themselves wrote; never an
        address that a model names."""
