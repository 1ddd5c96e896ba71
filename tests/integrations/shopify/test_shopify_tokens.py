"""Tokens that expire while many processes use them, answers that are lost, secrets that change."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import httpx
import pytest

from integrations.platform import PlatformRevoked, PlatformUnavailable
from integrations.shopify import InstallState, ShopifyApp, ShopifyPlatform, TokenEndpoint
from integrations.shopify.auth import SCOPES, authorize_url, missing_scopes, read_callback, sign_state
from server.embedded.standins.shopify.records import order
from server.embedded.standins.shopify.shop import Shop
from server.embedded.standins.shopify.signing import session_token
from server.embedded.standins.shopify.tokens import API_KEY, SECRET
from server.embedded.standins.shopify_server import ShopifyStandin
from tests.integrations.shopify.connected import APP, SharedCredentials, store_http

Connect = Callable[..., ShopifyPlatform]


def age(credentials: SharedCredentials, seconds_left: float) -> None:
    """As if the token had been bought so long ago that only this is left."""
    ends = datetime.now(UTC) + timedelta(seconds=seconds_left)
    credentials.kept = {**credentials.kept, "expires_at": ends.isoformat()}


async def test_an_install_ends_with_tokens_that_work(standin: ShopifyStandin, shop: Shop) -> None:
    state = sign_state(InstallState(shop.domain, "shop-7", "nonce"), APP.secrets, datetime.now(UTC).timestamp())
    url = authorize_url(shop.domain, API_KEY, "https://aisle.example/back", state)
    async with httpx.AsyncClient(trust_env=False) as browser:
        back = await browser.get(url.replace(f"https://{shop.domain}", standin.origin(shop.domain)))
    returned = urlsplit(back.headers["location"])
    callback = read_callback(returned.query, APP.secrets, "nonce", datetime.now(UTC).timestamp())
    desk = TokenEndpoint(store_http(), standin.origin(shop.domain), APP)
    bought = await desk.exchange_code(callback.code)
    assert missing_scopes(bought["scope"]) == ()
    assert set(bought) == {"access_token", "refresh_token", "expires_at", "scope"}
    assert datetime.fromisoformat(bought["expires_at"]) > datetime.now(UTC) + timedelta(minutes=55)
    assert shop.tokens.is_good(bought["access_token"])
    with pytest.raises(PlatformRevoked):
        await desk.exchange_code(callback.code)


async def test_the_embedded_app_buys_its_tokens_with_a_session_token(standin: ShopifyStandin, shop: Shop) -> None:
    desk = TokenEndpoint(store_http(), standin.origin(shop.domain), APP)
    bought = await desk.exchange_session_token(session_token(shop.domain, API_KEY, SECRET))
    assert shop.tokens.is_good(bought["access_token"])
    assert '"expiring":"1"' in shop.requests[-1]["body"]


async def test_many_processes_renew_a_token_once(shop: Shop, connect: Connect, credentials: SharedCredentials) -> None:
    shop.place(order(1001))
    age(credentials, 10)
    found = await asyncio.gather(*(connect().find_order("1001") for _ in range(20)))
    assert all(found)
    assert shop.tokens.refreshes == 1
    assert credentials.kept["access_token"] == shop.tokens.access
    assert credentials.kept["refresh_token"] == shop.tokens.refresh


async def test_a_token_that_another_process_replaced_is_looked_up_not_renewed(
    shop: Shop, connect: Connect, credentials: SharedCredentials
) -> None:
    shop.place(order(1001))
    first, second = connect(), connect()
    assert await first.find_order("1001")
    assert await second.find_order("1001")
    age(credentials, 10)
    assert await connect().find_order("1001")
    assert await asyncio.gather(first.find_order("1001"), second.find_order("1001"))
    assert shop.tokens.refreshes == 1


async def test_a_token_that_died_early_is_renewed(shop: Shop, connect: Connect) -> None:
    shop.place(order(1001))
    platform = connect()
    assert await platform.find_order("1001")
    shop.tokens.access = "gone"
    assert await asyncio.gather(*(platform.find_order("1001") for _ in range(5)))
    assert shop.tokens.refreshes == 1


async def test_a_lost_answer_is_asked_for_again(shop: Shop, connect: Connect, credentials: SharedCredentials) -> None:
    shop.place(order(1001))
    age(credentials, -10)
    shop.fail("lost")
    assert await connect().find_order("1001")
    assert shop.tokens.refreshes == 2
    assert credentials.kept["refresh_token"] == shop.tokens.refresh


async def test_a_process_that_died_before_it_saved_leaves_a_refresh_token_that_works(
    shop: Shop, connect: Connect, credentials: SharedCredentials
) -> None:
    shop.place(order(1001))
    age(credentials, -10)
    shop.tokens.ask(
        {
            "client_id": API_KEY,
            "client_secret": SECRET,
            "grant_type": "refresh_token",
            "refresh_token": credentials.kept["refresh_token"],
        }
    )
    assert await connect().find_order("1001")


async def test_nothing_is_saved_when_a_refresh_fails(
    shop: Shop, connect: Connect, credentials: SharedCredentials
) -> None:
    age(credentials, -10)
    before = dict(credentials.kept)
    shop.fail("html", times=3)
    with pytest.raises(PlatformUnavailable):
        await connect().find_order("1001")
    assert credentials.kept == before


async def test_a_refused_refresh_says_how_to_mend_it(
    shop: Shop, connect: Connect, credentials: SharedCredentials
) -> None:
    age(credentials, -10)
    shop.uninstall()
    with pytest.raises(PlatformRevoked, match="install Aisle again") as told:
        await connect().find_order("1001")
    assert credentials.kept["refresh_token"] not in str(told.value)


async def test_a_token_without_an_end_is_used_until_it_is_refused(
    shop: Shop, connect: Connect, credentials: SharedCredentials
) -> None:
    shop.place(order(1001))
    credentials.kept = {"access_token": credentials.kept["access_token"]}
    platform = connect()
    assert await platform.find_order("1001")
    shop.tokens.revoke()
    with pytest.raises(PlatformRevoked):
        await platform.find_order("1001")


async def test_a_connection_that_is_gone(connect: Connect, credentials: SharedCredentials) -> None:
    credentials.is_gone = True
    with pytest.raises(PlatformRevoked):
        await connect().find_order("1001")


async def test_while_the_secret_changes_either_one_renews(
    shop: Shop, connect: Connect, credentials: SharedCredentials
) -> None:
    shop.place(order(1001))
    age(credentials, -10)
    app = ShopifyApp(API_KEY, ("newest-secret-not-yet-known-there", SECRET), "https://aisle.example")
    assert await connect(app=app).find_order("1001")


async def test_a_wrong_secret_is_our_fault_not_the_merchants(connect: Connect, credentials: SharedCredentials) -> None:
    age(credentials, -10)
    app = ShopifyApp(API_KEY, ("wrong-secret",), "https://aisle.example")
    with pytest.raises(PlatformUnavailable, match="SHOPIFY_API_SECRET") as told:
        await connect(app=app).find_order("1001")
    assert "wrong-secret" not in str(told.value)
    assert "wrong-secret" not in repr(app)


def test_our_scopes_are_those_of_the_standin(shop: Shop) -> None:
    assert shop.tokens.scopes == set(SCOPES)
