"""Queries of attempts to connect a store, each from its way to the consent page until it comes back."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, delete, func
from sqlmodel.ext.asyncio.session import AsyncSession

from server.core.database import Database
from server.stores.models import ConnectAttempt
from server.stores.tables import ConnectAttemptRow


async def create_attempt(
    session: AsyncSession,
    shop_id: UUID,
    *,
    state_hash: bytes,
    platform: str,
    store: str,
    actor: str,
    lifetime: timedelta,
) -> None:
    """Insert an attempt that expires after `lifetime`, and delete the shop's expired ones."""
    row = ConnectAttemptRow
    await session.exec(delete(row).where(col(row.shop_id) == shop_id, col(row.expires_at) < func.now()))
    query = insert(row).values(
        shop_id=shop_id,
        state_hash=state_hash,
        platform=platform,
        store=store,
        actor=actor,
        expires_at=func.now() + lifetime,
    )
    await session.exec(query)


async def consume_attempt(session: AsyncSession, shop_id: UUID, state_hash: bytes) -> ConnectAttempt | None:
    """Delete an attempt and return it; None where it has expired or was taken before."""
    row = ConnectAttemptRow
    query = (
        delete(row)
        .where(col(row.shop_id) == shop_id, col(row.state_hash) == state_hash, col(row.expires_at) >= func.now())
        .returning(col(row.platform), col(row.store), col(row.actor))
    )
    found = (await session.execute(query)).first()
    return ConnectAttempt(shop_id, *found) if found else None


async def find_shop_of_attempt(database: Database, state_hash: bytes) -> UUID | None:
    """The shop that began to connect a store with this state."""
    rows = await database.fetch("SELECT shop_of_attempt($1) AS shop_id", state_hash)
    found: UUID | None = rows[0]["shop_id"]
    return found
