"""Which jobs run beside which: none waits for another shop's imports, and urgent ones wait for nobody's."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from server.core.crypto import Vault, app_role_password
from server.core.database import Database, url_for_role
from server.core.errors import DatabaseFull, RateLimited
from server.core.jobs import MAX_ATTEMPTS, MAX_WAITING_UPLOADS, ClaimedJob, JobService, enqueue, list_due_jobs
from server.shops.service import ShopService
from server.worker import CONCURRENT_JOBS, NICENESS, JobRunner
from tests.faults.conftest import child_of
from tests.installation import Installation

PATIENCE_S = 20.0


async def nobody(_shop_id: UUID, _job_id: UUID) -> None:
    """No worker is woken: the test runs the jobs itself."""


class Import:
    """A job that lasts until it is let go; counts how many run at once in each shop."""

    def __init__(self) -> None:
        self.running: Counter[UUID] = Counter()
        self.most_at_once: Counter[UUID] = Counter()
        self.begun = asyncio.Semaphore(0)
        self.may_end = asyncio.Event()

    async def __call__(self, job: ClaimedJob) -> None:
        self.running[job.shop_id] += 1
        self.most_at_once[job.shop_id] = max(self.most_at_once[job.shop_id], self.running[job.shop_id])
        self.begun.release()
        await self.may_end.wait()
        self.running[job.shop_id] -= 1
        await job.finish("done")


class Mail:
    """A job somebody waits for."""

    def __init__(self) -> None:
        self.sent = asyncio.Event()

    async def __call__(self, job: ClaimedJob) -> None:
        await job.finish("done")
        self.sent.set()


@pytest.fixture
async def database(installation: Installation) -> AsyncIterator[Database]:
    secret = (installation.data_dir / "secret.key").read_text().strip()
    database = Database(url_for_role(installation.owner_url, "aisle_app", app_role_password(secret)), pool_size=4)
    await database.open()
    yield database
    await database.close()


async def new_shop(database: Database, name: str) -> UUID:
    return (await ShopService(database, Vault(("k" * 40,))).create(name, ())).shop_id


async def test_no_shop_keeps_another_waiting(database: Database) -> None:
    # written as rows that are not due, so that the installation's own worker leaves them to this one
    busy, quiet = await new_shop(database, "Busy"), await new_shop(database, "Quiet")
    importing, mail = Import(), Mail()
    runner = JobRunner(database, {"test.import": importing, "orders.send_code": mail})
    for shop_id, kind, count in (
        (busy, "test.import", CONCURRENT_JOBS + 2),
        (quiet, "test.import", 1),
        (busy, "orders.send_code", 1),
    ):
        for _ in range(count):
            runner.start(shop_id, await _not_yet_due(database, shop_id, kind))
    async with asyncio.timeout(PATIENCE_S):
        await mail.sent.wait()
        await importing.begun.acquire()
        await importing.begun.acquire()
        assert importing.running == {busy: 1, quiet: 1}
        importing.may_end.set()
        for _ in range(CONCURRENT_JOBS + 1):
            await importing.begun.acquire()
    assert importing.most_at_once == {busy: 1, quiet: 1}
    await runner.stop()


async def test_urgent_work_and_every_shop_come_first(database: Database) -> None:
    busy, quiet = await new_shop(database, "Busy"), await new_shop(database, "Quiet")
    imports = [await _in_the_past(database, busy, "test.import") for _ in range(5)]
    urgent = await _in_the_past(database, busy, "orders.send_code")
    lone = await _in_the_past(database, quiet, "test.import")
    due = [(job.shop_id, job.job_id) for job in await list_due_jobs(database, limit=10_000)]
    ours = [pair for pair in due if pair[0] in (busy, quiet)]
    assert ours[0] == (busy, urgent)
    assert set(ours[1:3]) == {(busy, imports[0]), (quiet, lone)}


async def test_waiting_uploads_are_counted(database: Database) -> None:
    shop_id = await new_shop(database, "Uploads")
    async with database.connection(shop_id) as connection:
        await connection.executemany(
            "INSERT INTO upload (shop_id, id, name, data) VALUES ($1, gen_random_uuid(), 'f', ''::bytea)",
            [(shop_id,)] * MAX_WAITING_UPLOADS,
        )
    with pytest.raises(RateLimited):
        await JobService(database, nobody).enqueue_file(shop_id, "knowledge.import", "a.md", b"a", {})


async def _not_yet_due(database: Database, shop_id: UUID, kind: str) -> UUID:
    return await _with_due(database, shop_id, kind, "now() + interval '1 day'")


async def _in_the_past(database: Database, shop_id: UUID, kind: str) -> UUID:
    """Due, and taken by nobody: its job has ended."""
    return await _with_due(database, shop_id, kind, "now() - interval '1 day'", claimable=False)


async def _with_due(database: Database, shop_id: UUID, kind: str, due: str, *, claimable: bool = True) -> UUID:
    async with database.connection(shop_id) as connection:
        job_id = await enqueue(connection, shop_id, kind, {})
        await connection.execute(
            f"UPDATE outbox SET due_at = {due} WHERE shop_id = $1 AND job_id = $2", shop_id, job_id
        )
        if not claimable:
            await connection.execute("UPDATE job SET state = 'done' WHERE shop_id = $1 AND id = $2", shop_id, job_id)
    return job_id


def test_the_worker_gives_way_to_the_api(installation: Installation) -> None:
    worker, api = (child_of(installation.process_id, "server.cli", name) for name in ("worker", "serve"))
    assert (os.getpriority(os.PRIO_PROCESS, worker), os.getpriority(os.PRIO_PROCESS, api)) == (NICENESS, 0)


async def test_a_job_that_the_database_sends_away_is_not_given_up(database: Database) -> None:
    shop_id = await new_shop(database, "Away")
    seen: list[int] = []
    done = asyncio.Event()

    async def handler(job: ClaimedJob) -> None:
        seen.append(len(seen))
        if len(seen) <= MAX_ATTEMPTS + 2:
            raise DatabaseFull
        await job.finish("done")
        done.set()

    job_id = await _not_yet_due(database, shop_id, "test.away")
    runner = JobRunner(database, {"test.away": handler})
    async with asyncio.timeout(PATIENCE_S):
        while not done.is_set():
            runner.start(shop_id, job_id)
            await asyncio.sleep(0)
    assert len(seen) == MAX_ATTEMPTS + 3
    async with database.connection(shop_id) as connection:
        row = await connection.fetchrow(
            "SELECT state, attempts FROM job WHERE shop_id = $1 AND id = $2", shop_id, job_id
        )
    assert (row["state"], row["attempts"]) == ("done", 1)
