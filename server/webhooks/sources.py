"""How each platform sends webhooks, in the inbox's words."""

import hashlib

from msgspec import Struct

from integrations.platform import PlatformChange
from integrations.shopify import webhooks as shopify
from integrations.woocommerce import webhooks as woocommerce
from server.webhooks.service import Delivery, Reading, Source


class ShopifySecrets(Struct, frozen=True):
    """The app's secrets, newest first; empty where this installation has no app."""

    secrets: tuple[str, ...]


def shop_domain(delivery: Delivery) -> str:
    """Which store a delivery of Shopify names; "" for none."""
    return shopify.shop_domain(delivery.headers) or ""


def _verify_shopify(delivery: Delivery, secrets: tuple[str, ...]) -> bool:
    return shopify.verify(delivery.body, shopify.signature_of(delivery.headers), secrets)


def _read_shopify(delivery: Delivery) -> Reading:
    topic = shopify.topic_of(delivery.headers)
    key = shopify.delivery_id(delivery.headers) or hashlib.sha256(delivery.body).hexdigest()
    is_ours = shopify.is_of_shop(topic, delivery.body, shopify.shop_domain(delivery.headers))
    return Reading(topic=topic, key=key, change=shopify.read_change(topic, delivery.body) if is_ours else None)


def _verify_woocommerce(delivery: Delivery, secrets: tuple[str, ...]) -> bool:
    signature = delivery.headers.get(woocommerce.SIGNATURE_HEADER)
    return any(woocommerce.verify(delivery.body, signature, secret) for secret in secrets)


def _read_woocommerce(delivery: Delivery) -> Reading:
    topic = delivery.headers.get(woocommerce.TOPIC_HEADER, "")
    change: PlatformChange | None = woocommerce.read_change(topic, delivery.body)
    return Reading(topic=topic, key=woocommerce.delivery_key(delivery.headers, delivery.body), change=change)


SHOPIFY = Source(platform="shopify", verify=_verify_shopify, read=_read_shopify)
WOOCOMMERCE = Source(
    platform="woocommerce",
    verify=_verify_woocommerce,
    read=_read_woocommerce,
    is_ping=lambda delivery: woocommerce.is_ping(delivery.body),
)
