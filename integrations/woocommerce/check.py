"""Trying keys against the shop they are said to be for, before they are kept."""

from msgspec import Struct

from integrations.platform import PlatformRevoked, PlatformUnavailable
from integrations.woocommerce.catalog import read_currency
from integrations.woocommerce.client import Declined, WooClient
from integrations.woocommerce.values import line, record

_NO_SUCH_TOPIC = "aisle.probe"


class StoreFacts(Struct, frozen=True, kw_only=True):
    """What a shop says of itself. `can_write` is what webhooks need; all else works without."""

    name: str
    currency: str
    can_write: bool


async def try_keys(client: WooClient) -> StoreFacts:
    """Raises PlatformRevoked where the keys are not good there, PlatformUnavailable where that cannot be told."""
    index = record(await client.get("", attempts=2))
    namespaces = index.get("namespaces")
    if not isinstance(namespaces, list) or "wc/v3" not in namespaces:
        raise PlatformUnavailable(f"there is no WooCommerce at {client.store_url}, or its REST API is switched off")
    currency = await read_currency(client)
    for path in ("wc/v3/products", "wc/v3/orders", "wc/v3/webhooks"):
        await client.page(path, {}, per_page=1)
    return StoreFacts(name=line(index.get("name")), currency=currency, can_write=await _can_write(client))


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
