"""Policies and help pages: WordPress pages that sound like them, and the page that WooCommerce names as its terms."""

from typing import Any

from integrations.page_kinds import sounds_helpful
from integrations.platform import PagesUnreadable, PlatformRevoked, PlatformUnavailable, PolicyPage
from integrations.woocommerce.client import Declined, WooClient
from integrations.woocommerce.values import line, moment_of, paragraphs, record, web_address, whole

_PAGES = "wp/v2/pages"
_MEND = (
    "the shop's pages were not read. Where a security plugin closes the REST API to visitors, allow them "
    "/wp-json/wp/v2/pages, or add the shop's address as a website source"
)
_FIELDS = "id,slug,link,title,content,modified_gmt,status"
Record = dict[str, Any]


async def read_policies(client: WooClient) -> list[PolicyPage]:
    """Published pages that anybody may read; asked for without our keys, as a visitor. Raises PagesUnreadable where
    visitors may not read them by REST, or a plugin breaks them."""
    terms = await _terms_page(client)
    params = {"status": "publish", "orderby": "id", "order": "asc", "_fields": _FIELDS}
    try:
        found = [row async for page in client.pages(_PAGES, params) for row in page.rows]
    except PlatformUnavailable as reason:
        raise PagesUnreadable(f"{reason}; {_MEND}") from None
    return [policy for row in found if _is_policy(row, terms) and (policy := _policy(row))]


async def _terms_page(client: WooClient) -> int | None:
    """None where it is not set, or where our key's user may not look into settings."""
    try:
        setting = await client.get("wc/v3/settings/advanced/woocommerce_terms_page_id")
    except Declined as declined:
        if declined.status not in (403, 404):
            raise
        return None
    except PlatformRevoked:
        return None
    return whole(record(setting).get("value"))


def _is_policy(page: Record, terms: int | None) -> bool:
    is_named = sounds_helpful(str(page.get("slug") or "")) or sounds_helpful(_rendered(page, "title"))
    return page.get("status", "publish") == "publish" and (is_named or whole(page.get("id")) == terms)


def _policy(page: Record) -> PolicyPage | None:
    content = record(page.get("content"))
    body = content.get("rendered")
    if content.get("protected") or not isinstance(body, str) or not paragraphs(body):
        return None
    return PolicyPage(
        external_id=str(page.get("id")),
        title=_rendered(page, "title"),
        body=body.replace("\x00", ""),
        url=web_address(page.get("link")),
        media_type="text/html",
        updated_at=moment_of(page.get("modified_gmt")),
    )


def _rendered(page: Record, field: str) -> str:
    return line(record(page.get(field)).get("rendered"))
