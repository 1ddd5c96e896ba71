"""Shopify's library and our checks on the same good and forged inputs: what we accept, the library accepts.

Where the two differ, ours is the stricter one. Each difference is named in the test that meets it.
"""

import hashlib
import hmac
import time
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
import shopify
from hypothesis import example, given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey
from shopify import session_token
from shopify.utils.shop_url import sanitize_shop_domain

from integrations.shopify import SCOPES, AuthRefused, sdk
from integrations.shopify.auth import authorize_url, find_shop_domain, is_signed_launch, read_session_token

KEY, SECRET, OTHER = "app-key", "our-secret-of-at-least-32-characters", "another-secret-of-32-characters-or-so"
NAMES = st.from_regex(r"[a-z0-9][a-z0-9\-]{1,20}", fullmatch=True)
TEXTS = st.text(max_size=12)
KEYS = st.text(min_size=1, max_size=6).filter(lambda key: key != "hmac" and "[" not in key)


class Theirs(shopify.Session):  # type: ignore[misc]
    """The library with our secret."""

    api_key, secret = KEY, SECRET


def signed(params: dict[str, str], secret: str) -> str:
    """As Shopify's documentation says: sorted pairs joined by &, with %, & and = of keys escaped."""
    pairs = [
        f"{key.replace('%', '%25').replace('=', '%3D')}={value.replace('%', '%25')}".replace("&", "%26")
        for key, value in params.items()
    ]
    return hmac.new(secret.encode(), "&".join(sorted(pairs)).encode(), hashlib.sha256).hexdigest()


FORGERIES = st.sampled_from(
    ["none", "secret", "value", "added", "removed", "upper", "no hmac", "empty hmac", "twice", "shop twice"]
)


@given(NAMES, st.dictionaries(KEYS, TEXTS, max_size=4), st.integers(-200_000, 200), FORGERIES)
@example("acme", {}, 0, "none")
@example("acme", {"a": "b&c=d%"}, -60, "none")
@example("acme", {}, -3_600, "none")
@example("acme", {}, 150, "none")
def test_signed_queries(name: str, extra: dict[str, str], age_s: int, forgery: str) -> None:
    now = time.time()
    params = {**extra, "shop": f"{name}.myshopify.com", "timestamp": str(int(now) + age_s)}
    params["hmac"] = signed(params, OTHER if forgery == "secret" else SECRET)
    match forgery:
        case "value":
            params["shop"] = f"x{params['shop']}"
        case "added":
            params["added by somebody"] = "1"
        case "removed":
            del params["timestamp"]
        case "upper":
            params["hmac"] = params["hmac"].upper()
        case "no hmac":
            del params["hmac"]
        case "empty hmac":
            params["hmac"] = ""
    query = urlencode(params)
    if forgery == "twice":
        query += f"&hmac={params['hmac']}"
    if forgery == "shop twice":
        query = f"shop=evil.myshopify.com&{query}"
    ours = is_signed_launch(query, (OTHER[::-1], SECRET), now)
    theirs = bool(Theirs.validate_params(dict(parse_qsl(query, keep_blank_values=True))))
    if ours:
        assert theirs
    elif theirs:
        # the library takes a request for a day and any from the future, ours for 90 seconds either way;
        # of a repeated parameter it sees the last only, ours refuses the query
        assert abs(age_s) >= 90 or forgery in ("twice", "shop twice")
    assert ours == (abs(now - int(now) - age_s) <= 90 and is_unharmed(forgery, params["hmac"] if ours else ""))


def is_unharmed(forgery: str, signature: str) -> bool:
    """An upper-case copy of a signature without letters is the signature."""
    return forgery == "none" or (forgery == "upper" and bool(signature) and signature == signature.lower())


@given(st.lists(TEXTS, min_size=1, max_size=3), st.booleans())
def test_lists_in_a_query(values: list[str], good: bool) -> None:
    hmac_of_theirs = Theirs.calculate_hmac({"ids[]": values, "shop": "a"})
    pairs = [("shop", "a" if good else "b"), *(("ids[]", value) for value in values), ("hmac", hmac_of_theirs)]
    assert sdk.is_signed_query(pairs, (SECRET,)) is good


@pytest.mark.parametrize("timestamp", ["soon", "", "1e9", "١٢٣"])
def test_a_time_that_is_none_is_refused_where_the_library_breaks_or_takes_it(timestamp: str) -> None:
    params = {"shop": "acme.myshopify.com", "timestamp": timestamp}
    query = urlencode({**params, "hmac": signed(params, SECRET)})
    assert not is_signed_launch(query, (SECRET,), time.time())


SHOPS = st.one_of(
    NAMES.map(lambda name: f"{name}.myshopify.com"),
    NAMES.map(lambda name: f"https://{name}.myshopify.com/admin"),
    NAMES.map(lambda name: f"{name}.myshopify.com.evil.example"),
    NAMES.map(lambda name: f"evil.example/{name}.myshopify.com"),
    NAMES.map(lambda name: f"user@{name}.myshopify.com"),
    NAMES,
    st.text(max_size=30),
    st.text(alphabet="acme.-_@:/#\n\\ myshopify", max_size=30),
)


