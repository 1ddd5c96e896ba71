"""The app's page inside Shopify's admin: who may frame it, and what a session token tells and mends."""

import re
import time
import urllib.parse
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from server.embedded.standins.shopify.shop import SCOPES, Shop
from server.embedded.standins.shopify.signing import callback_query, session_token
from server.embedded.standins.shopify.tokens import API_KEY, SECRET
from tests.installation import Installation
from tests.stores.conftest import await_sync
from tests.stores.shopify_steps import ask_owner, install, post_compliance, tell
from tests.waiting import await_that

LAUNCH = "/integrations/shopify/app"
SESSION = "/integrations/shopify/session"
EXCHANGE = "token-exchange"


@pytest.fixture
def merchant(stores: Installation) -> Iterator[httpx.Client]:
    """The merchant of this test's own shop."""
    with stores.merchant() as client:
        yield client


@pytest.fixture
def connection(console: httpx.Client, merchant: httpx.Client, store: Shop) -> Iterator[dict[str, Any]]:
    made = install(console, merchant, store)
    yield made
    merchant.delete(f"/v1/connections/{made['id']}")


def launch(stores: Installation, store: Shop, secret: str = SECRET, **changes: str) -> httpx.Response:
    told = {"shop": store.domain, "host": "YWRtaW4", "embedded": "1", "timestamp": str(int(time.time()))} | changes
    return httpx.get(f"{stores.base_url}{LAUNCH}?{callback_query(told, secret)}")


