"""Privacy requests of a store that was disconnected: every shop that once had it acts on them, and on nothing else."""

import asyncio
import itertools
import json
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from server.core.crypto import Vault, app_role_password
from server.core.database import Database, url_for_role
from server.core.jobs import JobService
from server.embedded.standins.shopify.shop import Shop
from server.shops.service import ShopService
from server.stores.service import StoreService
from tests.installation import Installation, ShopAccess
from tests.stores.conftest import await_sync
from tests.stores.shopify_steps import agree, ask_owner, begin, post_compliance
from tests.waiting import await_that

_members = itertools.count(1)


@pytest.fixture
def other(stores: Installation) -> ShopAccess:
    """Another new shop with nothing in it."""
    return stores.create_shop("The next owner", stores.base_url)


@pytest.fixture
def next_merchant(stores: Installation, other: ShopAccess) -> Iterator[httpx.Client]:
    with stores.merchant(other) as client:
        yield client


def connect(stores: Installation, shop: ShopAccess, merchant: httpx.Client, store: Shop) -> str:
    """The new connection's id."""
    email = f"member-{next(_members)}@example.com"
    added = stores.aisle("member", "add", "--shop", shop.shop_id, "--email", email, "--json")
    form = {"email": email, "password": json.loads(added.stdout)["password"]}
    with httpx.Client(base_url=stores.base_url, headers={"Origin": stores.base_url}, timeout=30) as browser:
        assert browser.post("/console/sign-in", data=form).status_code == 303
        back = browser.get(f"/integrations/shopify/callback?{agree(store, begin(browser, store))}")
    assert back.status_code == 303, back.text
    connection_id = back.headers["location"].partition("connected=")[2]
    await_sync(merchant, connection_id)
    return connection_id


def disconnect(merchant: httpx.Client, connection_id: str) -> None:
    assert merchant.delete(f"/v1/connections/{connection_id}").status_code == 204


def records(merchant: httpx.Client, kind: str) -> list[dict[str, Any]]:
    asked: list[dict[str, Any]] = merchant.get("/v1/privacy/requests").json()["data"]
    return [each for each in asked if each["kind"] == kind]


def person(store: Shop, email: str) -> dict[str, Any]:
    return {"customer": {"id": 88, "email": email}, "shop_domain": store.domain}


def left(stores: Installation, store: Shop) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """(shop, connection) pairs that are remembered."""
    rows = ask_owner(stores, "SELECT shop_id, connection_id FROM left_store WHERE address = $1", store.domain)
    return [(row["shop_id"], row["connection_id"]) for row in rows]


def test_a_disconnected_store_still_has_people_told_and_erased(
    stores: Installation, shop: ShopAccess, merchant: httpx.Client, store: Shop
) -> None:
    connection_id = connect(stores, shop, merchant, store)
    shopper = stores.shopper(shop)
    shopper.ask("My address is lena.frost@example.com, do you sell tents?")
    disconnect(merchant, connection_id)
    asked = person(store, "Lena.Frost@example.com")
    assert post_compliance(stores, store, "customers/data_request", asked | {"data_request": {"id": 7}}) == 200
    export = await_that(lambda: records(merchant, "export"), "the export")[0]
    assert connection_id in export["asked_by"]
    assert export["counts"]["conversations"] == 1
    assert post_compliance(stores, store, "customers/redact", asked) == 200
    erased = await_that(lambda: records(merchant, "erase"), "the erasure")[0]
    assert erased["counts"]["messages"] >= 2
    assert shopper.history()["messages"] == []


def test_its_own_end_takes_what_was_read_and_is_then_forgotten(
    stores: Installation, shop: ShopAccess, merchant: httpx.Client, store: Shop
) -> None:
    connection_id = connect(stores, shop, merchant, store)
    stores.shopper(shop).ask("Do you sell tents?")
    disconnect(merchant, connection_id)
    assert merchant.get("/v1/products").json()["data"], "what was read stays when a merchant disconnects"
    assert left(stores, store) == [(uuid.UUID(shop.shop_id), uuid.UUID(connection_id))]
    assert post_compliance(stores, store, "shop/redact", {"shop_domain": store.domain}) == 200
    erased = await_that(lambda: records(merchant, "erase"), "the erasure")[0]
    assert erased["counts"]["products"] == 3
    assert erased["counts"]["conversations"] == 1
    assert merchant.get("/v1/products").json()["data"] == []
    assert left(stores, store) == []
    assert post_compliance(stores, store, "customers/redact", person(store, "x@example.com")) == 200
    assert len(records(merchant, "erase")) == 1


