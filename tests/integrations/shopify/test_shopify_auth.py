"""Forged, stale, replayed and mixed-up calls, each against the genuine one beside it. Shopify's own library agrees."""

import time
from base64 import urlsafe_b64encode
from datetime import datetime
from unittest.mock import Mock
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey

from integrations.shopify import SCOPES, AuthRefused, InstallState
from integrations.shopify.auth import (
    authorize_url,
    deep_link,
    find_shop_domain,
    is_signed_launch,
    missing_scopes,
    read_callback,
    read_proxy_call,
    read_session_token,
    sign_state,
)
from server.embedded.standins.shopify.signing import callback_query, proxy_query, session_token

NOW = 1_790_000_000.0
SHOP = "acme.myshopify.com"
KEY, OLD, NEW = "app-key", "old-secret-of-our-app-32-characters", "new-secret-of-our-app-32-characters"
SECRETS = (NEW, OLD)
NO_ALGORITHM = urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
STATE = InstallState(SHOP, "shop-7", "nonce-1")


@pytest.mark.parametrize("text", ["acme.myshopify.com", "ACME.MyShopify.com", "a-b_1.myshopify.com", "0.myshopify.com"])
def test_shop_domains(text: str) -> None:
    assert find_shop_domain(text) == text.lower()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "myshopify.com",
        ".myshopify.com",
        "-a.myshopify.com",
        "a.b.myshopify.com",
        "acme.myshopify.com.evil.example",
        "evil.example/acme.myshopify.com",
        "evil.example#acme.myshopify.com",
        "acme.myshopify.com\n",
        "acme.myshopify.com:443",
        "user@acme.myshopify.com",
        "acme.example",
        "аcme.myshopify.com",
        "a" * 200 + ".myshopify.com",
    ],
)
def test_what_is_no_shop_domain(text: str) -> None:
    assert find_shop_domain(text) is None
    with pytest.raises(AuthRefused):
        authorize_url(text, KEY, "https://aisle.example/callback", "state")


def test_the_authorize_url_asks_for_our_scopes() -> None:
    url = urlsplit(authorize_url("Acme.myshopify.com", KEY, "https://aisle.example/back?a=b&c", "st&te"))
    assert (url.scheme, url.netloc, url.path) == ("https", SHOP, "/admin/oauth/authorize")
    assert parse_qs(url.query) == {
        "client_id": [KEY],
        "scope": [",".join(SCOPES)],
        "redirect_uri": ["https://aisle.example/back?a=b&c"],
        "state": ["st&te"],
    }


def test_scopes_that_were_not_granted_are_named() -> None:
    assert missing_scopes(",".join(SCOPES)) == ()
    granted = ",".join(scope for scope in SCOPES if scope not in ("read_orders", "read_products"))
    assert missing_scopes(f"{granted}, write_products") == ("read_orders",)
    assert missing_scopes("") == SCOPES


def test_the_deep_link_names_the_app_and_its_block() -> None:
    assert deep_link(SHOP, KEY) == (
        "https://acme.myshopify.com/admin/themes/current/editor?context=apps&activateAppId=app-key%2Faisle"
    )


def callback(secret: str = NEW, **changes: str) -> str:
    params = {
        "shop": SHOP,
        "code": "c0de",
        "state": sign_state(STATE, SECRETS, NOW - 5),
        "timestamp": str(int(NOW)),
        "host": "YWRtaW4",
        **changes,
    }
    return callback_query(params, secret)


@pytest.mark.parametrize("secret", SECRETS)
def test_a_genuine_callback_is_read_with_either_secret(secret: str) -> None:
    found = read_callback(callback(secret), SECRETS, "nonce-1", NOW)
    assert (found.shop_domain, found.code, found.state) == (SHOP, "c0de", STATE)
    assert "c0de" not in repr(found)


def test_a_state_signed_before_a_rotation_is_still_good() -> None:
    query = callback(state=sign_state(STATE, (OLD,), NOW - 5))
    assert read_callback(query, SECRETS, "nonce-1", NOW).state == STATE


FORGERIES = {
    "another secret": callback("not-our-secret-of-32-characters-or-so"),
    "another shop behind the signature": callback().replace("acme", "evil"),
    "another code behind the signature": callback().replace("c0de", "c0d3"),
    "an added shop": callback() + "&shop=evil.myshopify.com",
    "no signature": callback().split("&hmac=")[0],
    "two signatures": callback() + "&hmac=00",
    "an upper-case signature": callback().split("&hmac=")[0] + "&hmac=" + callback().split("&hmac=")[1].upper(),
    "too old": callback(timestamp=str(int(NOW) - 91)),
    "from the future": callback(timestamp=str(int(NOW) + 91)),
    "no time": callback(timestamp="soon"),
    "a shop that is none": callback(shop="evil.example"),
    "no code": callback(code=""),
    "a state of another shop": callback(
        state=sign_state(InstallState("b.myshopify.com", "r", "nonce-1"), SECRETS, NOW)
    ),
    "a state of another browser": callback(state=sign_state(InstallState(SHOP, "r", "nonce-2"), SECRETS, NOW)),
    "a state that took too long": callback(state=sign_state(STATE, SECRETS, NOW - 601)),
    "a state signed by another": callback(state=sign_state(STATE, ("not-our-secret-of-32-characters-or-so",), NOW)),
    "a state that is none": callback(state="nonce-1"),
    "a session token as a state": callback(state=session_token(SHOP, KEY, NEW)),
    "nothing": "",
}


