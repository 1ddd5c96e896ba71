"""SQL of pictures. Statements are of one shop each."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from server.chat.conversations.pictures.models import PER_DAY, EncodedPicture
from server.core.database import Connection


async def count_today(connection: Connection, shop_id: UUID, conversation_id: UUID) -> int:
    """Pictures that came to a conversation in the last 24 hours."""
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
    """Keep a picture; False when the conversation has had its share of the day. Locks the conversation."""
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
    """Let a message hold pictures that no other holds; the media type of each that it holds now."""
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
) -> Any | None:
    """media_type and data of one picture; of this shopper's conversation only, unless staff ask (None)."""
    return await connection.fetchrow(
        "SELECT media_type, data FROM picture WHERE shop_id = $1 AND conversation_id = $2 AND id = $3 "
        "AND ($4::uuid IS NULL OR EXISTS (SELECT FROM conversation WHERE shop_id = $1 AND id = $2 "
        "AND shopper_id = $4))",
        shop_id,
        conversation_id,
        picture_id,
        shopper_id,
    )
