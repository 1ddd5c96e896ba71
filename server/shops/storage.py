"""Queries of tenants: shops, keys, origins, members. Each is of one shop, or of a directory."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import and_, col, delete, func, or_, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from server.core.errors import NotFound
from server.shops.tables import (
    ApiKeyRow,
    AuditEntryRow,
    IdempotencyKeyRow,
    KeyDirectoryRow,
    MemberRow,
    MerchantRow,
    OriginDirectoryRow,
    ShopOriginRow,
    ShopRow,
)


async def get_shop(session: AsyncSession, shop_id: UUID, *, for_change: bool = False) -> ShopRow:
    """The shop's row; `for_change` locks it until the transaction ends. Raises NotFound."""
    query = select(ShopRow).where(ShopRow.id == shop_id)
    shop = (await session.exec(query.with_for_update() if for_change else query)).first()
    if shop is None:
        raise NotFound
    return shop


async def update_shop(session: AsyncSession, shop_id: UUID, values: Mapping[str, object]) -> None:
    """Change columns of the shop's row."""
    await session.exec(update(ShopRow).where(col(ShopRow.id) == shop_id).values(**values))


async def list_origins(session: AsyncSession, shop_id: UUID) -> tuple[str, ...]:
    """The shop's origins in alphabetical order."""
    query = select(ShopOriginRow.origin).where(ShopOriginRow.shop_id == shop_id).order_by(ShopOriginRow.origin)
    return tuple((await session.exec(query)).all())


async def replace_origins(session: AsyncSession, shop_id: UUID, origins: tuple[str, ...]) -> None:
    """Set the shop's origins, in its own list and in the directory."""
    for table in (ShopOriginRow, OriginDirectoryRow):
        await session.exec(delete(table).where(col(table.shop_id) == shop_id))
        session.add_all([table(shop_id=shop_id, origin=origin) for origin in origins])
        await session.flush()


async def add_key(session: AsyncSession, shop_id: UUID, key: ApiKeyRow, key_hash: bytes) -> None:
    """Store a key, and its hash in the directory that leads to the shop."""
    session.add(key)
    session.add(KeyDirectoryRow(key_hash=key_hash, kind=key.kind, shop_id=shop_id, key_id=key.id))
    await session.flush()


async def list_keys(session: AsyncSession, shop_id: UUID) -> list[ApiKeyRow]:
    """Live keys, oldest first."""
    query = (
        select(ApiKeyRow)
        .where(ApiKeyRow.shop_id == shop_id, col(ApiKeyRow.revoked_at).is_(None))
        .order_by(col(ApiKeyRow.id))
    )
    return list((await session.exec(query)).all())


async def get_key(session: AsyncSession, shop_id: UUID, key_id: UUID) -> ApiKeyRow:
    """A live key by its id. Raises NotFound."""
    query = select(ApiKeyRow).where(
        ApiKeyRow.shop_id == shop_id, ApiKeyRow.id == key_id, col(ApiKeyRow.revoked_at).is_(None)
    )
    key = (await session.exec(query)).first()
    if key is None:
        raise NotFound
    return key


async def revoke_key(session: AsyncSession, shop_id: UUID, key_id: UUID, now: datetime) -> None:
    """End a key at once. Raises NotFound."""
    query = (
        update(ApiKeyRow)
        .where(col(ApiKeyRow.shop_id) == shop_id, col(ApiKeyRow.id) == key_id, col(ApiKeyRow.revoked_at).is_(None))
        .values(revoked_at=now)
    )
    if (await session.exec(query)).rowcount == 0:
        raise NotFound
    await session.exec(
        delete(KeyDirectoryRow).where(col(KeyDirectoryRow.shop_id) == shop_id, col(KeyDirectoryRow.key_id) == key_id)
    )


async def add_audit_entry(
    session: AsyncSession, shop_id: UUID, actor: str, action: str, details: Mapping[str, object]
) -> None:
    """Write into the audit who changed what, when the transaction ends."""
    session.add(AuditEntryRow(shop_id=shop_id, actor=actor, action=action, details=dict(details)))


async def get_member(session: AsyncSession, shop_id: UUID, merchant_id: UUID) -> MemberRow:
    """A merchant's membership in this shop. Raises NotFound."""
    query = select(MemberRow).where(MemberRow.shop_id == shop_id, MemberRow.merchant_id == merchant_id)
    member = (await session.exec(query)).first()
    if member is None:
        raise NotFound
    return member


