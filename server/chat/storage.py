"""SQL of the messages of a conversation, which turns and conversations both read. Each for one shop."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from server.core.database import Connection


class StoredMessage(Struct, frozen=True, kw_only=True):
    """One message of a conversation; `parts` and `metadata` are JSON."""

    id: str
    seq: int
    author: str
    parts: str
    metadata: str
    created_at: datetime


async def find_message(
    connection: Connection, shop_id: UUID, conversation_id: UUID, message_id: str
) -> StoredMessage | None:
    """The message of this id, or None."""
    row = await connection.fetchrow(
        "SELECT id, seq, author, parts, metadata, created_at FROM message "
        "WHERE shop_id = $1 AND conversation_id = $2 AND id = $3",
        shop_id,
        conversation_id,
        message_id,
    )
    return StoredMessage(**dict(row)) if row else None


async def list_messages(
    connection: Connection, shop_id: UUID, conversation_id: UUID, *, before_seq: int = 2**31 - 1, limit: int
) -> list[StoredMessage]:
    """The newest messages before a sequence number, oldest first. Sequence numbers begin at 1."""
    if before_seq <= 1:
        return []
    rows = await connection.fetch(
        "SELECT id, seq, author, parts, metadata, created_at FROM message "
        "WHERE shop_id = $1 AND conversation_id = $2 AND seq < $3 ORDER BY seq DESC LIMIT $4",
        shop_id,
        conversation_id,
        before_seq,
        limit,
    )
    return [StoredMessage(**dict(row)) for row in reversed(rows)]
