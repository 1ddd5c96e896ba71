"""A shop that is neither Shopify nor WooCommerce: products from a feed, orders from the merchant's own endpoint."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from integrations.feed.signing import signed_headers
from integrations.platform import (
    CatalogItem,
    Credentials,
    Order,
    PlatformUnavailable,
    PolicyPage,
    normalise_order_number,
)
from integrations.store_http import StoreHttp, refused

MAX_FEED_BYTES = 300 * 1024 * 1024
ORDER_TIMEOUT_S = 4.0
FEED_TIMEOUT_S = 120.0
BATCH = 200

ReadFeed = Callable[[Path], Iterator[CatalogItem]]
"""Reads a feed's file, whatever its format. Raises ValueError with what is wrong for the merchant."""


class FeedSettings(Struct, frozen=True, kw_only=True):
    """What a merchant gives: either address may be missing, not both."""

    feed_url: str | None = None
    orders_url: str | None = None


class FoundOrder(Struct, frozen=True):
    """What an endpoint answers to {"number": ...}."""

    order: Order | None


class FoundOrders(Struct, frozen=True):
    """What an endpoint answers to {"customer_id": ..., "limit": ...}: newest first."""

    orders: list[Order]


class FeedPlatform:
    """Implements `ShopPlatform`. `credentials` holds `orders_secret`, with which order questions are signed."""

    def __init__(self, settings: FeedSettings, http: StoreHttp, credentials: Credentials, read: ReadFeed) -> None:
        self._settings, self._http, self._credentials, self._read = settings, http, credentials, read

    async def close(self) -> None:
        """Give connections back."""
        await self._http.close()

    async def fetch_products(self, since: datetime | None = None) -> AsyncIterator[CatalogItem]:
        """Everything in the feed: a feed knows no changes, so `since` changes nothing. Its file is kept on disk, a
        few rows at a time in memory."""
        if not self._settings.feed_url:
            return
        with tempfile.TemporaryDirectory(prefix="aisle-feed-") as folder:
            file = Path(folder) / "feed"
            await self._download(self._settings.feed_url, file)
            rows = self._read(file)
            while batch := await asyncio.to_thread(_some, rows):
                for item in batch:
                    yield item

    async def fetch_product(self, reference: str) -> CatalogItem | None:
        """None: one product cannot be asked for; the next pass over the feed brings it."""
        return None

    async def fetch_policies(self) -> list[PolicyPage]:
        """None: documents and sites are added beside the feed."""
        return []

    async def ensure_webhooks(self, callback_url: str) -> tuple[str, ...]:
        """A feed tells nothing by itself; its schedule does."""
        return ()

    async def find_order(self, number: str) -> Order | None:
        """The order with exactly this number, as the merchant's endpoint tells it."""
        found = msgspec.convert(await self._ask({"number": number}, FoundOrder), FoundOrder).order
        if found and normalise_order_number(found.number) != normalise_order_number(number):
            return None
        return found

    async def list_customer_orders(self, customer_id: str, limit: int = 10) -> list[Order]:
        """The newest orders of one customer."""
        asked = {"customer_id": customer_id, "limit": limit}
        return msgspec.convert(await self._ask(asked, FoundOrders), FoundOrders).orders[:limit]

    async def _ask(self, question: dict[str, object], shape: type[Struct]) -> Struct:
        if not self._settings.orders_url:
            raise PlatformUnavailable("no order look-up is set up for this shop")
        body = msgspec.json.encode(question)
        secret = (await self._credentials.read()).get("orders_secret", "")
        answer = await self._http.send(
            "POST",
            self._settings.orders_url,
            content=body,
            headers=signed_headers(secret, body),
            attempts=1,
            timeout_s=ORDER_TIMEOUT_S,
        )
        if answer.status_code in (401, 403):
            raise refused("the shop's order look-up", "compare the signing secret on both sides")
        if answer.status_code != 200:
            raise PlatformUnavailable(f"the shop's order look-up answered {answer.status_code}")
        try:
            return msgspec.json.decode(answer.content, type=shape)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as reason:
            raise PlatformUnavailable(f"the shop's order look-up answered in another shape: {reason}") from None

    async def _download(self, url: str, file: Path) -> None:
        answer = await self._http.download(url, file, max_bytes=MAX_FEED_BYTES, timeout_s=FEED_TIMEOUT_S)
        if answer.status_code != 200:
            raise PlatformUnavailable(f"the feed answered {answer.status_code}")


def _some(rows: Iterator[CatalogItem]) -> list[CatalogItem]:
    """The next few rows. Raises PlatformUnavailable when the file cannot be read."""
    found: list[CatalogItem] = []
    try:
        for item in rows:
            found.append(item)
            if len(found) == BATCH:
                break
    except ValueError as reason:
        raise PlatformUnavailable(f"the feed cannot be read: {reason}") from None
    return found
