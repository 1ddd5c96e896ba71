"""Shoppers who sign in at their Shopify account: the right person or nobody."""

from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
import pytest
from graphql import build_client_schema, parse, validate

from integrations.platform import PlatformUnavailable
from integrations.shopify import AuthRefused
from integrations.shopify.customer_account import (
    WHO_AM_I,
    CustomerSignIn,
    SignedInCustomer,
    SignInAttempt,
    challenge,
)
from server.embedded.standins.shopify.customers import CLIENT_ID
from server.embedded.standins.shopify.schema import PUBLISHED, published_file
from server.embedded.standins.shopify.shop import Shop
from server.embedded.standins.shopify_server import ShopifyStandin
from tests.integrations.shopify.connected import store_http

BACK = "https://aisle.example/integrations/shopify/customer"


@pytest.fixture
def sign_in(standin: ShopifyStandin, shop: Shop) -> CustomerSignIn:
    return CustomerSignIn(store_http(), standin.origin(shop.domain), CLIENT_ID)


async def come_back(sign_in: CustomerSignIn) -> tuple[SignInAttempt, str, str]:
    """The shopper goes to Shopify and returns with a code and the state."""
    url, attempt = await sign_in.begin(BACK)
    async with httpx.AsyncClient(trust_env=False) as browser:
        response = await browser.get(url)
    returned = parse_qs(urlsplit(response.headers["location"]).query)
    return attempt, returned["code"][0], returned["state"][0]


async def test_a_customer_is_known_after_signing_in(sign_in: CustomerSignIn) -> None:
    attempt, code, state = await come_back(sign_in)
    assert attempt.verifier not in repr(attempt)
    assert await sign_in.finish(attempt, code, state) == SignedInCustomer("501", "ada@example.com")
    with pytest.raises(AuthRefused):
        await sign_in.finish(attempt, code, state)


async def test_another_sessions_return_is_refused(sign_in: CustomerSignIn) -> None:
    mine, code, _ = await come_back(sign_in)
    _, attackers_code, attackers_state = await come_back(sign_in)
    with pytest.raises(AuthRefused, match="started elsewhere"):
        await sign_in.finish(mine, attackers_code, attackers_state)
    with pytest.raises(AuthRefused):
        await sign_in.finish(mine, attackers_code, mine.state)
    with pytest.raises(AuthRefused):
        await sign_in.finish(msgspec.structs.replace(mine, verifier="guessed"), code, mine.state)


async def test_an_account_without_an_address(shop: Shop, sign_in: CustomerSignIn) -> None:
    shop.accounts.customer = {"id": "gid://shopify/Customer/7", "emailAddress": None}
    assert await sign_in.finish(*await come_back(sign_in)) == SignedInCustomer("7", None)


async def test_nobody_is_not_somebody(shop: Shop, sign_in: CustomerSignIn) -> None:
    shop.accounts.customer = None
    with pytest.raises(PlatformUnavailable):
        await sign_in.finish(*await come_back(sign_in))


async def test_a_shop_without_customer_accounts(shop: Shop, sign_in: CustomerSignIn) -> None:
    shop.accounts.is_discoverable = False
    with pytest.raises(PlatformUnavailable, match="accounts"):
        await sign_in.begin(BACK)


def test_the_challenge_is_that_of_the_standard() -> None:
    assert challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.mark.parametrize("version", ["2026-04", "2026-07", "2026-10"])
def test_the_document_is_valid(version: str) -> None:
    path = PUBLISHED / f"customer_{version}.json.gz"
    if not path.exists():
        pytest.skip(f"the customer schema of {version} is not at ../shared/schemas/shopify")
    schema = build_client_schema(published_file(path)["data"], assume_valid=True)
    assert validate(schema, parse(WHO_AM_I)) == []
