"""Trying keys against the shop they are said to be for, before they are kept."""

import asyncio

from msgspec import Struct

from integrations.platform import PlatformRevoked, PlatformUnavailable
from integrations.woocommerce.catalog import read_currency
from integrations.woocommerce.client import Declined, WooClient
from integrations.woocommerce.values import line, record

_NO_SUCH_TOPIC = "aisle.probe"
ATTEMPTS = 2
"""A merchant waits: a shop that is in maintenance says so at once."""


class StoreFacts(Struct, frozen=True, kw_only=True):
    """What a shop says of itself; `name` is empty where it tells visitors nothing. `can_write` is what webhooks need;
    all else works without."""

    name: str
    currency: str
    can_write: bool


async def try_keys(client: WooClient) -> StoreFacts:
    """Raises PlatformRevoked where the keys are not good there, PlatformUnavailable where that cannot be told.

    All is asked for at once: on slow hosting one request after the other would take longer than a merchant waits.
    """
    index, currency, can_write, *lists = await asyncio.gather(
        _read_name(client),
        read_currency(client, attempts=ATTEMPTS),
        _can_write(client),
        *(client.page(path, {}, per_page=1, attempts=ATTEMPTS) for path in _PROBED),
        return_exceptions=True,
    )
    failures = [each for each in (index, currency, *lists, can_write) if isinstance(each, BaseException)]
    for failure in sorted(failures, key=lambda each: not isinstance(each, PlatformRevoked)):
        raise failure
    return StoreFacts(name=str(index), currency=str(currency), can_write=can_write is True)


_PROBED = ("wc/v3/products", "wc/v3/orders", "wc/v3/webhooks")


async def _read_name(client: WooClient) -> str:
    """The shop's name by its public index; "" where only those who are logged in may read that, as security plugins
    have it. Raises PlatformUnavailable for an index without WooCommerce."""
    try:
        index = record(await client.get("", attempts=ATTEMPTS))
    except Declined as declined:
        if declined.status not in (401, 403):
            raise
        return ""
    namespaces = index.get("namespaces")
    if not isinstance(namespaces, list) or "wc/v3" not in namespaces:
        raise PlatformUnavailable(f"there is no WooCommerce at {client.store_url}, or its REST API is switched off")
    return line(index.get("name"))


async def _can_write(client: WooClient) -> bool:
    """Asks for a webhook that cannot be: a key that may only read is refused before the shop looks at it."""
    try:
        await client.post("wc/v3/webhooks", {"topic": _NO_SUCH_TOPIC, "delivery_url": client.store_url})
    except PlatformRevoked:
        return False
    except Declined as declined:
        if declined.status != 400:
            raise
    return True
