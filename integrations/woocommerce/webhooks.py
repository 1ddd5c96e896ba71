"""WooCommerce's webhooks: verifying one, recognising repeats, and what may have changed."""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from integrations.platform import CatalogChanged, OrderChanged, PlatformChange, PoliciesChanged
from integrations.woocommerce.values import line, record, whole

TOPIC_HEADER = "x-wc-webhook-topic"
SIGNATURE_HEADER = "x-wc-webhook-signature"
_DELIVERY_HEADER = "x-wc-webhook-delivery-id"
_PING = re.compile(rb"webhook_id=\d{1,20}")


def verify(raw_body: bytes, signature: str | None, secret: str) -> bool:
    """Whether the shop signed exactly this body (base64 HMAC-SHA256; constant time). No secret verifies nothing."""
    expected = base64.b64encode(hmac.new(secret.encode(), raw_body, hashlib.sha256).digest())
    return bool(secret) and hmac.compare_digest(expected, (signature or "").strip().encode())


def is_ping(raw_body: bytes) -> bool:
    """Whether this is the unsigned form that WooCommerce posts when a webhook is created; it expects a 2xx response."""
    return _PING.fullmatch(raw_body.strip()) is not None


def delivery_key(headers: Mapping[str, str], raw_body: bytes) -> str:
    """What repeats of one delivery have in common. The delivery id alone will not do: it is made of webhook and
    second, so two products changed in one second carry the same. `headers` with lower-case names."""
    return f"{headers.get(_DELIVERY_HEADER, '')[:100]}:{hashlib.sha256(raw_body).hexdigest()}"


def read_change(topic: str, raw_body: bytes) -> PlatformChange | None:
    """What may have changed; None for what does not concern us. Of a verified body only.

    Bodies are made when the shop's queue runs: late, merged, or an error in place of what has gone meanwhile. So
    nothing but the id is read of them.
    """
    resource, _, event = topic.strip().lower().partition(".")
    try:
        body = record(msgspec.json.decode(raw_body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        body = {}
    match resource:
        case "product":
            return CatalogChanged(_reference(body))
        case "order":
            return OrderChanged(line(body.get("number")) or None)
        case "action":
            return _of_action(event, body)
        case _:
            return None


def _reference(body: dict[str, Any]) -> str | None:
    """The product's id, for a variation that of its product; None for a signed error."""
    if "code" in body and "id" not in body:
        return None
    parent = whole(body.get("parent_id")) if body.get("type") == "variation" else None
    found = parent or whole(body.get("id"))
    return str(found) if found and found > 0 else None


def _of_action(event: str, body: dict[str, Any]) -> PlatformChange | None:
    action = f"{event} {body.get('action', '')}".lower()
    if "order" in action:
        return OrderChanged()
    if "product" in action or "variation" in action:
        found = whole(body.get("arg"))
        return CatalogChanged(str(found) if found and found > 0 else None)
    return PoliciesChanged() if "page" in action else None
