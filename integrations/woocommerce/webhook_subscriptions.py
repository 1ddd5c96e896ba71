"""The webhooks that we subscribe to. They are checked again and again, because WooCommerce disables a webhook whose
deliveries fail too often. It never repeats a delivery."""

import asyncio
import secrets
from collections import defaultdict
from typing import Any

from integrations.platform import Credentials, PlatformRevoked
from integrations.woocommerce.client import WooClient
from integrations.woocommerce.values import whole

TOPICS = (
    "product.created",
    "product.updated",
    "product.deleted",
    "product.restored",
    "order.created",
    "order.updated",
    "order.deleted",
    "action.woocommerce_delete_product",
    "action.woocommerce_delete_product_variation",
    "action.woocommerce_trash_product_variation",
)
"""WooCommerce has no topic of its own for what is deleted for good, nor for variations."""
_WEBHOOKS = "wc/v3/webhooks"
_READ_ONLY_KEY = (
    "The key may only read, so Aisle cannot set up webhooks and checks the shop for changes every few minutes instead. "
    "To see changes at once, connect again with a key that has Read/Write permission."
)
Record = dict[str, Any]


async def ensure_webhooks(client: WooClient, credentials: Credentials, callback_url: str) -> tuple[str, ...]:
    """Make sure that each of TOPICS has one active webhook to `callback_url`, signed with our secret.

    Returns sentences for the merchant about what was set up or replaced. Raises PlatformUnavailable.
    """
    has_new_secret = await _ensure_secret(credentials)
    secret = (await credentials.read())["webhook_secret"]
    by_topic: dict[str, list[Record]] = defaultdict(list)
    async for page in client.pages(_WEBHOOKS, {"orderby": "id", "order": "asc"}):
        for webhook in page.rows:
            if webhook.get("delivery_url") == callback_url:
                by_topic[str(webhook.get("topic"))].append(webhook)
    missing: list[str] = []
    stopped: list[str] = []
    try:
        for topic in TOPICS:
            active = [] if has_new_secret else [each for each in by_topic[topic] if each.get("status") == "active"][:1]
            if not active:
                (stopped if by_topic[topic] and not has_new_secret else missing).append(topic)
                await client.post(_WEBHOOKS, _webhook(topic, callback_url, secret))
            # a disabled webhook is deleted, not enabled: its count of failures stays, so the next one would disable it
            for each in by_topic[topic]:
                if each not in active:
                    await client.delete(f"{_WEBHOOKS}/{whole(each.get('id'))}")
    except PlatformRevoked:
        return (_READ_ONLY_KEY,)
    return _describe_changes(missing, stopped)


async def remove_webhooks(client: WooClient, callback_url: str) -> None:
    """Delete every webhook to `callback_url`. Raises PlatformUnavailable, PlatformRevoked."""
    found = [
        whole(webhook.get("id"))
        async for page in client.pages(_WEBHOOKS, {"orderby": "id", "order": "asc"}, attempts=1)
        for webhook in page.rows
        if webhook.get("delivery_url") == callback_url
    ]
    await asyncio.gather(*(client.delete(f"{_WEBHOOKS}/{each}") for each in found))


async def _ensure_secret(credentials: Credentials) -> bool:
    """Create a secret unless there is one. True when it is new: older webhooks are then signed with an unknown one."""
    if (await credentials.read()).get("webhook_secret"):
        return False
    async with credentials.change() as values:
        if values.get("webhook_secret"):
            return False
        values["webhook_secret"] = secrets.token_urlsafe(32)
        return True


def _webhook(topic: str, callback_url: str, secret: str) -> Record:
    return {
        "name": f"Aisle: {topic}",
        "topic": topic,
        "delivery_url": callback_url,
        "secret": secret,
        "status": "active",
    }


def _describe_changes(missing: list[str], stopped: list[str]) -> tuple[str, ...]:
    changes = []
    if missing:
        changes.append(f"Webhooks set up in WooCommerce: {', '.join(missing)}.")
    if stopped:
        changes.append(f"WooCommerce had switched off webhooks, which are on again: {', '.join(stopped)}.")
    return tuple(changes)
