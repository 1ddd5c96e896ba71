"""Background jobs: enqueued, claimed by a worker under a lease, finished or retried.

The `job` row is the record of a job and is written in the transaction that enqueues it. `outbox` lists by shop what is
due, and a sweeper reads it. Redis (arq) only notifies a worker sooner, so it may be emptied at any time.

A worker claims a job by writing its own lease into the row. Once the lease has passed to another worker the first one
can write nothing more, so a worker that was taken for dead does no harm when it comes back.
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
"""Kinds of jobs that somebody waits for: they never queue behind imports."""
MAX_WAITING_UPLOADS = 100
"""Uploaded files of one shop that no worker has read yet."""
MAX_ERRORS = 1_000
"""Row errors stored with a job. `result` has the count of all of them."""


class LeaseLost(Exception):
    """Another worker has taken the job over. The handler stops at once and writes nothing."""


class JobNotifier(Protocol):
    """Notifies a worker of a job. It may fail silently, because the sweeper finds the job anyway."""

    async def __call__(self, shop_id: UUID, job_id: UUID) -> None: ...


class JobView(Struct, frozen=True, kw_only=True):
    """The response of `GET /v1/jobs/{id}`."""

    id: UUID
    kind: str
    state: str
    done: int
    total: int | None
    errors: list[Any]
    result: dict[str, Any]


class ClaimedJob:
    """A job that this worker has the lease of. Every method that writes raises LeaseLost without it."""

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
        """Write the progress that merchants see, and renew the lease. Raises LeaseLost."""
        await self._write(
            "done = $4, total = $5, errors = $6::jsonb, result = $7::jsonb, "
            f"lease_until = now() + interval '{LEASE_S} seconds'",
            done,
            total,
            _json(errors[:MAX_ERRORS]),
            _json(result or {}),
        )

    async def renew(self) -> None:
        """Renew the lease without news. Raises LeaseLost."""
        await self._write(f"lease_until = now() + interval '{LEASE_S} seconds'")

    async def finish(self, state: str) -> None:
        """End the job in this state, `done` or `failed`, and remove it from the outbox."""
        async with self._database.connection(self.shop_id) as connection:
            await self._update(connection, "state = $4, ended_at = now(), lease = NULL", state)
            await connection.execute("DELETE FROM outbox WHERE shop_id = $1 AND job_id = $2", self.shop_id, self.id)

    async def release(self) -> None:
        """Queue the job again at once, without counting this attempt: its worker stops."""
        await self.defer(0)

    async def postpone(self, delay_s: float) -> None:
        """Queue the job again for `delay_s` seconds from now. This attempt counts towards MAX_ATTEMPTS."""
        await self._queue_again("state = 'queued', lease = NULL", delay_s)

    async def defer(self, delay_s: float) -> None:
        """Queue the job again for `delay_s` seconds from now, without counting this attempt: what it needs is away."""
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

    async def _write(self, assignments: str, *values: object) -> None:
        async with self._database.connection(self.shop_id) as connection:
            await self._update(connection, assignments, *values)

    async def _update(self, connection: Connection, assignments: str, *values: object) -> None:
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
    """Insert a job in the caller's transaction and return its id. The caller notifies a worker after the commit, unless
    the job is due later, at `due_at` (aware)."""
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
    """Insert a job unless the shop has the same one queued; None when it has. A running job does not count: it may
    have read the data before the caller changed it. A queued one is locked until the caller's transaction ends, so
    that it cannot begin before."""
    waiting = await connection.fetchval(
        "SELECT true FROM job WHERE shop_id = $1 AND kind = $2 AND payload = $3::jsonb AND state = 'queued' LIMIT 1 "
        "FOR SHARE SKIP LOCKED",
        shop_id,
        kind,
        _json(payload),
    )
    return None if waiting else await enqueue(connection, shop_id, kind, payload, due_at=due_at)


async def get_job(connection: Connection, shop_id: UUID, job_id: UUID) -> JobView:
    """Return a job of this shop. Raises NotFound."""
    row = await connection.fetchrow(
        "SELECT id, kind, state, done, total, errors, result FROM job WHERE shop_id = $1 AND id = $2",
        shop_id,
        job_id,
    )
    if row is None:
        raise NotFound
    fields = dict(row) | {name: msgspec.json.decode(row[name]) for name in ("errors", "result")}
    return JobView(**fields)


class DueJob(Struct, frozen=True):
    """A job whose time has come."""

    shop_id: UUID
    job_id: UUID


async def list_due_jobs(database: Database, limit: int) -> list[DueJob]:
    """Jobs of all shops whose time has come: urgent ones first, then the oldest of every shop."""
    rows = await database.fetch(
        "SELECT shop_id, job_id FROM (SELECT shop_id, job_id, urgent, due_at, row_number() OVER ("
        "PARTITION BY shop_id, urgent ORDER BY due_at) AS place FROM outbox WHERE due_at <= now()) AS due "
        "ORDER BY urgent DESC, place, due_at LIMIT $1",
        limit,
    )
    return [DueJob(row["shop_id"], row["job_id"]) for row in rows]


async def is_urgent(database: Database, shop_id: UUID, job_id: UUID) -> bool | None:
    """Whether the job is urgent; None when it has ended."""
    async with database.connection(shop_id) as connection:
        urgent: bool | None = await connection.fetchval(
            "SELECT urgent FROM outbox WHERE shop_id = $1 AND job_id = $2", shop_id, job_id
        )
    return urgent


async def claim(database: Database, shop_id: UUID, job_id: UUID) -> ClaimedJob | None:
    """Claim a job that is queued or whose lease has run out; None when another worker has it or it has ended."""
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


class JobService:
    """Enqueues jobs and shows their progress. Uploaded files go through the database, which every worker can read."""

    def __init__(self, database: Database, notify: JobNotifier) -> None:
        self._database, self._notify = database, notify

    async def enqueue(self, shop_id: UUID, kind: str, payload: dict[str, Any]) -> UUID:
        """Enqueue a job in a transaction of its own, notify a worker after the commit, and return the job's id."""
        async with self._database.connection(shop_id) as connection:
            job_id = await enqueue(connection, shop_id, kind, payload)
        await self._notify(shop_id, job_id)
        return job_id

    async def enqueue_file(self, shop_id: UUID, kind: str, name: str, data: bytes, payload: dict[str, Any]) -> UUID:
        """Enqueue a job with an uploaded file, which is stored until the job is done. Raises RateLimited when
        MAX_WAITING_UPLOADS files of the shop wait already."""
        async with self._database.connection(shop_id) as connection:
            if await count_uploads(connection, shop_id) >= MAX_WAITING_UPLOADS:
                raise RateLimited(
                    f"{MAX_WAITING_UPLOADS} files of this shop are still being imported; try again when they are done.",
                    retry_after_s=30,
                )
            upload_id = await save_upload(connection, shop_id, name, data)
            job_id = await enqueue(connection, shop_id, kind, payload | {"upload_id": str(upload_id), "name": name})
        await self._notify(shop_id, job_id)
        return job_id

    async def store_file(self, shop_id: UUID, name: str, data: bytes) -> UUID:
        """Store an uploaded file for which a job may be enqueued within a day, and return its id. Raises RateLimited as
        `enqueue_file` does."""
        async with self._database.connection(shop_id) as connection:
            await delete_unclaimed_uploads(connection, shop_id)
            if await count_uploads(connection, shop_id) >= MAX_WAITING_UPLOADS:
                raise RateLimited("Too many files of this shop wait; try again later.", retry_after_s=30)
            return await save_upload(connection, shop_id, name, data)

    async def get_file(self, shop_id: UUID, upload_id: UUID) -> "Upload":
        """Return a stored file. Raises NotFound, also once its job has read it."""
        async with self._database.connection(shop_id) as connection:
            return await get_upload(connection, shop_id, upload_id)

    async def enqueue_stored(self, shop_id: UUID, kind: str, upload_id: UUID, payload: dict[str, Any]) -> UUID:
        """Enqueue a job with a stored file, once: the same file again gives the same job. Raises NotFound."""
        async with self._database.connection(shop_id) as connection:
            upload = await get_upload(connection, shop_id, upload_id)
            job_id = await find_job_of_upload(connection, shop_id, upload_id)
            if job_id is None:
                about = {"upload_id": str(upload_id), "name": upload.name}
                job_id = await enqueue(connection, shop_id, kind, payload | about)
        await self._notify(shop_id, job_id)
        return job_id

    async def get(self, shop_id: UUID, job_id: UUID) -> JobView:
        """Return a job and its progress. Raises NotFound."""
        async with self._database.connection(shop_id) as connection:
            return await get_job(connection, shop_id, job_id)


