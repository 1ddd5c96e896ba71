"""SQL of alerts. Statements are of one shop each."""

from collections.abc import Sequence
from uuid import UUID

from server.core.database import Connection


async def save_alerts(
    connection: Connection, shop_id: UUID, at_percents: Sequence[int], spent_minor: int | None
) -> None:
    """What the merchant wants from now on."""
    await connection.execute(
        "INSERT INTO billing_alert (shop_id, at_percents, spent_minor) VALUES ($1, $2, $3) ON CONFLICT (shop_id) "
        "DO UPDATE SET at_percents = excluded.at_percents, spent_minor = excluded.spent_minor",
        shop_id,
        list(at_percents),
        spent_minor,
    )
