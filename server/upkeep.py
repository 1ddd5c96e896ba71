"""What a worker does regularly: it ends abandoned turns, deletes what has expired, and enqueues jobs that are due."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from server.billing.schedule import BillingSchedule
from server.chat.turns.abandoned_turns import AbandonedTurns
from server.core.database import Database
from server.core.errors import AisleError
from server.core.logging import get_logger
from server.knowledge.tasks import enqueue_missing_vectors, enqueue_reading, enqueue_restemming
from server.models.embedders import Embedders
from server.orders.service import OrderService
from server.privacy.service import Privacy
from server.stores.service import StoreService

ABANDONED_TURNS_EVERY_S = 2.0
RESTEM_EVERY_S = 20.0
SYNC_EVERY_S = 5.0
TIDY_EVERY_S = 600.0
EMBED_EVERY_S = 300.0
BILLING_EVERY_S = 15.0

Round: TypeAlias = Callable[[], Awaitable[None]]

log = get_logger("upkeep")


class Upkeep:
    """The regular tasks, over all shops; several workers may run them at once."""

    def __init__(
        self,
        database: Database,
        abandoned_turns: AbandonedTurns,
        orders: OrderService,
        stores: StoreService,
        privacy: Privacy,
        billing: BillingSchedule,
        embedders: Embedders,
    ) -> None:
        self._database, self._orders, self._stores = database, orders, stores
        self._abandoned_turns = abandoned_turns
        self._privacy, self._billing, self._embedders = privacy, billing, embedders

    async def run(self) -> None:
        """Run every task at its own interval, until cancelled."""
        rounds: tuple[tuple[Round, float], ...] = (
            (self.end_abandoned_turns, ABANDONED_TURNS_EVERY_S),
            (self.ask_for_stems, RESTEM_EVERY_S),
            (self.ask_for_syncs, SYNC_EVERY_S),
            (self.tidy, TIDY_EVERY_S),
            (self.ask_for_vectors, EMBED_EVERY_S),
            (self._billing.enqueue_due_jobs, BILLING_EVERY_S),
        )
        async with asyncio.TaskGroup() as group:
            for work, every_s in rounds:
                group.create_task(_run_every(work, every_s))

    async def end_abandoned_turns(self) -> None:
        """End the turns whose process is gone."""
        for shop_id in await self._abandoned_turns.list_shops():
            with logging_failures("end_abandoned_turns"):
                await self._abandoned_turns.end(shop_id)

    async def ask_for_vectors(self) -> None:
        """Ask for vectors wherever some are missing: after a change of embedder, or when it was away; and for units of
        documents that an older version of the server has written."""
        await enqueue_reading(self._database)
        main, multilingual = self._embedders.main, self._embedders.multilingual
        await enqueue_missing_vectors(self._database, main.name, multilingual.name if multilingual else None)

    async def ask_for_stems(self) -> None:
        """Ask for passages to be stemmed anew in shops whose language has changed."""
        await enqueue_restemming(self._database)

    async def ask_for_syncs(self) -> None:
        """Have stores read whose time has come."""
        for shop_id in await self._stores.list_shops_to_sync():
            with logging_failures("ask_for_syncs"):
                await self._stores.enqueue_due_syncs(shop_id)

    async def tidy(self) -> None:
        """Delete expired proofs, codes and counters, stores disconnected long ago, and outdated data of shoppers."""
        for shop_id in await self._orders.list_shops_with_expired():
            with logging_failures("tidy"):
                await self._orders.delete_expired(shop_id)
        await self._stores.delete_old_left_stores()
        for shop_id in await self._privacy.list_shops_to_tidy():
            with logging_failures("tidy"):
                await self._privacy.tidy(shop_id)


async def _run_every(work: Round, every_s: float) -> None:
    while True:
        with logging_failures(getattr(work, "__name__", "upkeep")):
            await work()
        await asyncio.sleep(every_s)


@contextmanager
def logging_failures(task: str) -> Iterator[None]:
    """Log whatever goes wrong in one round of a worker's loop and let the loop go on."""
    try:
        yield
    except AisleError as reason:
        log.warning("background_task_failed", task=task, reason=reason.detail)
    except Exception:
        log.exception("background_task_failed", task=task)
