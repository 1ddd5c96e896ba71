"""The tools of a turn as the engine sees them. They act for one shopper, whom no argument can change."""

from typing import Protocol

from server.chat.models import CatalogResult, HandoffResult, OrderAnswer, PolicyResult, ProductDetail


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
    ) -> CatalogResult:
        """Products for a need, a name or a part number, best first; prices in minor units of the shop's currency."""

    async def get_product(self, product_id: str) -> ProductDetail | None:
        """The product with this external id; None where the shop has none."""

    async def search_policies(self, query: str, *, limit: int = 4) -> PolicyResult:
        """Passages of the shop's policies and documents, best first."""

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
