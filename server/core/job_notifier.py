"""Waking a worker through arq. The job's row is the truth; when Redis is away the worker's sweep finds it anyway."""

import asyncio
from contextlib import suppress
from typing import Any
from uuid import UUID

import msgspec
from arq import create_pool
from arq.connections import ArqRedis, RedisSettings
from redis.exceptions import RedisError

QUEUE = "aisle:jobs"
WAKE_FUNCTION = "wake"
PATIENCE_S = 1.0


def redis_settings(url: str) -> RedisSettings:
    """arq's own settings for one address, with short time-outs: a wake-up is never worth waiting for."""
    settings = RedisSettings.from_dsn(url)
    settings.conn_timeout, settings.conn_retries = 2, 1
    return settings


def pack(value: Any) -> bytes:
    """arq's payloads as msgpack instead of pickle; exceptions as their text."""
    return msgspec.msgpack.encode(value, enc_hook=str)


def unpack(data: bytes) -> Any:
    """The reverse of `pack`."""
    return msgspec.msgpack.decode(data)


class ArqNotifier:
    """Implements `jobs.Wake`."""

    def __init__(self, redis_url: str) -> None:
        self._settings = redis_settings(redis_url)
        self._pool: ArqRedis | None = None

    async def __call__(self, shop_id: UUID, job_id: UUID) -> None:
        """Tell a worker; silence when Redis is away or does not answer."""
        with suppress(RedisError, OSError, TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                if self._pool is None:
                    self._pool = await create_pool(
                        self._settings, default_queue_name=QUEUE, job_serializer=pack, job_deserializer=unpack
                    )
                await self._pool.enqueue_job(WAKE_FUNCTION, str(shop_id), str(job_id))

    async def close(self) -> None:
        """Give the connections back."""
        if self._pool is not None:
            await self._pool.aclose()
