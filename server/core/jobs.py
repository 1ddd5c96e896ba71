"""Work to do later. The `job` row is the truth and is written in the transaction that asks for it; `outbox` tells a
sweeper which shop has work due; Redis (arq) only wakes a worker sooner. Redis may be emptied at any time.

A worker claims a job by writing its own lease into the row; whoever has lost the lease can write nothing more, so a
worker that was thought dead cannot do harm when it comes back.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import msgspec
from msgspec import Struct

from server.core.database import Connection, Database
from server.core.errors import NotFound, RateLimited
from server.core.ids import new_id

LEASE_S = 20
"""A worker renews its lease while it works; after this long without renewal another may take the job."""
MAX_ATTEMPTS = 5
URGENT_KINDS = frozenset({"orders.send_code", "stores.changes"})
"""Somebody is waiting for these now; they never queue behind imports."""
MAX_WAITING_UPLOADS = 100
"""Per shop: uploaded files that no worker has read yet."""
MAX_ERRORS = 1_000
"""Row errors kept on a job; the count goes on in `result`."""


class LeaseLost(Exception):
    """Another worker has taken the job over; stop at once, write nothing."""


class Wake(Protocol):
    """Tells a worker that there is work. May fail silently: the sweeper finds the work anyway."""

    async def __call__(self, shop_id: UUID, job_id: UUID) -> None: ...


class JobView(Struct, frozen=True, kw_only=True):
    """What `GET /v1/jobs/{id}` answers."""

    id: UUID
    kind: str
    state: str
    done: int
    total: int | None
    errors: list[Any]
    result: dict[str, Any]


class ClaimedJob:
    """A job this worker holds. `save_progress` renews the lease, or raises LeaseLost."""

    def __init__(
        self,
        database: Database,
        shop_id: UUID,
        job_id: UUID,
        kind: str,
        payload: dict[str, Any],
        lease: UUID,
        attempts: int = 1,
    ) -> None:
        self.shop_id, self.id, self.kind, self.payload = shop_id, job_id, kind, payload
        self.is_last_attempt = attempts >= MAX_ATTEMPTS
        self._database, self._lease = database, lease

    async def save_progress(
        self, done: int, total: int | None, errors: list[Any], result: dict[str, Any] | None = None
    ) -> None:
        """Write what a merchant watching the job sees."""
        await self._write(
            "done = $4, total = $5, errors = $6::jsonb, result = $7::jsonb, "
            f"lease_until = now() + interval '{LEASE_S} seconds'",
            done,
            total,
            _json(errors[:MAX_ERRORS]),
            _json(result or {}),
        )

    async def renew(self) -> None:
        """Keep the job without news. Raises LeaseLost."""
        await self._write(f"lease_until = now() + interval '{LEASE_S} seconds'")

    async def finish(self, state: str) -> None:
        """End the job as done or failed and take it off the outbox."""
        async with self._database.connection(self.shop_id) as connection:
            await self._update(connection, "state = $4, ended_at = now(), lease = NULL", state)
            await connection.execute("DELETE FROM outbox WHERE shop_id = $1 AND job_id = $2", self.shop_id, self.id)

    async def give_back(self) -> None:
        """Give the job back at once and unblamed: its worker stops."""
        await self.wait(0)

    async def postpone(self, delay_s: float) -> None:
        """Give the job back to be tried again in `delay_s` seconds; one of its MAX_ATTEMPTS is used up."""
        await self._queue_again("state = 'queued', lease = NULL", delay_s)

    async def wait(self, delay_s: float) -> None:
        """Give the job back, unblamed, to be tried again in `delay_s` seconds: what it needs is away for a while."""
        await self._queue_again("state = 'queued', lease = NULL, attempts = attempts - 1", delay_s)

    async def _queue_again(self, assignments: str, delay_s: float) -> None:
        async with self._database.connection(self.shop_id) as connection:
            await self._update(connection, assignments)
            await connection.execute(
                "UPDATE outbox SET due_at = now() + make_interval(secs => $3) WHERE shop_id = $1 AND job_id = $2",
                self.shop_id,
                self.id,
                delay_s,
            )

    async def _write(self, assignments: str, *values: Any) -> None:
        async with self._database.connection(self.shop_id) as connection:
            await self._update(connection, assignments, *values)

    async def _update(self, connection: Connection, assignments: str, *values: Any) -> None:
        status = await connection.execute(
            f"UPDATE job SET {assignments} WHERE shop_id = $1 AND id = $2 AND lease = $3",
            self.shop_id,
            self.id,
            self._lease,
            *values,
        )
        if not status.endswith(" 1"):
            raise LeaseLost(str(self.id))


Handler = Callable[[ClaimedJob], Awaitable[None]]


async def enqueue(
    connection: Connection, shop_id: UUID, kind: str, payload: dict[str, Any], *, due_at: datetime | None = None
) -> UUID:
    """Ask for work inside the caller's `fast` transaction; wake a worker after the commit, unless it is due at a
    later time (aware)."""
    job_id = new_id()
    await connection.execute(
        "INSERT INTO job (shop_id, id, kind, payload) VALUES ($1, $2, $3, $4::jsonb)",
        shop_id,
        job_id,
        kind,
        _json(payload),
    )
    await connection.execute(
        "INSERT INTO outbox (shop_id, job_id, urgent, due_at) VALUES ($1, $2, $3, coalesce($4, now()))",
        shop_id,
        job_id,
        kind in URGENT_KINDS,
        due_at,
    )
    return job_id


async def enqueue_once(
    connection: Connection, shop_id: UUID, kind: str, payload: dict[str, Any], *, due_at: datetime | None = None
) -> UUID | None:
    """Like `enqueue`, unless such a job of the shop is waiting already. One that runs does not count: it may have
    looked before the caller wrote what there is to do. So one that waits is kept from beginning until the caller's
    transaction has ended."""
    waiting = await connection.fetchval(
        "SELECT true FROM job WHERE shop_id = $1 AND kind = $2 AND payload = $3::jsonb AND state = 'queued' LIMIT 1 "
        "FOR SHARE SKIP LOCKED",
        shop_id,
        kind,
        _json(payload),
    )
    return None if waiting else await enqueue(connection, shop_id, kind, payload, due_at=due_at)


async def get_job(connection: Connection, shop_id: UUID, job_id: UUID) -> JobView:
    """One job of one shop. Raises NotFound."""
    row = await connection.fetchrow(
        "SELECT id, kind, state, done, total, errors, result FROM job WHERE shop_id = $1 AND id = $2",
        shop_id,
        job_id,
    )
    if row is None:
        raise NotFound
    fields = dict(row) | {name: msgspec.json.decode(row[name]) for name in ("errors", "result")}
    return JobView(**fields)


async def is_urgent(database: Database, shop_id: UUID, job_id: UUID) -> bool | None:
    """Whether somebody waits for this job now; None when it has ended."""
    async with database.connection(shop_id) as connection:
        urgent: bool | None = await connection.fetchval(
            "SELECT urgent FROM outbox WHERE shop_id = $1 AND job_id = $2", shop_id, job_id
        )
    return urgent


async def claim(database: Database, shop_id: UUID, job_id: UUID) -> ClaimedJob | None:
    """Take a job that is queued, or whose worker is gone; None when somebody else has it or it has ended."""
    lease = new_id()
    async with database.connection(shop_id) as connection:
        row = await connection.fetchrow(
            "UPDATE job SET state = 'running', lease = $3, attempts = attempts + 1, "
            f"lease_until = now() + interval '{LEASE_S} seconds' "
            "WHERE shop_id = $1 AND id = $2 AND (state = 'queued' OR state = 'running' AND lease_until < now()) "
            "RETURNING kind, payload, attempts",
            shop_id,
            job_id,
            lease,
        )
        if row is None:
            return None
        # the sweeper looks again when this lease would have run out
        await connection.execute(
            f"UPDATE outbox SET due_at = now() + interval '{LEASE_S + 5} seconds' WHERE shop_id = $1 AND job_id = $2",
            shop_id,
            job_id,
        )
    job = ClaimedJob(
        database, shop_id, job_id, row["kind"], msgspec.json.decode(row["payload"]), lease, row["attempts"]
    )
    if row["attempts"] > MAX_ATTEMPTS:
        await job.finish("failed")
        return None
    return job


class JobDesk:
    """Asks for work and shows how it goes; uploaded files travel in the database, not on one machine's disk."""

    def __init__(self, database: Database, wake: Wake) -> None:
        self._database, self._wake = database, wake

    async def enqueue(self, shop_id: UUID, kind: str, payload: dict[str, Any]) -> UUID:
        """A job in a transaction of its own; a worker is woken after the commit."""
        async with self._database.connection(shop_id) as connection:
            job_id = await enqueue(connection, shop_id, kind, payload)
        await self._wake(shop_id, job_id)
        return job_id

    async def enqueue_file(self, shop_id: UUID, kind: str, name: str, data: bytes, payload: dict[str, Any]) -> UUID:
        """A job that reads an uploaded file, kept until the job is done. Raises RateLimited when many wait already."""
        async with self._database.connection(shop_id) as connection:
            if await count_uploads(connection, shop_id) >= MAX_WAITING_UPLOADS:
                raise RateLimited(
                    f"{MAX_WAITING_UPLOADS} files of this shop are still being imported; try again when they are done.",
                    retry_after_s=30,
                )
            upload_id = await save_upload(connection, shop_id, name, data)
            job_id = await enqueue(connection, shop_id, kind, payload | {"upload_id": str(upload_id)})
        await self._wake(shop_id, job_id)
        return job_id

    async def get(self, shop_id: UUID, job_id: UUID) -> JobView:
        """How a job goes. Raises NotFound."""
        async with self._database.connection(shop_id) as connection:
            return await get_job(connection, shop_id, job_id)


