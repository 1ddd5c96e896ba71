"""SQL of tenants: shops, keys, origins, members. Each statement is of one shop, or of a directory."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import and_, col, delete, func, or_, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from server.core.errors import NotFound
from server.shops.models import (
    ApiKey,
    AuditEntry,
    IdempotencyKey,
    KeyDirectory,
    Member,
    Merchant,
    OriginDirectory,
    Shop,
    ShopOrigin,
)


async def get_shop(session: AsyncSession, shop_id: UUID, *, for_change: bool = False) -> Shop:
    """The shop's row; `for_change` keeps others from changing it until the transaction ends. Raises NotFound."""
    query = select(Shop).where(Shop.id == shop_id)
    shop = (await session.exec(query.with_for_update() if for_change else query)).first()
    if shop is None:
        raise NotFound
    return shop


async def update_shop(session: AsyncSession, shop_id: UUID, values: dict[str, Any]) -> None:
    """Change columns of the shop's row."""
    await session.exec(update(Shop).where(col(Shop.id) == shop_id).values(**values))


async def list_origins(session: AsyncSession, shop_id: UUID) -> tuple[str, ...]:
    """The shop's origins in alphabetical order."""
    query = select(ShopOrigin.origin).where(ShopOrigin.shop_id == shop_id).order_by(ShopOrigin.origin)
    return tuple((await session.exec(query)).all())


async def replace_origins(session: AsyncSession, shop_id: UUID, origins: tuple[str, ...]) -> None:
    """Set the shop's origins, in its own list and in the directory."""
    for table in (ShopOrigin, OriginDirectory):
        await session.exec(delete(table).where(col(table.shop_id) == shop_id))
        session.add_all([table(shop_id=shop_id, origin=origin) for origin in origins])
        await session.flush()


async def add_key(session: AsyncSession, shop_id: UUID, key: ApiKey, key_hash: bytes) -> None:
    """Store a key's face and its way to the shop."""
    session.add(key)
    session.add(KeyDirectory(key_hash=key_hash, kind=key.kind, shop_id=shop_id, key_id=key.id))
    await session.flush()


async def list_keys(session: AsyncSession, shop_id: UUID) -> list[ApiKey]:
    """Live keys, oldest first."""
    query = select(ApiKey).where(ApiKey.shop_id == shop_id, col(ApiKey.revoked_at).is_(None)).order_by(col(ApiKey.id))
    return list((await session.exec(query)).all())


async def find_shops_key(session: AsyncSession, shop_id: UUID, key_id: UUID) -> ApiKey:
    """A live key by its id. Raises NotFound."""
    query = select(ApiKey).where(ApiKey.shop_id == shop_id, ApiKey.id == key_id, col(ApiKey.revoked_at).is_(None))
    key = (await session.exec(query)).first()
    if key is None:
        raise NotFound
    return key


async def revoke_key(session: AsyncSession, shop_id: UUID, key_id: UUID, now: Any) -> None:
    """End a key at once. Raises NotFound."""
    query = (
        update(ApiKey)
        .where(col(ApiKey.shop_id) == shop_id, col(ApiKey.id) == key_id, col(ApiKey.revoked_at).is_(None))
        .values(revoked_at=now)
    )
    if (await session.exec(query)).rowcount == 0:
        raise NotFound
    await session.exec(
        delete(KeyDirectory).where(col(KeyDirectory.shop_id) == shop_id, col(KeyDirectory.key_id) == key_id)
    )


async def add_audit_entry(session: AsyncSession, shop_id: UUID, actor: str, action: str, details: Any) -> None:
    """Write down who changed what."""
    session.add(AuditEntry(shop_id=shop_id, actor=actor, action=action, details=details))


async def get_member(session: AsyncSession, shop_id: UUID, merchant_id: UUID) -> Member:
    """A merchant's place in this shop. Raises NotFound."""
    query = select(Member).where(Member.shop_id == shop_id, Member.merchant_id == merchant_id)
    member = (await session.exec(query)).first()
    if member is None:
        raise NotFound
    return member


