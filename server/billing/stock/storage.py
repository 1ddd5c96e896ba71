"""SQL of what a shop keeps. Statements are of one shop each."""

from uuid import UUID

from server.core.database import Connection


async def hold_stock(connection: Connection, shop_id: UUID) -> None:
    """Let nobody else add to what the shop has until the transaction ends."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('stock:' || $1, 0))", str(shop_id))


async def count_products(connection: Connection, shop_id: UUID) -> int:
    """The shop's products."""
    return int(await connection.fetchval("SELECT count(*) FROM product WHERE shop_id = $1", shop_id))


async def count_documents(connection: Connection, shop_id: UUID) -> int:
    """The shop's documents."""
    return int(await connection.fetchval("SELECT count(*) FROM document WHERE shop_id = $1", shop_id))


async def count_seats(connection: Connection, shop_id: UUID) -> int:
    """Who may sign in to the shop's console."""
    return int(await connection.fetchval("SELECT count(*) FROM member WHERE shop_id = $1", shop_id))


async def count_bytes(connection: Connection, shop_id: UUID) -> int:
    """Text that is searched and shoppers' pictures, in bytes."""
    found = await connection.fetchval(
        "SELECT (SELECT coalesce(sum(octet_length(title) + octet_length(body)), 0) FROM passage WHERE shop_id = $1) "
        "+ (SELECT coalesce(sum(octet_length(data)), 0) FROM picture WHERE shop_id = $1)",
        shop_id,
    )
    return int(found)
