"""Trying a store before it is kept: what a merchant gives is used once, so that a mistake is told now and not later."""

from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from typing import Annotated, TypeAlias
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from server.core.addresses import is_web_address
from server.core.crypto import new_secret
from server.core.errors import FieldError, Invalid
from server.stores.models import NewStore

MIN_EVERY_S, MAX_EVERY_S = 300, 7 * 24 * 3600
Text: TypeAlias = Annotated[str, Meta(max_length=2000, pattern=r"^[^\x00]*$")]


class StoreRequest(Struct, frozen=True, kw_only=True):
    """`POST /v1/connections`. Which fields are needed depends on the platform; see the message of a 422."""

    platform: Text
    name: Annotated[str, Meta(max_length=100, pattern=r"^[^\x00]*$")] = ""
    store: Text | None = None
    """woocommerce: the shop's address."""
    consumer_key: Text | None = None
    consumer_secret: Text | None = None
    feed_url: Text | None = None
    """feed: a Google product feed, CSV, TSV, JSON or JSON lines."""
    orders_url: Text | None = None
    """feed: the merchant's own order look-up."""
    every_s: Annotated[int, Meta(ge=MIN_EVERY_S, le=MAX_EVERY_S)] = 3600
    """How often the store is read; changes that it announces come at once."""


Prepare: TypeAlias = Callable[[StoreRequest], Awaitable[NewStore]]
"""Tries a store. Raises Invalid with what is wrong, where, and how to mend it."""


class Connecting:
    """One way to connect for every platform."""

    def __init__(self, ways: Mapping[str, Prepare]) -> None:
        self._ways = ways

    async def prepare(self, request: StoreRequest) -> NewStore:
        """The store, tried. Raises Invalid."""
        way = self._ways.get(request.platform)
        if way is None:
            known = ", ".join(sorted(self._ways))
            raise Invalid(
                "This platform cannot be connected here.", errors=(FieldError("platform", f"one of {known}"),)
            )
        return await way(request)


async def prepare_demo(request: StoreRequest) -> NewStore:
    """The packaged store: nothing to try."""
    return NewStore(platform="demo", name=request.name or "demo", every_s=None)


class PrepareFeed:
    """A product feed, an order look-up, or both. The feed is read by the first sync, which names what is wrong.

    `allow` are the operator's "host:port" pairs: only there may orders travel without TLS.
    """

    def __init__(self, allow: Collection[str]) -> None:
        self._allow = frozenset(allow)

    async def __call__(self, request: StoreRequest) -> NewStore:
        """See `Prepare`."""
        errors = list(self._problems(request))
        if errors:
            raise Invalid("An address is missing or not valid.", errors=tuple(errors))
        has_orders = request.orders_url is not None
        return NewStore(
            platform="feed",
            name=request.name or "feed",
            settings={"feed_url": request.feed_url, "orders_url": request.orders_url, "orders": has_orders},
            credentials={"orders_secret": new_secret("os_")} if has_orders else {},
            told_once=("orders_secret",) if has_orders else (),
            every_s=request.every_s,
        )

    def _problems(self, request: StoreRequest) -> Iterator[FieldError]:
        if not (request.feed_url or request.orders_url):
            yield FieldError("feed_url", "give this, orders_url or both")
        if request.feed_url and not is_web_address(request.feed_url):
            yield FieldError("feed_url", "a web address such as https://shop.example/products.xml")
        if request.orders_url and not is_web_address(request.orders_url):
            yield FieldError("orders_url", "a web address such as https://shop.example/aisle/orders")
        elif request.orders_url and not (request.orders_url.startswith("https://") or self._is_listed(request)):
            yield FieldError("orders_url", "must start with https://, since orders are personal")

    def _is_listed(self, request: StoreRequest) -> bool:
        return urlsplit(request.orders_url or "").netloc in self._allow
