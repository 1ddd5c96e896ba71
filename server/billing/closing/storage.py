"""SQL of closed periods. Statements are of one shop each."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from server.core.database import Connection


async def periods_to_close(connection: Connection, shop_id: UUID, settled: timedelta) -> list[datetime]:
    """When the periods began that are over for `settled` and that nobody has closed, oldest first."""
    rows = await connection.fetch(
        "SELECT period_start FROM quota_period AS counted WHERE shop_id = $1 AND scope = '' "
        "AND coalesce(period_end, period_start + interval '1 month') + $2 <= now() "
        "AND NOT EXISTS (SELECT FROM billing_statement AS closed "
        "WHERE closed.shop_id = $1 AND closed.period_start = counted.period_start) ORDER BY period_start LIMIT 100",
        shop_id,
        settled,
    )
    return [row["period_start"] for row in rows]


async def add_statement(connection: Connection, shop_id: UUID, start: datetime, end: datetime, statement: str) -> bool:
    """Close a period; False when somebody else has."""
    done = await connection.execute(
        "INSERT INTO billing_statement (shop_id, period_start, period_end, statement) VALUES ($1, $2, $3, $4::jsonb) "
        "ON CONFLICT DO NOTHING",
        shop_id,
        start,
        end,
        statement,
    )
    return str(done) == "INSERT 0 1"


async def statements_of(connection: Connection, shop_id: UUID, most: int) -> Sequence[str]:
    """Statements as JSON, newest first."""
    rows = await connection.fetch(
        "SELECT statement FROM billing_statement WHERE shop_id = $1 ORDER BY period_start DESC LIMIT $2", shop_id, most
    )
    return [row["statement"] for row in rows]