async def is_member(session: AsyncSession, shop_id: UUID, merchant_id: UUID) -> bool:
    """Whether a merchant belongs to this shop."""
    query = select(Member.merchant_id).where(Member.shop_id == shop_id, Member.merchant_id == merchant_id)
    return (await session.exec(query)).first() is not None


async def list_members(session: AsyncSession, shop_id: UUID) -> list[tuple[Member, Merchant]]:
    """The shop's members and their accounts, first joined first."""
    query = (
        select(Member, Merchant)
        .join(Merchant, col(Merchant.id) == Member.merchant_id)
        .where(Member.shop_id == shop_id)
        .order_by(col(Member.created_at), col(Member.merchant_id))
    )
    return list((await session.exec(query)).all())


async def claim_idempotency_key(
    session: AsyncSession, shop_id: UUID, route: str, key: str, request_hash: bytes
) -> bool:
    """Be the first with a key: True for one request only. Keys of a day ago, and claims that never ended, are gone."""
    is_old = or_(
        col(IdempotencyKey.created_at) < func.now() - timedelta(days=1),
        and_(col(IdempotencyKey.body).is_(None), col(IdempotencyKey.created_at) < func.now() - timedelta(minutes=5)),
    )
    await session.exec(
        delete(IdempotencyKey).where(col(IdempotencyKey.shop_id) == shop_id, col(IdempotencyKey.key) == key, is_old)
    )
    query = (
        insert(IdempotencyKey)
        .values(shop_id=shop_id, route=route, key=key, request_hash=request_hash)
        .on_conflict_do_nothing()
    )
    return bool((await session.exec(query)).rowcount)


async def settle_idempotency_key(
    session: AsyncSession, shop_id: UUID, route: str, key: str, status: int | None, body: bytes | None
) -> None:
    """Keep the sealed answer; without one, let go of the key so that the write may be tried again."""
    where = (
        col(IdempotencyKey.shop_id) == shop_id,
        col(IdempotencyKey.route) == route,
        col(IdempotencyKey.key) == key,
    )
    if body is None:
        await session.exec(delete(IdempotencyKey).where(*where))
    else:
        await session.exec(update(IdempotencyKey).where(*where).values(status=status, body=body))


async def find_idempotency_key(session: AsyncSession, shop_id: UUID, route: str, key: str) -> IdempotencyKey | None:
    """What is known of a key."""
    query = select(IdempotencyKey).where(
        IdempotencyKey.shop_id == shop_id, IdempotencyKey.route == route, IdempotencyKey.key == key
    )
    return (await session.exec(query)).first()


# directories: asked before any shop is known


async def find_key(session: AsyncSession, key_hash: bytes) -> KeyDirectory | None:
    """The shop and kind behind a live key's hash."""
    return (await session.exec(select(KeyDirectory).where(KeyDirectory.key_hash == key_hash))).first()


async def is_listed_origin(session: AsyncSession, origin: str) -> bool:
    """Whether any shop lists this origin."""
    query = select(OriginDirectory.origin).where(OriginDirectory.origin == origin).limit(1)
    return (await session.exec(query)).first() is not None


async def find_merchant(session: AsyncSession, email: str) -> Merchant | None:
    """The merchant who signs in with this e-mail (lower case)."""
    return (await session.exec(select(Merchant).where(Merchant.email == email))).first()


async def find_merchant_by_id(session: AsyncSession, merchant_id: UUID) -> Merchant | None:
    """The merchant with this id."""
    return (await session.exec(select(Merchant).where(Merchant.id == merchant_id))).first()


async def list_memberships(session: AsyncSession, merchant_id: UUID) -> list[Member]:
    """The shops a merchant belongs to; the session must be the merchant's own."""
    query = select(Member).where(Member.merchant_id == merchant_id).order_by(col(Member.created_at))
    return list((await session.exec(query)).all())
