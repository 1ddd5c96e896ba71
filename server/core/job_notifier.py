"""Notifies workers of new jobs through arq. When Redis is away the worker's sweep finds the job in the database."""

import asyncio
from contextlib import suppress
from typing import Any
from uuid import UUID

import msgspec
from arq import create_pool
from arq.connections import ArqRedis, RedisSettings
from redis.exceptions import RedisError

QUEUE = "aisle:jobs"
RUN_JOB_FUNCTION = "wake"
"""The name in arq's queue, which processes of other releases use as well."""
TIMEOUT_S = 1.0


def redis_settings(url: str) -> RedisSettings:
    """arq's settings for one address, with short time-outs: a notification is never worth waiting for."""
    settings = RedisSettings.from_dsn(url)
    settings.conn_timeout, settings.conn_retries = 2, 1
    return settings


def encode(value: object) -> bytes:
    """Encode a payload of arq as msgpack instead of pickle, exceptions as their text."""
    return msgspec.msgpack.encode(value, enc_hook=str)


def decode(data: bytes) -> Any:
    """Decode what `encode` has written."""
    return msgspec.msgpack.decode(data)


class ArqNotifier:
    """Notifies workers through arq; implements `jobs.JobNotifier`."""

    def __init__(self, redis_url: str) -> None:
        self._settings = redis_settings(redis_url)
        self._pool: ArqRedis | None = None

    async def __call__(self, shop_id: UUID, job_id: UUID) -> None:
        """Notify a worker; does nothing when Redis is away or does not answer within TIMEOUT_S."""
        with suppress(RedisError, OSError, TimeoutError):
            async with asyncio.timeout(TIMEOUT_S):
                if self._pool is None:
                    self._pool = await create_pool(
                        self._settings, default_queue_name=QUEUE, job_serializer=encode, job_deserializer=decode
                    )
                await self._pool.enqueue_job(RUN_JOB_FUNCTION, str(shop_id), str(job_id))

    async def close(self) -> None:
        """Close the connections."""
        if self._pool is not None:
            await self._pool.aclose()
