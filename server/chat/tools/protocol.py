"""The tools of a turn, the same for engine and model. They act for one shopper, whom no argument can change."""

from typing import Protocol

from server.chat.models import CatalogResult, HandoffResult, OrderAnswer, PolicyResult, ProductDetail


class Toolbox(Protocol):
    """The tools as drivers see them. Each may raise `server.core.errors.Unavailable`."""

    async def search_catalog(
        self,
        query: str,
        *,
        price_min: int | None = None,
        price_max: int | None = None,
        in_stock: bool = False,
        limit: int = 6,
    ) -> CatalogResult:
        """Products for a need, a name or a part number; prices in minor units of the shop's currency."""

    async def get_product(self, product_id: str) -> ProductDetail | None:
        """One product by its external id."""

    async def search_policies(self, query: str, *, limit: int = 4) -> PolicyResult:
        """Passages of the shop's policies and documents."""

    async def order_status(self, order_number: str | None) -> OrderAnswer:
        """What this shopper may know of an order; without a number the signed-in customer's own newest."""

    async def prove(
        self,
        order_number: str,
        *,
        email: str | None = None,
        postcode: str | None = None,
        name: str | None = None,
    ) -> OrderAnswer:
        """Check what the shopper themselves wrote as proof, then answer like `order_status`. The engine's and the
        service's own: never offered to a model."""

    async def request_human(self, reason: str, email: str | None = None) -> HandoffResult:
        """Ask for staff, who may write to `email`: only what the shopper themselves wrote, never a model's word."""
