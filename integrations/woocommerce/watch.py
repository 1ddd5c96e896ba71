"""Keeping a shop's webhooks alive: WooCommerce never repeats a delivery, and switches off what failed often."""

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
)
_WEBHOOKS = "wc/v3/webhooks"
_ONLY_READING = (
    "The key may only read, so WooCommerce cannot be asked to tell us of changes; we look every few minutes instead. "
    "Connect again with a key of Read/Write permission to see changes at once."
)
Record = dict[str, Any]


async def ensure_webhooks(client: WooClient, credentials: Credentials, callback_url: str) -> tuple[str, ...]:
    """One active webhook per topic to `callback_url`, signed with our secret; what was mended, for the merchant."""
    is_new = await _ensure_secret(credentials)
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
            active = [] if is_new else [each for each in by_topic[topic] if each.get("status") == "active"][:1]
            if not active:
                (stopped if by_topic[topic] and not is_new else missing).append(topic)
                await client.post(_WEBHOOKS, _webhook(topic, callback_url, secret))
            # one that was disabled keeps its count of failures, so that the next would disable it again: it goes
            for each in by_topic[topic]:
                if each not in active:
                    await client.delete(f"{_WEBHOOKS}/{whole(each.get('id'))}")
    except PlatformRevoked:
        return (_ONLY_READING,)
    return _told(missing, stopped)


async def _ensure_secret(credentials: Credentials) -> bool:
    """Whether there was none, so that webhooks of before are signed with what we do not know."""
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


def _told(missing: list[str], stopped: list[str]) -> tuple[str, ...]:
    mended = []
    if missing:
        mended.append(f"Webhooks set up in WooCommerce: {', '.join(missing)}.")
    if stopped:
        mended.append(f"WooCommerce had switched off webhooks, which are on again: {', '.join(stopped)}.")
    return tuple(mended)
