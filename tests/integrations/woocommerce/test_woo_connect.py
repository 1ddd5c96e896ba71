"""Connecting: the shop's address, the consent page, keys tried before use, and how requests are signed."""

import logging
import time
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.platform import PlatformRevoked, PlatformUnavailable
from integrations.woocommerce.auth import GrantedKeys, consent_url, normalise_store_url, read_callback
from integrations.woocommerce.oauth import signed
from server.embedded.standins.woocommerce.access import oauth_signature
from server.embedded.standins.woocommerce.store import Failure, Store
from server.embedded.standins.woocommerce_server import WooCommerceStandin, running
from tests.integrations.woocommerce.woo_receiver import Receiver
from tests.integrations.woocommerce.woo_shop import Connect, HeldCredentials, client_of

_NAMES = st.from_regex(r"[a-z_]{1,10}(\[\d\])?", fullmatch=True)


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("shop.example", "https://shop.example"),
        (" https://Shop.Example/ ", "https://shop.example"),
        ("http://shop.example", "http://shop.example"),
        ("https://x.example/shop/", "https://x.example/shop"),
        ("https://x.example/shop/wp-admin/admin.php?page=wc", "https://x.example/shop"),
        ("https://x.example/wp-json/wc/v3", "https://x.example"),
        ("https://x.example:443//a//b", "https://x.example/a/b"),
        ("http://127.0.0.1:8081", "http://127.0.0.1:8081"),
        ("münchen.example", "https://xn--mnchen-3ya.example"),
        ("https://[::1]:8443/", "https://[::1]:8443"),
    ],
)
def test_address_is_normalised(written: str, address: str) -> None:
    assert normalise_store_url(written) == address


@pytest.mark.parametrize(
    "written",
    ["", "ftp://x.example", "https://", "https://a:b@x.example", "https://x y.example", "http://x:port", "a" * 600],
)
def test_what_is_no_address_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"address"):
        normalise_store_url(written)


def test_consent_page_is_asked_for_with_the_state() -> None:
    url = consent_url(
        "https://x.example/shop",
        state="one-time",
        callback_url="https://a.example/cb?c=1",
        return_url="https://a.example/r",
    )
    parts = urlsplit(url)
    assert parts.path == "/shop/wc-auth/v1/authorize"
    assert parse_qs(parts.query) == {
        "app_name": ["Aisle"],
        "scope": ["read_write"],
        "user_id": ["one-time"],
        "return_url": ["https://a.example/r"],
        "callback_url": ["https://a.example/cb?c=1"],
    }
    with pytest.raises(ValueError, match="https"):
        consent_url(
            "https://x.example", state="s", callback_url="http://a.example/cb", return_url="https://a.example/r"
        )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"webhook_id=3",
        b'{"user_id":"s"}',
        b"\xff",
        b'{"user_id":"s","consumer_key":"x","consumer_secret":"cs_1"}',
    ],
)
def test_what_is_no_callback_is_refused_without_its_text(body: bytes) -> None:
    with pytest.raises(ValueError, match="not a callback"):
        read_callback(body)


def test_granted_keys_do_not_show_in_repr() -> None:
    assert "secret-value" not in repr(GrantedKeys("state-1", "ck_secret-value", "cs_secret-value", "read"))


async def _consent(standin: WooCommerceStandin, callback_url: str, **more: str) -> httpx.Response:
    url = consent_url(
        standin.store.url,
        state="one-time",
        callback_url=callback_url.replace("http:", "https:"),
        return_url="http://me/r",
    ).replace("https%3A%2F%2F127", "http%3A%2F%2F127")
    async with httpx.AsyncClient(trust_env=False) as browser:
        return await browser.get(url, params=dict(httpx.URL(url).params) | more)


async def test_consent_hands_over_keys_that_work(connect: Connect, store: Store, standin: WooCommerceStandin) -> None:
    standin.needs_https = False  # nothing on this machine speaks https
    async with Receiver() as receiver:
        back = await _consent(standin, f"{receiver.url}/cb?connection=7")
    assert back.headers["location"] == "http://me/r?success=1&user_id=one-time"
    (came,) = receiver.came
    assert came.path == "/cb?connection=7"
    granted = read_callback(came.body)
    assert (granted.state, granted.permissions) == ("one-time", "read_write")
    held = HeldCredentials(consumer_key=granted.consumer_key, consumer_secret=granted.consumer_secret)
    facts = await connect(https=True, held=held).try_keys()
    assert (facts.name, facts.currency, facts.can_write) == ("Northwind Paper & Ink", "USD", True)


