"""The job runner. Redis (arq) notifies it of jobs and a sweep over the outbox finds all others, so neither an emptied
Redis nor a killed worker loses a job."""

import asyncio
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, cast
from uuid import UUID
from weakref import WeakValueDictionary

from arq.worker import Worker, func

from server.core.database import Database
from server.core.errors import AisleError, DatabaseAway, Unavailable
from server.core.job_notifier import QUEUE, RUN_JOB_FUNCTION, decode, encode, redis_settings
from server.core.jobs import LEASE_S, ClaimedJob, Handler, LeaseLost, claim, is_urgent, list_due_jobs
from server.core.logging import get_logger
from server.upkeep import Upkeep, logging_failures

SWEEP_S = 2.0
CONCURRENT_JOBS = 4
RETRY_S = 15.0
ARQ_RESTART_S = 1.0
NICENESS = 5
"""Where the API shares the processors, shoppers who wait for an answer go before a store that is being read."""
AUTOGROUP = Path("/proc/self/autogroup")

log = get_logger("worker")


class JobRunner:
    """Runs jobs of all shops, a few at a time."""

    def __init__(self, database: Database, handlers: Mapping[str, Handler]) -> None:
        self._database, self._handlers = database, handlers
        self._slots = asyncio.Semaphore(CONCURRENT_JOBS)
        self._urgent_slots = asyncio.Semaphore(CONCURRENT_JOBS)
        self._shops: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()
        self._running: dict[UUID, asyncio.Task[None]] = {}

    def start(self, shop_id: UUID, job_id: UUID) -> None:
        """Run a job unless this process runs it already."""
        if job_id not in self._running:
            task = asyncio.create_task(self._run(shop_id, job_id))
            self._running[job_id] = task
            task.add_done_callback(lambda _: self._running.pop(job_id, None))

    async def sweep(self) -> None:
        """Start the jobs that are due, for ever."""
        while True:
            with logging_failures("sweep"):
                for due in await list_due_jobs(self._database, limit=200):
                    self.start(due.shop_id, due.job_id)
            await asyncio.sleep(SWEEP_S)

    async def stop(self) -> None:
        """Cancel the running jobs and queue them again at once."""
        for task in list(self._running.values()):
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _run(self, shop_id: UUID, job_id: UUID) -> None:
        with suppress(Unavailable):  # the sweep comes again
            match await is_urgent(self._database, shop_id, job_id):
                case True:
                    async with self._urgent_slots:
                        await self._claim_and_run(shop_id, job_id)
                case False:  # one at a time of each shop, so that none keeps the others waiting
                    shop_lock = self._shops.setdefault(shop_id, asyncio.Lock())
                    async with shop_lock, self._slots:
                        await self._claim_and_run(shop_id, job_id)

    async def _claim_and_run(self, shop_id: UUID, job_id: UUID) -> None:
        if job := await claim(self._database, shop_id, job_id):
            await self._run_claimed(job)

    async def _run_claimed(self, job: ClaimedJob) -> None:
        handler = self._handlers.get(job.kind)
        renewing = asyncio.create_task(_renew(job))
        try:
            if handler is None:
                log.error("unknown_job", kind=job.kind, job_id=str(job.id))
                await job.finish("failed")
                return
            await handler(job)
        except asyncio.CancelledError:
            with suppress(AisleError, LeaseLost):
                await asyncio.shield(job.release())
            raise
        except LeaseLost:
            log.warning("lease_lost", kind=job.kind, job_id=str(job.id))
        except DatabaseAway as reason:  # no fault of the job: however long it lasts, the job is not given up
            log.warning("job_waits_for_database", kind=job.kind, job_id=str(job.id), reason=reason.code)
            with suppress(AisleError, LeaseLost):
                await job.defer(RETRY_S)
        except Exception:
            log.exception("job_failed", kind=job.kind, job_id=str(job.id))
            with suppress(AisleError, LeaseLost):
                await job.postpone(RETRY_S)
        finally:
            renewing.cancel()


async def _renew(job: ClaimedJob) -> None:
    while True:
        await asyncio.sleep(LEASE_S / 3)
        with suppress(AisleError, LeaseLost):
            await job.renew()


async def run_worker(runner: JobRunner, upkeep: Upkeep, redis_url: str) -> None:
    """Work until SIGTERM or SIGINT."""
    lower_priority()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    loops = (runner.sweep(), upkeep.run(), _listen(runner, redis_url))
    tasks = [asyncio.create_task(loop) for loop in loops]
    await stopping.wait()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await runner.stop()


def lower_priority() -> None:
    """Lower the process's share of the processors. Threads and processes started later inherit it. Embedded servers do
    not, because the thread that starts them exists already."""
    os.nice(max(0, NICENESS - os.getpriority(os.PRIO_PROCESS, 0)))
    if os.getsid(0) == os.getpid():  # Linux may weigh whole sessions against each other, and then looks at this only
        with suppress(OSError):
            AUTOGROUP.write_text(str(NICENESS))


async def _listen(runner: JobRunner, redis_url: str) -> None:
    """Run arq's worker for ever; it ends whenever Redis restarts."""

    async def run_job(_context: object, shop_id: str, job_id: str) -> None:
        runner.start(UUID(shop_id), UUID(job_id))

    while True:
        worker = Worker(
            functions=[func(cast(Any, run_job), name=RUN_JOB_FUNCTION, keep_result=0)],
            redis_settings=redis_settings(redis_url),
            queue_name=QUEUE,
            handle_signals=False,
            poll_delay=0.1,
            job_serializer=encode,
            job_deserializer=decode,
        )
        try:
            await worker.async_run()
        except asyncio.CancelledError:
            await worker.close()
            raise
        except Exception as reason:  # whatever it was, notifications must go on
            log.warning("job_listener_lost", reason=type(reason).__name__)
        await asyncio.sleep(ARQ_RESTART_S)
