"""wc-auth: the page on which a merchant lets an app have keys, and what follows."""

from urllib.parse import urlencode

import httpx

from server.embedded.standins.woocommerce.replies import Reply, Request, page
from server.embedded.standins.woocommerce.store import Store

_SCOPES = ("read", "write", "read_write")


def _refusal(query: dict[str, str], *, needs_https: bool) -> str | None:
    for name in ("app_name", "user_id", "return_url", "callback_url", "scope"):
        if not query.get(name):
            return f"Missing parameter {name}"
    if query["scope"] not in _SCOPES:
        return "Invalid scope"
    if needs_https and not query["callback_url"].startswith("https://"):
        return "The callback_url needs to be over SSL"
    return None


async def authorize(store: Store, request: Request, *, needs_https: bool) -> Reply:
    """The whole consent in one request: `?consent=no` is a merchant who declines. The keys are posted, unsigned,
    before the browser goes back; only a response of exactly 200 counts."""
    query = request.query
    problem = _refusal(query, needs_https=needs_https)
    if problem:
        return page(401, f"<title>Error</title>Error: {problem}.")
    granted = query.get("consent") != "no"
    if granted:
        key, secret = store.add_key(query["scope"])
        told = {"key_id": store.new_id(), "user_id": query["user_id"], "consumer_key": key, "consumer_secret": secret,
                "key_permissions": query["scope"]}  # fmt: skip
        headers = {"content-type": "application/json;charset=UTF-8"}
        async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
            response = await client.post(query["callback_url"], json=told, headers=headers)
        if response.status_code != 200:
            del store.keys[key]
            return page(401, "<title>Access denied</title>Error: An error occurred in the request.")
    back = urlencode({"success": int(granted), "user_id": query["user_id"]})
    join = "&" if "?" in query["return_url"] else "?"
    return page(302, "", location=f"{query['return_url']}{join}{back}")