async def test_consent_counts_only_200_and_only_https(standin: WooCommerceStandin) -> None:
    async with Receiver(status=201) as receiver:
        assert "over SSL" in (await _consent(standin, receiver.url)).text
        standin.needs_https = False
        before = len(standin.store.keys)
        assert "Access denied" in (await _consent(standin, receiver.url)).text
        assert len(standin.store.keys) == before
        declined = await _consent(standin, receiver.url, consent="no")
    assert declined.headers["location"] == "http://me/r?success=0&user_id=one-time"
    assert len(receiver.came) == 1


@pytest.mark.parametrize("https", [False, True])
async def test_keys_are_tried(connect: Connect, store: Store, *, https: bool) -> None:
    facts = await connect(https=https).try_keys()
    assert (facts.name, facts.currency, facts.can_write) == ("Northwind Paper & Ink", "USD", True)
    assert not store.webhooks


@pytest.mark.parametrize("https", [False, True])
async def test_read_only_keys_are_told_apart(connect: Connect, store: Store, *, https: bool) -> None:
    key, secret = store.add_key("read")
    facts = await connect(https=https, held=HeldCredentials(consumer_key=key, consumer_secret=secret)).try_keys()
    assert facts.can_write is False


@pytest.mark.parametrize("https", [False, True])
@pytest.mark.parametrize("wrong", ["key", "secret", "write only", "none kept"])
async def test_wrong_keys_are_refused_in_words_without_them(
    connect: Connect, store: Store, caplog: pytest.LogCaptureFixture, wrong: str, *, https: bool
) -> None:
    caplog.set_level(logging.DEBUG)
    key, secret = store.add_key("write") if wrong == "write only" else store.key
    held = HeldCredentials(
        consumer_key="ck_unknown" if wrong == "key" else key,
        consumer_secret="cs_wrong" if wrong == "secret" else secret,
    )
    if wrong == "none kept":
        held = HeldCredentials()
    with pytest.raises(PlatformRevoked, match="connect") as refused:
        await connect(https=https, held=held).try_keys()
    told = f"{refused.value!r} {refused.value.__cause__!r} {caplog.text}"
    assert secret not in told
    assert "cs_wrong" not in told


@pytest.mark.parametrize("mode", ["html", "not_found_html", "inactive", "wall", "redirect", "notice"])
async def test_what_is_no_shop_is_no_refusal(connect: Connect, store: Store, mode: str) -> None:
    store.failure = Failure(mode)
    with pytest.raises(PlatformUnavailable) as said:
        await connect().try_keys()
    assert "oauth" not in str(said.value)
    if mode == "redirect":
        assert "www.shop.example" in str(said.value)


async def test_plain_permalinks_are_explained(connect: Connect, store: Store) -> None:
    store.has_plain_permalinks = True
    with pytest.raises(PlatformUnavailable, match="permalinks"):
        await connect(https=True).try_keys()


async def test_shop_in_a_folder() -> None:
    with running(WooCommerceStandin(prefix="/shop")) as served:
        key, secret = served.store.key
        client = client_of(served.store.url, HeldCredentials(consumer_key=key, consumer_secret=secret), https=False)
        page = await client.page("wc/v3/orders", {"status": ["processing", "on-hold"], "search": "a/b c+~é&=%2F"})
        assert page.rows == []
        await client.close()


async def test_plain_http_takes_no_basic(store: Store) -> None:
    async with httpx.AsyncClient(trust_env=False) as bare:
        response = await bare.get(f"{store.url}/wp-json/wc/v3/orders", auth=store.key)
    assert (response.status_code, response.json()["code"]) == (401, "woocommerce_rest_cannot_view")


async def test_failed_request_is_signed_anew(connect: Connect, store: Store, standin: WooCommerceStandin) -> None:
    store.add_product()
    store.failure = Failure("proxy_limit", times=1, path="wc/v3/products")
    assert len([each async for each in connect().fetch_products()]) == 1
    nonces = [each.query["oauth_nonce"] for each in standin.requests if each.path.endswith("/products")]
    assert len(nonces) == len(set(nonces)) == 2


async def test_a_wrong_clock_is_not_a_wrong_key(connect: Connect, store: Store) -> None:
    store.now = lambda: time.time() + 3600
    with pytest.raises(PlatformUnavailable, match="clock"):
        await connect().find_order("1001")


@given(st.dictionaries(_NAMES, st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=5))
def test_signature_is_what_php_computes(params: dict[str, str]) -> None:
    query = dict(signed("GET", "http://x.example/wp-json/wc/v3/orders", list(params.items()), "ck_1", "cs_2"))
    signature = query.pop("oauth_signature")
    assert signature == oauth_signature("GET", "http://x.example/wp-json/wc/v3/orders", query, "cs_2")
