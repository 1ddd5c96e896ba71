"""How many of a batch of products fit into the shop's plan.

It is checked twice: before anything is embedded, so that products that cannot fit cost nothing, and after they were
written, under the shop's lock and just before the commit. Only the second check decides, so any number of concurrent
imports stay exactly within the limit and wait for each other only while one of them counts.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from server.core.database import Connection
from server.shops.features import Allowance, Allowances


class ProductCapacity:
    """The plan's limits of one shop while a batch of products is written."""

    def __init__(
        self, allowances: Allowances, shop_id: UUID, products: Allowance | None, storage: Allowance | None
    ) -> None:
        self._allowances, self._shop_id = allowances, shop_id
        self._products, self._storage = products, storage

    @classmethod
    async def load(cls, allowances: Allowances, shop_id: UUID) -> "ProductCapacity":
        """The present limits of the shop's plan. Call it outside any transaction."""
        products = await allowances.find_allowance(shop_id, "products")
        return cls(allowances, shop_id, products, await allowances.find_allowance(shop_id, "storage_mb"))

    async def precheck(self, connection: Connection, new: Sequence[str]) -> dict[str, str]:
        """Of new products (external ids), those that cannot fit, each with the reason; the last ones are refused."""
        if not new or self._products is None:
            return {}
        remaining = await self._allowances.count_remaining(connection, self._shop_id, self._products, locks=False)
        return dict.fromkeys(new[max(0, remaining) :], self._products.reason)

    async def over_limit(
        self, connection: Connection, new: Sequence[UUID], sizes: Mapping[UUID, int]
    ) -> dict[UUID, str]:
        """Of new products that are already written (ids), those to delete again, each with the reason. `sizes` are
        bytes of searchable text."""
        over: dict[UUID, str] = {}
        if new and self._products:
            remaining = await self._allowances.count_remaining(connection, self._shop_id, self._products, locks=True)
            over = dict.fromkeys(new[max(0, len(new) + min(0, remaining)) :], self._products.reason)
        if new and self._storage:
            remaining = await self._allowances.count_remaining(connection, self._shop_id, self._storage, locks=True)
            remaining += sum(sizes.get(each, 0) for each in over)
            for each in reversed(new[: len(new) - len(over)]):
                if remaining >= 0:
                    break
                over[each] = self._storage.reason
                remaining += sizes.get(each, 0)
        return over
