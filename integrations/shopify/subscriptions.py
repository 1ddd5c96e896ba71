"""Sees to it that Shopify keeps telling us: it deletes subscriptions that failed too often, without a word."""

from typing import Any

from integrations.shopify import queries
from integrations.shopify.catalog import next_cursor
from integrations.shopify.client import AdminApi, require_no_user_errors, user_errors
from integrations.shopify.webhooks import WATCHED


async def watch(api: AdminApi, callback_url: str) -> tuple[str, ...]:
    """One subscription for each watched topic, to this address with our fields; every other one of ours goes. What
    was mended and what Shopify would not grant, in a sentence each."""
    missing, stray = await _compare(api, callback_url)
    said = [f"Shopify told another address of {_plain(node['topic'])}; removed" for node in stray]
    for node in stray:
        payload = (await api.query(queries.UNWATCH, {"id": node["id"]}))["webhookSubscriptionDelete"]
        require_no_user_errors(payload, "remove a webhook")
    said += [await _subscribe(api, topic, callback_url) for topic in missing]
    return tuple(said)


async def _compare(api: AdminApi, callback_url: str) -> tuple[list[str], list[dict[str, Any]]]:
    missing = dict.fromkeys(WATCHED)
    stray = []
    for node in await _subscriptions(api):
        topic = node["topic"]
        is_ours = topic in missing and node["uri"] == callback_url
        if is_ours and set(node["includeFields"]) == set(WATCHED[topic]):
            del missing[topic]
        else:
            stray.append(node)
    return list(missing), stray


async def _subscriptions(api: AdminApi) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        page = (await api.query(queries.WATCHES, {"after": after}))["webhookSubscriptions"]
        nodes += page["nodes"]
        after = next_cursor(page, after)
        if after is None:
            return nodes


async def _subscribe(api: AdminApi, topic: str, callback_url: str) -> str:
    subscription: dict[str, Any] = {"uri": callback_url, "format": "JSON"}
    if WATCHED[topic]:
        subscription["includeFields"] = list(WATCHED[topic])
    data = await api.query(queries.WATCH, {"topic": topic, "subscription": subscription})
    refusals = user_errors(data["webhookSubscriptionCreate"])
    if refusals:
        return f"Shopify will not report {_plain(topic)}: {'; '.join(refusals)}"
    return f"Shopify now tells of {_plain(topic)}"


def _plain(topic: str) -> str:
    return topic.lower().replace("_", " ")
