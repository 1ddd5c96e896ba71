"""Webhooks as WooCommerce sends them: late, merged, once, and never again after too many failures."""

import base64
import hashlib
import hmac
from typing import Any

import httpx
import msgspec

from server.embedded.standins.woocommerce.store import Store, Webhook

MAX_FAILURES = 5
"""More than so many in a row disable a webhook: the seventh does, as seen."""

_AGENT = "WooCommerce/11.0.1 Hookshot (WordPress/7.1)"
TOPICS = frozenset(
    f"{resource}.{event}"
    for resource in ("product", "order", "customer", "coupon")
    for event in ("created", "updated", "deleted", "restored")
)


async def ping(webhook: Webhook) -> None:
    """What a new webhook sends: unsigned, a form."""
    form = {"content-type": "application/x-www-form-urlencoded", "user-agent": _AGENT}
    await _post(webhook.delivery_url, f"webhook_id={webhook.id}".encode(), form)


async def run_queue(store: Store) -> int:
    """Sends what waits, with bodies made now; how many were sent."""
    waiting, store.queue = store.queue, []
    sent = 0
    for webhook_id, topic, subject in waiting:
        webhook = store.webhooks.get(webhook_id)
        if webhook and webhook.status == "active":
            await _deliver(store, webhook, topic, msgspec.json.encode(_body(store, topic, subject)))
            sent += 1
    return sent


async def _deliver(store: Store, webhook: Webhook, topic: str, body: bytes) -> None:
    second = f"{webhook.id}{int(store.now())}"
    resource, _, event = topic.partition(".")
    headers = {
        "content-type": "application/json",
        "user-agent": _AGENT,
        "x-wc-webhook-source": f"{store.url}/",
        "x-wc-webhook-topic": topic,
        "x-wc-webhook-resource": resource,
        "x-wc-webhook-event": event,
        "x-wc-webhook-signature": signature(body, webhook.secret),
        "x-wc-webhook-id": str(webhook.id),
        "x-wc-webhook-delivery-id": hashlib.md5(second.encode()).hexdigest(),
    }
    status = await _post(webhook.delivery_url, body, headers)
    if 200 <= status < 300 or status in (301, 302):
        webhook.failure_count = 0
    elif webhook.failure_count > MAX_FAILURES:
        webhook.status = "disabled"
    else:
        webhook.failure_count += 1


def signature(body: bytes, secret: str) -> str:
    """Base64 of the HMAC-SHA256 over the body as sent."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def _body(store: Store, topic: str, subject: int) -> Any:
    resource, _, event = topic.partition(".")
    if event == "deleted":
        return {"id": subject}
    if resource == "action":
        return {"action": event, "arg": subject}
    found = store.find_product(subject) if resource == "product" else store.orders.get(subject)
    code = "woocommerce_rest_product_invalid_id" if resource == "product" else "woocommerce_rest_shop_order_invalid_id"
    return found or {"code": code, "message": "Invalid ID.", "data": {"status": 404}}


async def _post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """The status; 0 for no response."""
    async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
        try:
            return (await client.post(url, content=body, headers=headers)).status_code
        except httpx.HTTPError:
            return 0
