"""SQL of pictures. Each for one shop."""

from collections.abc import Sequence
from uuid import UUID

from server.chat.conversations.pictures.models import PER_DAY, EncodedPicture, StoredPicture
from server.core.database import Connection


async def count_today(connection: Connection, shop_id: UUID, conversation_id: UUID) -> int:
    """The number of pictures that were added to a conversation in the last 24 hours."""
    count: int = await connection.fetchval(
        "SELECT count(*) FROM picture WHERE shop_id = $1 AND conversation_id = $2 "
        "AND created_at > now() - interval '24 hours'",
        shop_id,
        conversation_id,
    )
    return count


async def add_picture(
    connection: Connection, shop_id: UUID, conversation_id: UUID, picture_id: UUID, picture: EncodedPicture
) -> bool:
    """Add a picture; False where the conversation has PER_DAY of the last 24 hours. Locks the conversation."""
    await connection.execute(
        "SELECT FROM conversation WHERE shop_id = $1 AND id = $2 FOR UPDATE", shop_id, conversation_id
    )
    status: str = await connection.execute(
        "INSERT INTO picture (shop_id, conversation_id, id, media_type, width, height, data) "
        "SELECT $1, $2, $3, $4, $5, $6, $7 WHERE (SELECT count(*) FROM picture WHERE shop_id = $1 "
        f"AND conversation_id = $2 AND created_at > now() - interval '24 hours') < {PER_DAY}",
        shop_id,
        conversation_id,
        picture_id,
        picture.media_type,
        picture.width,
        picture.height,
        picture.data,
    )
    return status.endswith(" 1")


async def use_pictures(
    connection: Connection, shop_id: UUID, conversation_id: UUID, picture_ids: Sequence[UUID], message_id: str
) -> dict[UUID, str]:
    """Attach pictures to a message, except those of another message; the media type of each that is attached now."""
    rows = await connection.fetch(
        "UPDATE picture SET message_id = $4 WHERE shop_id = $1 AND conversation_id = $2 AND id = ANY($3) "
        "AND (message_id IS NULL OR message_id = $4) RETURNING id, media_type",
        shop_id,
        conversation_id,
        list(picture_ids),
        message_id,
    )
    return {row["id"]: row["media_type"] for row in rows}


async def find_picture(
    connection: Connection, shop_id: UUID, conversation_id: UUID, picture_id: UUID, shopper_id: UUID | None
) -> StoredPicture | None:
    """A picture of a conversation; with `shopper_id` only where the conversation is this shopper's."""
    row = await connection.fetchrow(
        "SELECT media_type, data FROM picture WHERE shop_id = $1 AND conversation_id = $2 AND id = $3 "
        "AND ($4::uuid IS NULL OR EXISTS (SELECT FROM conversation WHERE shop_id = $1 AND id = $2 "
        "AND shopper_id = $4))",
        shop_id,
        conversation_id,
        picture_id,
        shopper_id,
    )
    return StoredPicture(**dict(row)) if row else None