class Upload(Struct, frozen=True):
    """An uploaded file."""

    name: str
    data: bytes


async def count_uploads(connection: Connection, shop_id: UUID) -> int:
    """The number of uploaded files that wait for their job."""
    count: int = await connection.fetchval("SELECT count(*) FROM upload WHERE shop_id = $1", shop_id)
    return count


async def save_upload(connection: Connection, shop_id: UUID, name: str, data: bytes) -> UUID:
    """Store an uploaded file until its job has read it, and return its id."""
    upload_id = new_id()
    await connection.execute(
        "INSERT INTO upload (shop_id, id, name, data) VALUES ($1, $2, $3, $4)", shop_id, upload_id, name, data
    )
    return upload_id


async def get_upload(connection: Connection, shop_id: UUID, upload_id: UUID) -> Upload:
    """An uploaded file, locked until the transaction ends. Raises NotFound."""
    row = await connection.fetchrow(
        "SELECT name, data FROM upload WHERE shop_id = $1 AND id = $2 FOR UPDATE", shop_id, upload_id
    )
    if row is None:
        raise NotFound
    return Upload(row["name"], row["data"])


async def find_job_of_upload(connection: Connection, shop_id: UUID, upload_id: UUID) -> UUID | None:
    """The job that reads, or will read, an uploaded file."""
    job_id: UUID | None = await connection.fetchval(
        "SELECT id FROM job WHERE shop_id = $1 AND payload ->> 'upload_id' = $2", shop_id, str(upload_id)
    )
    return job_id


async def delete_unclaimed_uploads(connection: Connection, shop_id: UUID) -> None:
    """Delete files that were stored a day ago and that no job will read."""
    await connection.execute(
        "DELETE FROM upload WHERE shop_id = $1 AND created_at < now() - interval '1 day' AND NOT EXISTS ("
        "SELECT FROM job WHERE job.shop_id = $1 AND job.payload ->> 'upload_id' = upload.id::text "
        "AND state IN ('queued', 'running'))",
        shop_id,
    )


async def find_upload(database: Database, job: ClaimedJob) -> Upload | None:
    """The uploaded file of a job; None when an earlier attempt has deleted it."""
    async with database.connection(job.shop_id) as connection:
        row = await connection.fetchrow(
            "SELECT name, data FROM upload WHERE shop_id = $1 AND id = $2", job.shop_id, UUID(job.payload["upload_id"])
        )
    return Upload(row["name"], row["data"]) if row else None


async def delete_upload(database: Database, job: ClaimedJob) -> None:
    """Delete the uploaded file of a job that has read it."""
    async with database.connection(job.shop_id) as connection:
        await connection.execute(
            "DELETE FROM upload WHERE shop_id = $1 AND id = $2", job.shop_id, UUID(job.payload["upload_id"])
        )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
