"""Stores a shopper's pictures and returns them to the shopper, to staff and to a model that reads images."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from server.chat.conversations.pictures import storage
from server.chat.conversations.pictures.models import PER_DAY, PER_MESSAGE, URL, EncodedPicture, StoredPicture
from server.chat.conversations.pictures.reading import PictureReader
from server.chat.conversations.storage import create_conversation
from server.chat.shopper_limits import PICTURES, PICTURES_PER_ADDRESS, ShopperLimits
from server.core.database import Connection, Database
from server.core.errors import FieldError, ImagesOff, Invalid, NotFound, QuotaExceeded, RateLimited
from server.core.ids import new_id
from server.shops.features import LIMIT_RETRY_AFTER_S, Allowances, EveryFeature
from server.shops.identity import Shopper
from server.shops.service import ShopService

DAY_S = 24 * 3600.0


class PictureView(Struct, frozen=True, kw_only=True):
    """`POST .../images`: the picture as it is stored, with its width and height in pixels."""

    id: UUID
    media_type: str
    width: int
    height: int
    bytes: int


class PictureService:
    """The pictures of all shops' conversations."""

    def __init__(
        self, database: Database, shops: ShopService, limits: ShopperLimits, allowances: Allowances | None = None
    ) -> None:
        self._database, self._shops, self._limits = database, shops, limits
        self._allowances = allowances or EveryFeature()
        self._reader = PictureReader()

    async def close(self) -> None:
        """End the process that reads pictures."""
        await self._reader.close()

    async def require_upload(self, shopper: Shopper) -> None:
        """Require that the shopper may upload a picture, before its body is read. Raises ImagesOff, RateLimited."""
        profile = await self._shops.profile(shopper.shop_id)
        if profile.appearance.get("images") is not True:
            raise ImagesOff("This shop does not accept pictures.")
        await self._limits.require(shopper, PICTURES)
        await self._limits.require_of_address(shopper, PICTURES_PER_ADDRESS)
        async with self._database.connection(shopper.shop_id) as connection:
            count = await storage.count_today(connection, shopper.shop_id, shopper.conversation_id)
        if count >= PER_DAY:
            raise _daily_limit_reached()

    async def add(self, shopper: Shopper, data: bytes) -> PictureView:
        """Encode and store a picture for the shopper's next message. Raises WrongType, TooLarge, Invalid,
        RateLimited, QuotaExceeded, and NotFound for another shopper's conversation."""
        storage_limit = await self._allowances.find_allowance(shopper.shop_id, "storage_mb")
        picture = await self._reader.read(data)
        picture_id = new_id()
        async with self._database.connection(shopper.shop_id) as connection:
            if not await create_conversation(connection, shopper.shop_id, shopper):
                raise NotFound
            if not await storage.add_picture(connection, shopper.shop_id, shopper.conversation_id, picture_id, picture):
                raise _daily_limit_reached()
            if storage_limit:
                remaining = await self._allowances.count_remaining(
                    connection, shopper.shop_id, storage_limit, locks=True
                )
                if remaining < 0:  # the text is for a shopper, so it does not name the shop's plan
                    raise QuotaExceeded("This shop cannot store more pictures.", retry_after_s=LIMIT_RETRY_AFTER_S)
        return _view(picture_id, picture)

    async def get(self, shopper: Shopper, picture_id: UUID) -> StoredPicture:
        """A picture of the shopper's own conversation. Raises NotFound."""
        return await self._find(shopper.shop_id, shopper.conversation_id, picture_id, shopper.shopper_id)

    async def get_for_staff(self, shop_id: UUID, conversation_id: UUID, picture_id: UUID) -> StoredPicture:
        """A picture of one of the shop's conversations. Raises NotFound."""
        return await self._find(shop_id, conversation_id, picture_id, None)

    async def list_of_message(self, shopper: Shopper, picture_ids: Sequence[UUID]) -> list[StoredPicture]:
        """The pictures of one message, in its order. Raises NotFound."""
        return [await self.get(shopper, picture_id) for picture_id in picture_ids]

    async def _find(
        self, shop_id: UUID, conversation_id: UUID, picture_id: UUID, shopper_id: UUID | None
    ) -> StoredPicture:
        async with self._database.connection(shop_id) as connection:
            picture = await storage.find_picture(connection, shop_id, conversation_id, picture_id, shopper_id)
        if picture is None:
            raise NotFound
        return picture


async def attach_pictures(
    connection: Connection, shopper: Shopper, message_id: str, text: str, picture_ids: Sequence[UUID]
) -> str:
    """Attach pictures to a message; the message's parts as they are stored, in JSON. Raises Invalid for a picture of
    another conversation or another message."""
    parts: list[dict[str, Any]] = [{"type": "text", "text": text}] if text else []
    if picture_ids:
        shop_id, conversation_id = shopper.shop_id, shopper.conversation_id
        found = await storage.use_pictures(connection, shop_id, conversation_id, picture_ids, message_id)
        if len(found) != len(picture_ids):
            error = FieldError("message.parts", "a picture does not belong to this conversation or was already sent")
            raise Invalid("The message is not valid; nothing was saved.", errors=(error,))
        parts += [{"type": "file", "mediaType": found[each], "url": f"{URL}{each}"} for each in picture_ids]
    return msgspec.json.encode(parts).decode()


def parse_picture_ids(parts: Sequence[Any]) -> tuple[UUID, ...] | str:
    """The ids of the pictures in a client's message parts, or a sentence that says what is wrong with them."""
    urls = [part.get("url") for part in parts if isinstance(part, dict) and part.get("type") == "file"]
    if len(urls) > PER_MESSAGE:
        return f"at most {PER_MESSAGE} pictures"
    found = []
    for url in urls:
        try:
            found.append(UUID(url.removeprefix(URL)) if isinstance(url, str) and url.startswith(URL) else None)
        except ValueError:
            found.append(None)
    ids = tuple(each for each in found if each)
    if len(ids) != len(urls):
        return f"a file is named by its address, {URL} and the id of the picture that was uploaded"
    return ids if len(set(ids)) == len(ids) else "the same picture twice"


def _view(picture_id: UUID, picture: EncodedPicture) -> PictureView:
    return PictureView(
        id=picture_id,
        media_type=picture.media_type,
        width=picture.width,
        height=picture.height,
        bytes=len(picture.data),
    )


def _daily_limit_reached() -> RateLimited:
    return RateLimited(f"A conversation can have at most {PER_DAY} pictures a day.", retry_after_s=DAY_S)