@pytest.mark.parametrize("query", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_callback_is_refused(query: str) -> None:
    with pytest.raises(AuthRefused) as told:
        read_callback(query, SECRETS, "nonce-1", NOW)
    assert not any(secret in str(told.value) for secret in (OLD, NEW, "c0de"))


def test_an_empty_cookie_matches_no_state() -> None:
    query = callback(state=sign_state(InstallState(SHOP, "r", ""), SECRETS, NOW))
    with pytest.raises(AuthRefused):
        read_callback(query, SECRETS, "", NOW)


def test_a_signed_launch() -> None:
    query = callback_query({"shop": SHOP, "timestamp": str(int(NOW))}, OLD)
    assert is_signed_launch(query, SECRETS, NOW)
    assert not is_signed_launch(query, SECRETS, NOW + 91)
    assert not is_signed_launch(query.replace("acme", "evil"), SECRETS, NOW)
    assert not is_signed_launch("shop=acme.myshopify.com", SECRETS, NOW)


def proxied(secret: str = NEW, **changes: str) -> str:
    params = {
        "shop": SHOP,
        "path_prefix": "/apps/aisle",
        "timestamp": str(int(NOW)),
        "logged_in_customer_id": "501",
        **changes,
    }
    return proxy_query(params, secret)


@pytest.mark.parametrize("secret", SECRETS)
def test_a_genuine_proxy_call(secret: str) -> None:
    assert read_proxy_call(proxied(secret), SECRETS, NOW).customer_id == "501"
    assert read_proxy_call(proxied(secret, logged_in_customer_id=""), SECRETS, NOW).customer_id is None


PROXY_FORGERIES = {
    "another customer": proxied().replace("501", "502"),
    "a second customer": proxied() + "&logged_in_customer_id=502",
    "a customer first": "logged_in_customer_id=502&" + proxied(),
    "another secret": proxied("not-our-secret-of-32-characters-or-so"),
    "stale": proxied(timestamp=str(int(NOW) - 91)),
    "not a number": proxied(logged_in_customer_id="501 OR 502"),
    "digits moved over a boundary": proxied()
    .replace("customer_id=501", "customer_id=50")
    .replace("timestamp=", "timestamp=1"),
    "no signature": proxied().split("&signature=")[0],
    "no customer at all": proxy_query({"shop": SHOP, "timestamp": str(int(NOW))}, NEW),
}


@pytest.mark.parametrize("query", PROXY_FORGERIES.values(), ids=PROXY_FORGERIES)
def test_a_forged_proxy_call_is_refused(query: str) -> None:
    with pytest.raises(AuthRefused):
        read_proxy_call(query, SECRETS, NOW)


@pytest.mark.parametrize("secret", SECRETS)
def test_a_genuine_session_token(secret: str) -> None:
    found = read_session_token(session_token(SHOP, KEY, secret), KEY, SECRETS)
    assert (found.shop_domain, found.user_id) == (SHOP, "42")


TOKENS = {
    "another app": session_token(SHOP, "other-key", NEW),
    "several apps": session_token(SHOP, KEY, NEW, aud=[KEY, "other-key"]),
    "another secret": session_token(SHOP, KEY, "not-our-secret-of-32-characters-or-so"),
    "over": session_token(SHOP, KEY, NEW, exp=int(time.time()) - 3_600),
    "not yet": session_token(SHOP, KEY, NEW, nbf=int(time.time()) + 3_600),
    "for ever": session_token(SHOP, KEY, NEW, exp=None),
    "for true": session_token(SHOP, KEY, NEW, exp=True),
    "issued by another shop": session_token(SHOP, KEY, NEW, iss="https://evil.myshopify.com/admin"),
    "for another shop": session_token(SHOP, KEY, NEW, dest="https://evil.myshopify.com"),
    "from elsewhere": session_token("evil.example", KEY, NEW),
    "not a token": "a.b.c",
    "endless": "a" * 100_000,
    "empty": "",
    "not signed": ".".join((NO_ALGORITHM, session_token(SHOP, KEY, NEW).split(".")[1], "")),
    "signed otherwise": jwt.encode({"alg": "HS512"}, {"aud": KEY}, OctKey.import_key(NEW), algorithms=["HS512"]),
}


@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS)
def test_a_forged_session_token_is_refused(token: str) -> None:
    with pytest.raises(AuthRefused):
        read_session_token(token, KEY, SECRETS)


def test_a_session_token_is_forgiven_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    token = session_token(SHOP, KEY, NEW, exp=int(NOW), nbf=int(NOW), iat=int(NOW) - 60)

    def read_at(now_s: float) -> object:
        clock = Mock(wraps=datetime)
        clock.now.side_effect = lambda tz: datetime.fromtimestamp(now_s, tz)
        monkeypatch.setattr("jwt.api_jwt.datetime", clock)  # the library's, which it reads by itself
        return read_session_token(token, KEY, SECRETS)

    assert read_at(NOW + 9)
    assert read_at(NOW - 9)
    for now_s in (NOW + 11, NOW - 11):
        with pytest.raises(AuthRefused):
            read_at(now_s)


@given(st.text(max_size=200))
def test_no_query_breaks_a_check(query: str) -> None:
    for text in (query, urlencode(parse_qsl(query)), f"{callback()}&{query}"):
        for read in (
            lambda text: read_callback(text, SECRETS, "n", NOW),
            lambda text: read_proxy_call(text, SECRETS, NOW),
        ):
            with pytest.raises(AuthRefused):
                read(text)