class Upload(Struct, frozen=True):
    """A file somebody sent."""

    name: str
    data: bytes


async def count_uploads(connection: Connection, shop_id: UUID) -> int:
    """How many uploaded files wait for their job."""
    count: int = await connection.fetchval("SELECT count(*) FROM upload WHERE shop_id = $1", shop_id)
    return count


async def save_upload(connection: Connection, shop_id: UUID, name: str, data: bytes) -> UUID:
    """Keep an uploaded file until its job has read it."""
    upload_id = new_id()
    await connection.execute(
        "INSERT INTO upload (shop_id, id, name, data) VALUES ($1, $2, $3, $4)", shop_id, upload_id, name, data
    )
    return upload_id


async def take_upload(database: Database, job: ClaimedJob) -> Upload | None:
    """The file a job was made for; None when an earlier run has finished with it."""
    async with database.connection(job.shop_id) as connection:
        row = await connection.fetchrow(
            "SELECT name, data FROM upload WHERE shop_id = $1 AND id = $2", job.shop_id, UUID(job.payload["upload_id"])
        )
    return Upload(row["name"], row["data"]) if row else None


async def drop_upload(database: Database, job: ClaimedJob) -> None:
    """The job has read its file."""
    async with database.connection(job.shop_id) as connection:
        await connection.execute(
            "DELETE FROM upload WHERE shop_id = $1 AND id = $2", job.shop_id, UUID(job.payload["upload_id"])
        )


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