@given(SHOPS)
@example("acme.myshopify.com\n")
@example(" acme.myshopify.com")
@example("acme-.myshopify.com")
@example("a_b.myshopify.com")
@example("a.myshopify.com")
def test_shop_addresses(text: str) -> None:
    try:
        theirs = sanitize_shop_domain(text)
    except ValueError:  # the library breaks on "[" and the like
        theirs = None
    ours = find_shop_domain(text)
    if ours and ours != theirs:
        # Shopify's library for JavaScript takes both of these, this one neither
        assert "_" in ours or len(ours.partition(".")[0]) == 1 or ours.partition(".")[0].endswith("-")
    if theirs and not ours:
        # the library completes names and drops schemes, paths and white space; ours takes a domain as it is
        assert text.lower() != theirs or len(theirs) > len(".myshopify.com") + 100
    if theirs:
        assert find_shop_domain(theirs) == theirs


@given(NAMES, TEXTS, TEXTS)
def test_permission_addresses(name: str, redirect_uri: str, state: str) -> None:
    domain = f"{name}.myshopify.com"
    query = {"client_id": KEY, "scope": ",".join(SCOPES), "redirect_uri": redirect_uri}
    query |= {"state": state} if state else {}
    assert authorize_url(domain, KEY, redirect_uri, state) == (
        f"https://{domain}/admin/oauth/authorize?{urlencode(query)}"
    )


@pytest.mark.parametrize("text", ["evil.example", "acme", "https://acme.myshopify.com", "acme.myshopify.com:1"])
def test_a_permission_address_needs_a_domain_where_the_library_makes_one_up(text: str) -> None:
    assert Theirs(text, "2024-10").create_permission_url([], "").split("/")[2].endswith(".myshopify.com")
    with pytest.raises(AuthRefused):
        authorize_url(text, KEY, "https://aisle.example", "state")


CLAIMS = st.fixed_dictionaries(
    {},
    optional={
        "iss": st.sampled_from(["https://b.myshopify.com/admin", "https://evil.example/admin", "", 7, None]),
        "dest": st.sampled_from(
            ["http://acme.myshopify.com", "https://acme.myshopify.com/", "https://b.myshopify.com", "acme", 7, None]
        ),
        "aud": st.sampled_from(["other-key", [KEY], [KEY, "other-key"], "", None]),
        "sub": st.sampled_from(["7", 7, None]),
        "sid": st.sampled_from(["s", None]),
        "jti": st.sampled_from(["j", None]),
        "exp": st.sampled_from([-3_600, -5, 3_600, True, "soon", None]),
        "nbf": st.sampled_from([3_600, 5, -60, "soon", None]),
    },
)


def token_of(changes: dict[str, Any], secret: str, algorithm: str) -> str:
    now = int(time.time())
    host = "https://acme.myshopify.com"
    claims: dict[str, Any] = {"iss": f"{host}/admin", "dest": host, "aud": KEY, "sub": "42", "jti": "j", "sid": "s"}
    claims |= {"exp": now + 60, "nbf": now, "iat": now} | changes
    for name in ("exp", "nbf"):
        if type(claims[name]) is int and abs(claims[name]) <= 3_600:
            claims[name] += now
    told = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode({"alg": algorithm}, told, OctKey.import_key(secret), algorithms=["HS256", "HS512"])


@given(CLAIMS, st.sampled_from([SECRET, OTHER]), st.sampled_from(["HS256", "HS512"]))
@example({}, SECRET, "HS256")
def test_session_tokens(changes: dict[str, Any], secret: str, algorithm: str) -> None:
    token = token_of(changes, secret, algorithm)
    try:
        session_token.decode_from_header(f"Bearer {token}", KEY, SECRET)
        theirs = True
    except (session_token.SessionTokenError, TypeError, AttributeError, ValueError):
        theirs = False
    try:
        ours = bool(read_session_token(token, KEY, (SECRET,)))
    except AuthRefused:
        ours = False
    if ours:
        assert theirs
    elif theirs:
        # the library takes a token without an end or a beginning, one for several apps, and addresses with a path
        assert changes.keys() & {"exp", "nbf", "aud", "dest"}
    assert ours or changes or secret != SECRET or algorithm != "HS256"


@given(st.text(max_size=60))
def test_no_text_is_a_session_token(text: str) -> None:
    assert sdk.find_session_claims(text, KEY, (SECRET,)) is None
    sdk.find_entered_domain(text)


def test_no_call_leaves_a_key_or_a_session_in_the_library() -> None:
    sdk.is_signed_query([("hmac", "00")], (SECRET,))
    sdk.permission_url("acme.myshopify.com", KEY, SCOPES, "https://aisle.example", "state")
    assert shopify.Session.api_key is None
    assert shopify.Session.secret is None
    assert shopify.ShopifyResource.site is None