async def is_member(session: AsyncSession, shop_id: UUID, merchant_id: UUID) -> bool:
    """Whether a merchant belongs to this shop."""
    query = select(MemberRow.merchant_id).where(MemberRow.shop_id == shop_id, MemberRow.merchant_id == merchant_id)
    return (await session.exec(query)).first() is not None


async def list_members(session: AsyncSession, shop_id: UUID) -> list[tuple[MemberRow, MerchantRow]]:
    """The shop's members and their accounts, first joined first."""
    query = (
        select(MemberRow, MerchantRow)
        .join(MerchantRow, col(MerchantRow.id) == MemberRow.merchant_id)
        .where(MemberRow.shop_id == shop_id)
        .order_by(col(MemberRow.created_at), col(MemberRow.merchant_id))
    )
    return list((await session.exec(query)).all())


async def claim_idempotency_key(
    session: AsyncSession, shop_id: UUID, route: str, key: str, request_hash: bytes
) -> bool:
    """Claim a key: True for the first request only. Keys of a day ago, and claims that never ended, are deleted."""
    is_old = or_(
        col(IdempotencyKeyRow.created_at) < func.now() - timedelta(days=1),
        and_(
            col(IdempotencyKeyRow.body).is_(None), col(IdempotencyKeyRow.created_at) < func.now() - timedelta(minutes=5)
        ),
    )
    await session.exec(
        delete(IdempotencyKeyRow).where(
            col(IdempotencyKeyRow.shop_id) == shop_id, col(IdempotencyKeyRow.key) == key, is_old
        )
    )
    query = (
        insert(IdempotencyKeyRow)
        .values(shop_id=shop_id, route=route, key=key, request_hash=request_hash)
        .on_conflict_do_nothing()
    )
    return bool((await session.exec(query)).rowcount)


async def settle_idempotency_key(
    session: AsyncSession, shop_id: UUID, route: str, key: str, status: int | None, body: bytes | None
) -> None:
    """Store the sealed response; without one, delete the key so that the write may be tried again."""
    where = (
        col(IdempotencyKeyRow.shop_id) == shop_id,
        col(IdempotencyKeyRow.route) == route,
        col(IdempotencyKeyRow.key) == key,
    )
    if body is None:
        await session.exec(delete(IdempotencyKeyRow).where(*where))
    else:
        await session.exec(update(IdempotencyKeyRow).where(*where).values(status=status, body=body))


async def find_idempotency_key(session: AsyncSession, shop_id: UUID, route: str, key: str) -> IdempotencyKeyRow | None:
    """A key that was claimed, with its response if there is one."""
    query = select(IdempotencyKeyRow).where(
        IdempotencyKeyRow.shop_id == shop_id, IdempotencyKeyRow.route == route, IdempotencyKeyRow.key == key
    )
    return (await session.exec(query)).first()


# directories: read before any shop is known


async def find_key(session: AsyncSession, key_hash: bytes) -> KeyDirectoryRow | None:
    """The shop and kind behind a live key's hash."""
    return (await session.exec(select(KeyDirectoryRow).where(KeyDirectoryRow.key_hash == key_hash))).first()


async def is_listed_origin(session: AsyncSession, origin: str) -> bool:
    """Whether any shop lists this origin."""
    query = select(OriginDirectoryRow.origin).where(OriginDirectoryRow.origin == origin).limit(1)
    return (await session.exec(query)).first() is not None


async def find_merchant(session: AsyncSession, email: str) -> MerchantRow | None:
    """The merchant who signs in with this e-mail (lower case)."""
    return (await session.exec(select(MerchantRow).where(MerchantRow.email == email))).first()


async def find_merchant_by_id(session: AsyncSession, merchant_id: UUID) -> MerchantRow | None:
    """The merchant with this id."""
    return (await session.exec(select(MerchantRow).where(MerchantRow.id == merchant_id))).first()


async def list_memberships(session: AsyncSession, merchant_id: UUID) -> list[MemberRow]:
    """The shops a merchant belongs to; the session must be the merchant's own."""
    query = select(MemberRow).where(MemberRow.merchant_id == merchant_id).order_by(col(MemberRow.created_at))
    return list((await session.exec(query)).all())