def open_app(stores: Installation, token: str | None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    return httpx.post(f"{stores.base_url}{SESSION}", headers=headers, timeout=30)


def token_of(store: Shop, secret: str = SECRET, api_key: str = API_KEY, **claims: Any) -> str:
    return session_token(store.domain, api_key, secret, **claims)


def exchanges(store: Shop) -> int:
    """How often credentials were bought with a session token."""
    return sum(EXCHANGE in each["body"] for each in store.requests if each["path"].endswith("oauth/access_token"))


def ancestors(page: httpx.Response) -> str:
    return page.headers["content-security-policy"].partition("frame-ancestors ")[2]


def test_the_page_is_framed_by_its_own_admin_only(stores: Installation, store: Shop) -> None:
    page = launch(stores, store)
    assert page.status_code == 200
    assert ancestors(page) == f"https://{store.domain} https://admin.shopify.com"
    assert f'<meta name="shopify-api-key" content="{API_KEY}">' in page.text
    nonce = re.search(r"script-src 'nonce-([^']+)' https://cdn.shopify.com;", page.headers["content-security-policy"])
    assert nonce
    scripts = re.findall(r"<(?:script|style)[^>]*>", page.text)
    assert len(scripts) == 3
    assert all(f'nonce="{nonce[1]}"' in each for each in scripts)
    assert "set-cookie" not in page.headers
    assert page.headers["referrer-policy"] == "no-referrer"
    assert f"https://{store.domain}/admin/themes/current/editor?context=apps" in page.text
    assert nonce[1] not in launch(stores, store).text


@pytest.mark.parametrize(
    "forged",
    [
        {"secret": "guess"},
        {"timestamp": "1700000000"},
        {"shop": "evil.example"},
        {"shop": "evil.example/.myshopify.com"},
        {"shop": "a.myshopify.com; script-src *"},
    ],
    ids=str,
)
def test_without_a_launch_of_shopifys_nobody_may_frame_it(
    stores: Installation, store: Shop, forged: dict[str, str]
) -> None:
    page = launch(stores, store, **forged)
    assert page.status_code == 200
    assert ancestors(page) == "'none'"
    assert "Open Aisle from Shopify" in page.text
    assert "cdn.shopify.com" not in page.text + page.headers["content-security-policy"]
    assert store.domain not in page.text


def test_a_launch_that_was_tampered_with_is_none(stores: Installation, store: Shop) -> None:
    query = callback_query({"shop": store.domain, "timestamp": str(int(time.time()))}, SECRET)
    attacker = "evil-store.myshopify.com"
    for other in ("", query.replace(store.domain, attacker), f"{query}&shop={attacker}", f"shop={attacker}&{query}"):
        page = httpx.get(f"{stores.base_url}{LAUNCH}?{other}")
        assert ancestors(page) == "'none'"
        assert attacker not in page.text


def test_a_store_that_nobody_has_is_told_where_to_connect(stores: Installation, store: Shop) -> None:
    response = open_app(stores, token_of(store))
    assert response.status_code == 200
    query = urllib.parse.urlencode({"platform": "shopify", "store": store.domain})
    assert response.json() == {"connected": False, "connect_url": f"{stores.base_url}/console/stores?{query}"}
    assert exchanges(store) == 0
    assert response.headers["cache-control"] == "private, no-store"


def test_a_connected_store_is_told_how_it_does(stores: Installation, store: Shop, connection: dict[str, Any]) -> None:
    answer = open_app(stores, token_of(store)).json()
    assert answer == {
        "connected": True,
        "name": store.domain.removesuffix(".myshopify.com"),
        "state": "active",
        "sync_state": "synced",
        "synced_at": answer["synced_at"],
        "problem": connection["problem"],
        "products": 3,
    }
    assert answer["synced_at"]
    assert exchanges(store) == 0, "good credentials are left alone"


def test_what_is_no_token_of_shopifys_tells_nothing(
    stores: Installation, store: Shop, connection: dict[str, Any], console: httpx.Client
) -> None:
    now = int(time.time())
    good = token_of(store)
    head, body, signature = good.split(".")
    forged = [
        None,
        "x",
        f"{head}.{body}.{signature[::-1]}",
        f"eyJhbGciOiJub25lIn0.{body}.",
        token_of(store, secret="a guess of somebody"),
        token_of(store, api_key="another-app"),
        token_of(store, exp=now - 11),
        token_of(store, nbf=now + 30),
        token_of(store, iss="https://another.myshopify.com/admin"),
        token_of(store, dest="https://evil.example"),
        stores.demo_shop.secret_key,
    ]
    for token in forged:
        response = open_app(stores, token)
        assert response.status_code == 401, token
        assert store.domain not in response.text
    assert console.post(SESSION).status_code == 401, "the console's cookie is nothing here"
    assert exchanges(store) == 0


def test_a_token_tells_of_its_own_store_only(
    stores: Installation, shopify: Any, store: Shop, connection: dict[str, Any]
) -> None:
    stranger = shopify.shop(f"stranger-{uuid.uuid4().hex[:6]}.myshopify.com")
    response = httpx.post(
        f"{stores.base_url}{SESSION}?shop={store.domain}",
        headers={"Authorization": f"Bearer {token_of(stranger)}", "X-Shopify-Shop-Domain": store.domain},
        json={"shop": store.domain},
    )
    assert response.json()["connected"] is False
    assert store.domain not in response.text
    assert exchanges(store) == exchanges(stranger) == 0


def test_opening_the_app_mends_a_connection_that_was_lost(
    stores: Installation, merchant: httpx.Client, store: Shop, connection: dict[str, Any]
) -> None:
    path = f"/v1/connections/{connection['id']}"
    store.uninstall()
    assert post_compliance(stores, store, "app/uninstalled", {"id": 1}) == 200
    await_that(lambda: merchant.get(path).json()["state"] == "revoked", "the end")
    store.fail("400")
    still = open_app(stores, token_of(store)).json()
    assert (still["connected"], still["state"]) == (True, "revoked")
    assert "Connect it again" in still["problem"]
    rename(store, f"Back again {store.domain}")
    mended = open_app(stores, token_of(store)).json()
    assert (mended["state"], mended["problem"]) == ("active", None)
    assert exchanges(store) == 2

    def titles() -> set[str]:
        return {each["title"] for each in merchant.get("/v1/products", params={"limit": 200}).json()["data"]}

    await_that(lambda: f"Back again {store.domain}" in titles(), "what changed meanwhile")
    await_that(lambda: store.subscriptions, "the webhooks")
    number = rename(store, f"And listening {store.domain}")
    assert tell(store, "products/update", {"id": number}) == [200]
    await_that(lambda: f"And listening {store.domain}" in titles(), "the change")


def rename(store: Shop, title: str) -> int:
    """Call the store's first product so, from now on; its number."""
    product = next(iter(store.products.values()))
    store.add({**product, "title": title, "updatedAt": datetime.now(UTC).isoformat()})
    return int(product["id"].rpartition("/")[2])


def test_credentials_near_their_end_are_renewed_once(
    stores: Installation, console: httpx.Client, merchant: httpx.Client, store: Shop
) -> None:
    store.tokens.lives_s = 200
    connection = install(console, merchant, store)
    store.tokens.lives_s = 3600
    before = store.tokens.access
    assert open_app(stores, token_of(store)).json()["state"] == "active"
    assert store.tokens.access != before
    assert exchanges(store) == 1
    open_app(stores, token_of(store))
    assert exchanges(store) == 1
    merchant.post(f"/v1/connections/{connection['id']}/sync").raise_for_status()
    await_sync(merchant, connection["id"])
    assert merchant.get(f"/v1/connections/{connection['id']}").json()["state"] == "active"
    merchant.delete(f"/v1/connections/{connection['id']}")


def test_what_was_granted_since_is_taken(
    stores: Installation, console: httpx.Client, merchant: httpx.Client, store: Shop
) -> None:
    """Where the merchant still withholds something, opening the app again soon ends no token."""
    store.tokens.scopes = SCOPES - {"read_inventory"}
    connection = install(console, merchant, store)

    def minutes_pass() -> None:
        query = "UPDATE connection SET settings = settings || $2::jsonb WHERE id = $1"
        ask_owner(stores, query, uuid.UUID(connection["id"]), '{"connected_at": "2026-01-01T00:00:00+00:00"}')

    open_app(stores, token_of(store))
    assert exchanges(store) == 0, "it was asked for just now"
    minutes_pass()
    for _ in range(2):
        open_app(stores, token_of(store))
    assert exchanges(store) == 1
    store.tokens.scopes = set(SCOPES)
    for _ in range(2):
        minutes_pass()
        open_app(stores, token_of(store))
    assert exchanges(store) == 2
    merchant.delete(f"/v1/connections/{connection['id']}")


def test_an_outage_of_shopifys_is_no_outage_of_the_page(
    stores: Installation, merchant: httpx.Client, store: Shop, connection: dict[str, Any]
) -> None:
    path = f"/v1/connections/{connection['id']}"
    assert post_compliance(stores, store, "app/uninstalled", {"id": 1}) == 200
    await_that(lambda: merchant.get(path).json()["state"] == "revoked", "the end")
    store.fail("500", 3)
    response = open_app(stores, token_of(store))
    assert (response.status_code, response.json()["state"]) == (200, "revoked")
    assert open_app(stores, token_of(store)).json()["state"] == "active"
