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
from integrations.store_http import StoreHttp, access_refused

MAX_FEED_BYTES = 300 * 1024 * 1024
ORDER_TIMEOUT_S = 4.0
FEED_TIMEOUT_S = 120.0
BATCH_ROWS = 200

ReadFeed = Callable[[Path], Iterator[CatalogItem]]
"""Reads a feed's file in any supported format. Raises ValueError, whose message is for the merchant."""


class FeedSettings(Struct, frozen=True, kw_only=True):
    """The addresses that a merchant sets. One of them may be missing."""

    feed_url: str | None = None
    orders_url: str | None = None


class OrderResponse(Struct, frozen=True):
    """The response of the merchant's endpoint to {"number": ...}; `order` is null when there is none."""

    order: Order | None


class OrdersResponse(Struct, frozen=True):
    """The response of the merchant's endpoint to {"customer_id": ..., "limit": ...}, newest first."""

    orders: list[Order]


class FeedPlatform:
    """Implements `ShopPlatform`. Requests for orders are signed with `orders_secret` of `credentials`."""

    def __init__(self, settings: FeedSettings, http: StoreHttp, credentials: Credentials, read: ReadFeed) -> None:
        self._settings, self._http, self._credentials, self._read = settings, http, credentials, read

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    async def fetch_products(self, since: datetime | None = None) -> AsyncIterator[CatalogItem]:
        """All products of the feed. `since` is ignored, because a feed does not say what has changed.

        The feed is downloaded to a temporary file and read in batches, so that a large one fits into memory. Raises
        PlatformUnavailable.
        """
        if not self._settings.feed_url:
            return
        with tempfile.TemporaryDirectory(prefix="aisle-feed-") as folder:
            file = Path(folder) / "feed"
            await self._download(self._settings.feed_url, file)
            rows = self._read(file)
            while batch := await asyncio.to_thread(_read_batch, rows):
                for item in batch:
                    yield item

    async def fetch_product(self, reference: str) -> CatalogItem | None:
        """Always None: a feed has no address for one product. The next synchronization updates it."""
        return None

    async def fetch_policies(self) -> list[PolicyPage]:
        """Always empty: merchants of a feed add documents and sites themselves."""
        return []

    async def ensure_webhooks(self, callback_url: str) -> tuple[str, ...]:
        """Always empty: a feed sends no webhooks and is read on a schedule."""
        return ()

    async def remove_webhooks(self, callback_url: str) -> None:
        """Nothing: there are none."""

    def take_notes(self) -> tuple[str, ...]:
        """None."""
        return ()

    async def find_order(self, number: str) -> Order | None:
        """The order with exactly this number, from the merchant's endpoint; None when there is none.

        Raises PlatformUnavailable and PlatformRevoked.
        """
        found = msgspec.convert(await self._request({"number": number}, OrderResponse), OrderResponse).order
        if found and normalise_order_number(found.number) != normalise_order_number(number):
            return None
        return found

    async def fetch_order_details(self, order: Order) -> Order:
        """The order: the merchant's endpoint tells everything at once."""
        return order

    async def list_customer_orders(self, customer_id: str, limit: int = 10) -> list[Order]:
        """The newest orders of one customer, from the merchant's endpoint; errors as in `find_order`."""
        query = {"customer_id": customer_id, "limit": limit}
        return msgspec.convert(await self._request(query, OrdersResponse), OrdersResponse).orders[:limit]

    async def _request(self, query: dict[str, object], shape: type[Struct]) -> Struct:
        if not self._settings.orders_url:
            raise PlatformUnavailable("no order look-up is set up for this shop")
        body = msgspec.json.encode(query)
        secret = (await self._credentials.read()).get("orders_secret", "")
        response = await self._http.send(
            "POST",
            self._settings.orders_url,
            content=body,
            headers=signed_headers(secret, body),
            attempts=1,
            timeout_s=ORDER_TIMEOUT_S,
        )
        if response.status_code in (401, 403):
            raise access_refused("the shop's order look-up", "compare the signing secret on both sides")
        if response.status_code != 200:
            raise PlatformUnavailable(f"the shop's order look-up answered {response.status_code}")
        try:
            return msgspec.json.decode(response.content, type=shape)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as reason:
            raise PlatformUnavailable(f"the shop's order look-up sent an unexpected response: {reason}") from None

    async def _download(self, url: str, file: Path) -> None:
        response = await self._http.download(url, file, max_bytes=MAX_FEED_BYTES, timeout_s=FEED_TIMEOUT_S)
        if response.status_code != 200:
            raise PlatformUnavailable(f"the feed answered {response.status_code}")


def _read_batch(rows: Iterator[CatalogItem]) -> list[CatalogItem]:
    """The next rows, at most BATCH_ROWS; none at the end. Raises PlatformUnavailable for an unreadable file."""
    found: list[CatalogItem] = []
    try:
        for item in rows:
            found.append(item)
            if len(found) == BATCH_ROWS:
                break
    except ValueError as reason:
        raise PlatformUnavailable(f"the feed cannot be read: {reason}") from None
    return found
