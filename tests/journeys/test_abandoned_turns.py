"""Turns whose process is gone: the worker ends each by itself, also beside ones that cannot be saved."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import redis.asyncio

from server.embedded import EmbeddedServers
from tests.installation import Installation
from tests.waiting import await_that_async

ENDED_WITHIN_S = 60
TRIES = 3


@asynccontextmanager
async def unendable(connection: Any, turn_id: uuid.UUID) -> AsyncIterator[None]:
    """A turn whose row refuses to be ended."""
    name = f"unendable_{turn_id.hex}"
    check = f"CHECK (id <> '{turn_id}' OR state = 'running') NOT VALID"
    await connection.execute(f"ALTER TABLE turn ADD CONSTRAINT {name} {check}")
    try:
        yield
    finally:
        await connection.execute(f"ALTER TABLE turn DROP CONSTRAINT {name}")


async def abandon_turn(connection: Any, shop_id: uuid.UUID, turn_id: uuid.UUID) -> uuid.UUID:
    """A question whose answer nobody is writing any more; its conversation."""
    conversation_id = uuid.uuid4()
    async with connection.transaction():
        await connection.execute(
            "INSERT INTO conversation (shop_id, id, shopper_id, preview, last_seq) VALUES ($1, $2, $3, 'lost', 2)",
            shop_id,
            conversation_id,
            uuid.uuid4(),
        )
        await connection.execute(
            "INSERT INTO message (shop_id, conversation_id, id, seq, author, turn_id, parts) "
            "VALUES ($1, $2, 'q1', 1, 'shopper', $3, '[]')",
            shop_id,
            conversation_id,
            turn_id,
        )
        await connection.execute(
            "INSERT INTO turn (shop_id, id, conversation_id, question_id, answer_id, lease_until) "
            "VALUES ($1, $2, $3, 'q1', 'a1', now() - interval '1 second')",
            shop_id,
            turn_id,
            conversation_id,
        )
    return conversation_id


async def await_end(connection: Any, turn_id: uuid.UUID) -> None:
    async def is_ended() -> bool:
        return bool(await connection.fetchval("SELECT state = 'interrupted' FROM turn WHERE id = $1", turn_id))

    await await_that_async(is_ended, "the end of the lost turn", within_s=ENDED_WITHIN_S)


def logged(installation: Installation, turn_id: uuid.UUID) -> list[str]:
    """The events that name this turn."""
    lines = (installation.data_dir / "demo.log").read_text().splitlines()
    return [line for line in lines if str(turn_id) in line and "abandoned_turn_not_saved" in line]


async def test_a_turn_that_cannot_be_saved_keeps_nobody_waiting(installation: Installation) -> None:
    shop_id = uuid.UUID(installation.create_shop("Lost", "https://lost.example").shop_id)
    stuck, garbled, well = (uuid.uuid4() for _ in range(3))
    connection = await asyncpg.connect(installation.owner_url)
    with EmbeddedServers(installation.data_dir) as servers:
        client = redis.asyncio.Redis.from_url(servers.redis_url)
    try:
        async with unendable(connection, stuck):
            await abandon_turn(connection, shop_id, stuck)
            garbled_in = await abandon_turn_with_frames(
                connection, client, shop_id, garbled, b'id: x-0\ndata: {"ty\n\n'
            )
            await abandon_turn(connection, shop_id, well)
            await await_end(connection, well)
            await await_end(connection, garbled)
            for _ in range(TRIES + 1):  # each is ended by a round of its own
                later = uuid.uuid4()
                await abandon_turn(connection, shop_id, later)
                await await_end(connection, later)
            assert await connection.fetchval("SELECT state FROM turn WHERE id = $1", stuck) == "running"
            assert (
                await connection.fetchval("SELECT count(*) FROM message WHERE conversation_id = $1", garbled_in) == 1
            ), "what cannot be read is no answer"
        assert len(logged(installation, stuck)) == 1
        assert len(logged(installation, garbled)) == 1
        assert logged(installation, well) == []
    finally:
        await client.aclose()
        await connection.close()


async def abandon_turn_with_frames(
    connection: Any, client: Any, shop_id: uuid.UUID, turn_id: uuid.UUID, frames: bytes
) -> uuid.UUID:
    """An abandoned turn of which these frames are stored in Redis."""
    async with connection.transaction():
        conversation_id = await abandon_turn(connection, shop_id, turn_id)
        entry = {"t": turn_id.bytes, "n": 0, "f": frames, "e": 0}
        await client.xadd(f"turn:{{{shop_id}}}:{conversation_id}", entry)
    return conversation_id
