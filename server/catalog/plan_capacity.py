"""How many products a shop's plan can still take.

It is checked twice: before anything is embedded, so that what cannot fit costs nothing, and after the products were
written, under the shop's lock and just before the commit. Only the second check decides, so any number of imports at
once stay exactly within the limit, and wait for each other no longer than one of them counts.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from server.core.database import Connection
from server.shops.features import Allowance, Allowances


class PlanCapacity:
    """The limits of one shop while one batch is written."""

    def __init__(
        self, allowances: Allowances, shop_id: UUID, products: Allowance | None, storage: Allowance | None
    ) -> None:
        self._allowances, self._shop_id = allowances, shop_id
        self._products, self._storage = products, storage

    @classmethod
    async def of(cls, allowances: Allowances, shop_id: UUID) -> "PlanCapacity":
        """The plan's limits now. Opens transactions of its own."""
        products = await allowances.limit_of(shop_id, "products")
        return cls(allowances, shop_id, products, await allowances.limit_of(shop_id, "storage_mb"))

    async def refuse_early(self, connection: Connection, new: Sequence[str]) -> dict[str, str]:
        """By external id: why a new product cannot fit, for those that cannot."""
        if not new or self._products is None:
            return {}
        fits = await self._allowances.get_remaining(connection, self._shop_id, self._products, binding=False)
        return dict.fromkeys(new[max(0, fits) :], self._products.reason)

    async def find_excess(
        self, connection: Connection, new: Sequence[UUID], sizes: Mapping[UUID, int]
    ) -> dict[UUID, str]:
        """By id: why a new product that is written already must be deleted again. `sizes` are bytes of text."""
        excess: dict[UUID, str] = {}
        if new and self._products:
            fits = await self._allowances.get_remaining(connection, self._shop_id, self._products, binding=True)
            excess = dict.fromkeys(new[max(0, len(new) + min(0, fits)) :], self._products.reason)
        if new and self._storage:
            fits = await self._allowances.get_remaining(connection, self._shop_id, self._storage, binding=True)
            fits += sum(sizes.get(each, 0) for each in excess)
            for each in reversed(new[: len(new) - len(excess)]):
                if fits >= 0:
                    break
                excess[each] = self._storage.reason
                fits += sizes.get(each, 0)
        return excess
