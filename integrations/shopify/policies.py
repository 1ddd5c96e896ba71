"""The shop's legal policies and the pages of its online store, as HTML."""

from collections.abc import AsyncIterator
from typing import Any, TypeVar

import msgspec

from integrations.platform import PlatformUnavailable, PolicyPage
from integrations.shopify import queries
from integrations.shopify.catalog import next_cursor
from integrations.shopify.client import AdminApi
from integrations.shopify.mapping import legacy_number
from integrations.shopify.records import Domain, PageNode, PolicyNode
from integrations.text import one_line

HTML = "text/html"
_Node = TypeVar("_Node", bound=msgspec.Struct)


async def read_policies(api: AdminApi) -> list[PolicyPage]:
    """Policies that say something, then published pages, each in Shopify's order."""
    shop = (await api.query(queries.POLICIES))["shop"]
    policies = [_to_policy(_convert(node, PolicyNode)) for node in shop["shopPolicies"]]
    store_url = _convert(shop["primaryDomain"], Domain).url.rstrip("/")
    pages = [_to_page(_convert(node, PageNode), store_url) async for node in _pages(api) if node["isPublished"]]
    return [page for page in (*policies, *pages) if page.body.strip()]


async def _pages(api: AdminApi) -> AsyncIterator[dict[str, Any]]:
    after: str | None = None
    while True:
        page = (await api.query(queries.PAGES, {"after": after}))["pages"]
        for node in page["nodes"]:
            yield node
        after = next_cursor(page, after)
        if after is None:
            return


def _to_policy(node: PolicyNode) -> PolicyPage:
    return PolicyPage(
        external_id=f"policy-{node.type.lower().replace('_', '-')}",
        title=one_line(node.title),
        body=node.body,
        url=node.url,
        media_type=HTML,
        updated_at=node.updated_at,
    )


def _to_page(node: PageNode, store_url: str) -> PolicyPage:
    return PolicyPage(
        external_id=f"page-{legacy_number(node.id)}",
        title=one_line(node.title),
        body=node.body,
        url=f"{store_url}/pages/{node.handle}",
        media_type=HTML,
        updated_at=node.updated_at,
    )


def _convert(node: object, kind: type[_Node]) -> _Node:
    try:
        return msgspec.convert(node, kind, strict=False)
    except msgspec.ValidationError as reason:
        raise PlatformUnavailable(f"Shopify sent a page that cannot be read ({reason})") from None