def test_the_shop_before_and_the_shop_now_both_act_once(
    stores: Installation,
    shop: ShopAccess,
    merchant: httpx.Client,
    other: ShopAccess,
    next_merchant: httpx.Client,
    store: Shop,
) -> None:
    said = "I am olaf.berg@example.com, do you sell tents?"
    for _ in range(2):  # had it twice: still asked once
        disconnect(merchant, connect(stores, shop, merchant, store))
    before = stores.shopper(shop)
    before.ask(said)
    connection_id = connect(stores, other, next_merchant, store)
    now = stores.shopper(other)
    now.ask(said)
    assert len(left(stores, store)) == 2
    assert post_compliance(stores, store, "customers/redact", person(store, "olaf.berg@example.com")) == 200
    await_that(lambda: records(next_merchant, "erase"), "the erasure now")
    await_that(lambda: records(merchant, "erase"), "the erasure before")
    assert before.history()["messages"] == now.history()["messages"] == []
    assert post_compliance(stores, store, "app/uninstalled", {"id": 1}) == 200
    path = f"/v1/connections/{connection_id}"
    await_that(lambda: next_merchant.get(path).json()["state"] == "revoked", "the end")
    assert [len(records(each, "erase")) for each in (merchant, next_merchant)] == [1, 1]
    disconnect(next_merchant, connection_id)


def test_nothing_but_privacy_reaches_a_shop_that_left(
    stores: Installation, shop: ShopAccess, merchant: httpx.Client, store: Shop
) -> None:
    connection_id = connect(stores, shop, merchant, store)
    disconnect(merchant, connection_id)
    asked = person(store, "nobody@example.com")
    number = int(next(iter(store.products)).rpartition("/")[2])

    def inbox() -> list[Any]:
        return ask_owner(stores, "SELECT topic FROM inbox WHERE shop_id = $1", uuid.UUID(shop.shop_id))

    def has_left() -> bool:  # a process remembers for some seconds where a store's webhooks lead
        known = inbox()
        assert post_compliance(stores, store, "products/update", {"id": number}) == 200
        return inbox() == known

    await_that(has_left, "the store to be nobody's", poll_s=0.5)
    before = inbox()
    told: list[tuple[str, dict[str, Any]]] = [
        ("products/update", {"id": number}),
        ("products/delete", {"id": number}),
        ("app/uninstalled", {"id": 1}),
        ("orders/updated", {"name": "#1001"}),
        ("customers/redact", asked | {"shop_domain": "another.myshopify.com"}),
    ]
    for topic, body in told:
        assert post_compliance(stores, store, topic, body) == 200
    assert post_compliance(stores, store, "customers/redact", asked, secret="guess") == 401

    assert inbox() == before
    assert len(merchant.get("/v1/products").json()["data"]) == 3


def test_what_was_left_long_ago_is_forgotten(
    stores: Installation, shop: ShopAccess, merchant: httpx.Client, shopify: Any
) -> None:
    old, young = (shopify.shop(f"left-{name}-{uuid.uuid4().hex[:6]}.myshopify.com") for name in ("old", "young"))
    for store in (old, young):
        disconnect(merchant, connect(stores, shop, merchant, store))

    aged = "UPDATE left_store SET left_at = now() - make_interval(days => $2) WHERE address = $1"
    ask_owner(stores, aged, old.domain, 61)
    ask_owner(stores, aged, young.domain, 59)
    asyncio.run(tidy(stores))
    assert left(stores, old) == []
    assert len(left(stores, young)) == 1


async def tidy(stores: Installation) -> None:
    """The worker's round, now."""
    secret = (stores.data_dir / "secret.key").read_text().strip()
    database = Database(url_for_role(stores.owner_url, "aisle_app", app_role_password(secret)), pool_size=1)
    vault = Vault((secret,))
    await database.open()
    try:
        service = StoreService(database, vault, ShopService(database, vault), JobService(database, _no_wake))
        await service.delete_old_left_stores()
    finally:
        await database.close()


async def _no_wake(_shop_id: uuid.UUID, _job_id: uuid.UUID) -> None:
    """Nothing is enqueued here."""


def test_a_store_without_an_address_of_its_own_is_not_remembered(
    stores: Installation, shop: ShopAccess, merchant: httpx.Client
) -> None:
    made = merchant.post("/v1/connections", json={"platform": "demo"}).json()
    disconnect(merchant, made["id"])

    rows = ask_owner(stores, "SELECT address FROM left_store WHERE shop_id = $1", uuid.UUID(shop.shop_id))
    assert rows == []
