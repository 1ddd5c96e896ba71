"""The webhooks that we subscribe to. They are checked again and again, because Shopify deletes a subscription whose
deliveries fail too often, and does not say so."""

from typing import Any

from integrations.shopify import queries
from integrations.shopify.catalog import next_cursor
from integrations.shopify.client import AdminApi, require_no_user_errors, user_errors
from integrations.shopify.webhooks import TOPIC_FIELDS


async def ensure_webhooks(api: AdminApi, callback_url: str) -> tuple[str, ...]:
    """Subscribe `callback_url` to each topic of TOPIC_FIELDS with its fields, and delete the app's other subscriptions.

    Returns a sentence for the merchant about each subscription that was created, deleted or refused. Raises
    PlatformUnavailable and PlatformRevoked.
    """
    missing, outdated = await _compare(api, callback_url)
    changes = [f"Removed an outdated webhook of Shopify for {_plain(node['topic'])}" for node in outdated]
    for node in outdated:
        payload = (await api.query(queries.DELETE_WEBHOOK, {"id": node["id"]}))["webhookSubscriptionDelete"]
        require_no_user_errors(payload, "remove a webhook")
    changes += [await _subscribe(api, topic, callback_url) for topic in missing]
    return tuple(changes)


async def _compare(api: AdminApi, callback_url: str) -> tuple[list[str], list[dict[str, Any]]]:
    """The topics without the subscription that we need, and the subscriptions that we do not need."""
    missing = dict.fromkeys(TOPIC_FIELDS)
    outdated = []
    for node in await _list_subscriptions(api):
        topic = node["topic"]
        is_expected = topic in missing and node["uri"] == callback_url
        if is_expected and set(node["includeFields"]) == set(TOPIC_FIELDS[topic]):
            del missing[topic]
        else:
            outdated.append(node)
    return list(missing), outdated


async def _list_subscriptions(api: AdminApi) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        page = (await api.query(queries.LIST_WEBHOOKS, {"after": after}))["webhookSubscriptions"]
        nodes += page["nodes"]
        after = next_cursor(page, after)
        if after is None:
            return nodes


async def _subscribe(api: AdminApi, topic: str, callback_url: str) -> str:
    subscription: dict[str, Any] = {"uri": callback_url, "format": "JSON"}
    if TOPIC_FIELDS[topic]:
        subscription["includeFields"] = list(TOPIC_FIELDS[topic])
    data = await api.query(queries.CREATE_WEBHOOK, {"topic": topic, "subscription": subscription})
    refusals = user_errors(data["webhookSubscriptionCreate"])
    if refusals:
        return f"Shopify will not report {_plain(topic)}: {'; '.join(refusals)}"
    return f"Shopify now reports {_plain(topic)}"


def _plain(topic: str) -> str:
    return topic.lower().replace("_", " ")
