"""Authenticating callers: the install by OAuth, the app proxy, and the admin's session tokens. Pure, no network.

Every check accepts any of the app's secrets and compares in constant time. What the library of Shopify decides is in
`sdk`; the checks here come on top of it.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from msgspec import Struct

from integrations.shopify import sdk

SCOPES = (
    "read_products",
    "read_inventory",
    "read_orders",
    "read_customers",
    "read_fulfillments",
    "read_merchant_managed_fulfillment_orders",
    "read_third_party_fulfillment_orders",
    "read_legal_policies",
    "read_online_store_pages",
)
"""What our documents and webhooks need, by the schema's own table. `read_orders` reaches back 60 days; older orders
need `read_all_orders`, which Shopify grants on request only."""

FRESH_S = 90
"""How far a signed request's timestamp may be off, as in Shopify's own libraries."""
STATE_LIFETIME_S = 600
MAX_TOKEN_LENGTH = 8_192
PROXY_PARAMETERS = frozenset({"signature", "shop", "timestamp", "logged_in_customer_id", "path_prefix"})
_ALGORITHMS = ["HS256"]
_SHOP_DOMAIN = re.compile(r"[a-z0-9][a-z0-9\-_]{0,99}\.myshopify\.com")
_STATE_ISSUER = "aisle-install"


class AuthRefused(Exception):
    """The caller could not be authenticated. The message is for logs and contains no secret."""


class InstallState(Struct, frozen=True):
    """An install while the merchant is at Shopify. `reference` is the caller's own; `nonce` is also in the browser's
    cookie, so that nobody can finish an install that somebody else began."""

    shop_domain: str
    reference: str
    nonce: str


class Callback(Struct, frozen=True):
    """A genuine return from Shopify's consent page. `code` buys the first token, once."""

    shop_domain: str
    code: str
    state: InstallState

    def __repr__(self) -> str:
        """Without the code."""
        return f"Callback(shop_domain={self.shop_domain!r})"


class ProxyCall(Struct, frozen=True):
    """A genuine call through the shop's app proxy. `customer_id` is whom Shopify signed in, None for a visitor."""

    shop_domain: str
    customer_id: str | None


class AdminSession(Struct, frozen=True):
    """A genuine session token: this staff member has our app open in this shop's admin now."""

    shop_domain: str
    user_id: str


def find_shop_domain(text: str) -> str | None:
    """`Acme.myshopify.com` as `acme.myshopify.com`; None for whatever is not exactly a shop's permanent domain."""
    domain = text.lower()
    return domain if _SHOP_DOMAIN.fullmatch(domain) else None


def require_shop_domain(text: str) -> str:
    """As `find_shop_domain`. Raises AuthRefused."""
    domain = find_shop_domain(text)
    if domain is None:
        raise AuthRefused("this is not a myshopify.com domain")
    return domain


def find_entered_domain(text: str) -> str | None:
    """The permanent domain of the store that a merchant entered by name, domain or URL; None where it is no store."""
    return find_shop_domain(text.strip()) or find_shop_domain(sdk.find_entered_domain(text) or "")


def authorize_url(shop_domain: str, api_key: str, redirect_uri: str, state: str) -> str:
    """The consent page on which a merchant grants SCOPES. Raises AuthRefused for anything but a shop's domain."""
    return sdk.permission_url(require_shop_domain(shop_domain), api_key, SCOPES, redirect_uri, state)


def deep_link(shop_domain: str, api_key: str, handle: str = "aisle") -> str:
    """The theme editor with our app embed switched on, waiting for Save. `handle` is the block's file name."""
    activate = urlencode({"context": "apps", "activateAppId": f"{api_key}/{handle}"})
    return f"https://{require_shop_domain(shop_domain)}/admin/themes/current/editor?{activate}"


def missing_scopes(granted: str) -> tuple[str, ...]:
    """Those of SCOPES that `granted` (comma-separated, as token responses have it) lacks. Write grants read."""
    have = {scope.strip().replace("write_", "read_", 1) for scope in granted.split(",")}
    return tuple(scope for scope in SCOPES if scope not in have)


def reaches_all_orders(granted: str) -> bool:
    """Whether orders older than 60 days can be asked for."""
    return "read_all_orders" in (scope.strip() for scope in granted.split(","))


def sign_state(state: InstallState, secrets: Sequence[str], now_s: float) -> str:
    """The `state` parameter of `authorize_url`, good for STATE_LIFETIME_S."""
    claims = {
        "iss": _STATE_ISSUER,
        "shop": state.shop_domain,
        "ref": state.reference,
        "nonce": state.nonce,
        "exp": int(now_s) + STATE_LIFETIME_S,
    }
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(secrets[0]))


def read_callback(query: str, secrets: Sequence[str], nonce: str, now_s: float) -> Callback:
    """The callback's raw query string, when Shopify signed it, it is fresh, and it ends an install that this browser
    (`nonce`, from its cookie) began for the same shop. Raises AuthRefused."""
    pairs = parse_qsl(query, keep_blank_values=True)
    params = _single(pairs, ("hmac", "shop", "code", "state", "timestamp"))
    _require_signed_query(pairs, secrets)
    _require_fresh(params["timestamp"], now_s)
    shop_domain = require_shop_domain(params["shop"])
    state = _read_state(params["state"], secrets, now_s)
    if state.shop_domain != shop_domain:
        raise AuthRefused("the installation was started for another shop")
    if not nonce or not hmac.compare_digest(state.nonce.encode(), nonce.encode()):
        raise AuthRefused("the installation was started in another browser")
    if not params["code"]:
        raise AuthRefused("the callback has no code")
    return Callback(shop_domain, params["code"], state)


def is_signed_launch(query: str, secrets: Sequence[str], now_s: float) -> bool:
    """Whether Shopify signed this first call to the app's own address (`?shop=...&hmac=...&timestamp=...`)."""
    pairs = parse_qsl(query, keep_blank_values=True)
    try:
        params = _single(pairs, ("hmac", "shop", "timestamp"))
        _require_signed_query(pairs, secrets)
        _require_fresh(params["timestamp"], now_s)
    except AuthRefused:
        return False
    return find_shop_domain(params["shop"]) is not None


def read_proxy_call(query: str, secrets: Sequence[str], now_s: float) -> ProxyCall:
    """The raw query string of a call through the app proxy. Raises AuthRefused. The customer's id may be trusted for
    this one request only: a proxied address can be replayed until its timestamp is FRESH_S old."""
    pairs = parse_qsl(query, keep_blank_values=True)
    params = _single(pairs, ("signature", "shop", "timestamp", "logged_in_customer_id"))
    # proxied values are signed without anything between them, so that one text can be cut in many ways; among them
    # one that the consent page's signature fits. Names that we know, each once, leave a single way.
    if not {key for key, _ in pairs} <= PROXY_PARAMETERS:
        raise AuthRefused("the call has parameters that Shopify's proxy does not send")
    _require_signature(params["signature"], proxy_message(pairs), secrets)
    _require_fresh(params["timestamp"], now_s)
    customer_id = params["logged_in_customer_id"]
    if customer_id and not (customer_id.isascii() and customer_id.isdigit()):
        raise AuthRefused("the customer id is not a number")
    return ProxyCall(require_shop_domain(params["shop"]), customer_id or None)


def read_session_token(token: str, api_key: str, secrets: Sequence[str]) -> AdminSession:
    """The session that the embedded app's bearer token from App Bridge stands for. Raises AuthRefused.

    Beyond the library's checks the token has to end, name this app alone, and come over https.
    """
    claims = sdk.find_session_claims(token, api_key, secrets) if len(token) <= MAX_TOKEN_LENGTH else None
    if claims is None:
        raise AuthRefused("the session token is not signed for this app or is not valid now")
    _number(claims, "exp")
    _number(claims, "nbf")
    if claims.get("aud") != api_key:
        raise AuthRefused("the session token is for several apps")
    destination = _domain_of(claims.get("dest"))
    if destination != _domain_of(str(claims.get("iss", "")).removesuffix("/admin")):
        raise AuthRefused("the session token was issued by one shop for another")
    return AdminSession(destination, str(claims.get("sub", "")))


def proxy_message(pairs: Iterable[tuple[str, str]]) -> str:
    """What Shopify signs of a proxied call: sorted `key=value` without anything between, repeated keys by commas."""
    values: dict[str, list[str]] = {}
    for key, value in pairs:
        if key != "signature":
            values.setdefault(key, []).append(value)
    return "".join(sorted(f"{key}={','.join(each)}" for key, each in values.items()))


def _single(pairs: Sequence[tuple[str, str]], names: Sequence[str]) -> dict[str, str]:
    """Each of `names` exactly once: a repeated key could be signed as one value and read as another."""
    found = {name: [value for key, value in pairs if key == name] for name in names}
    wrong = [name for name, values in found.items() if len(values) != 1]
    if wrong:
        raise AuthRefused(f"expected once: {', '.join(wrong)}")
    return {name: values[0] for name, values in found.items()}


def _require_signed_query(pairs: Sequence[tuple[str, str]], secrets: Sequence[str]) -> None:
    if not sdk.is_signed_query(pairs, secrets):
        raise AuthRefused("the signature is not Shopify's")


def _require_signature(given: str, message: str, secrets: Sequence[str]) -> None:
    expected = [hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest() for secret in secrets]
    if not any(hmac.compare_digest(each.encode(), given.encode()) for each in expected):
        raise AuthRefused("the signature is not Shopify's")


def _require_fresh(timestamp: str, now_s: float) -> None:
    if not re.fullmatch(r"[0-9]{1,12}", timestamp) or abs(now_s - int(timestamp)) > FRESH_S:
        raise AuthRefused("the request is too old")


def _read_state(token: str, secrets: Sequence[str], now_s: float) -> InstallState:
    claims = _verified_claims(token, secrets)
    if claims.get("iss") != _STATE_ISSUER or _number(claims, "exp") < now_s:
        raise AuthRefused("the installation took too long; start again")
    return InstallState(str(claims["shop"]), str(claims["ref"]), str(claims["nonce"]))


def _verified_claims(token: str, secrets: Sequence[str]) -> Mapping[str, Any]:
    if len(token) > MAX_TOKEN_LENGTH:
        raise AuthRefused("the token is too long")
    for secret in secrets:
        try:
            return jwt.decode(token, OctKey.import_key(secret), algorithms=_ALGORITHMS).claims
        except (JoseError, ValueError):
            continue
    raise AuthRefused("the token is not signed with our secret")


def _number(claims: Mapping[str, object], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise AuthRefused(f"the token has no {name}")
    return float(value)


def _domain_of(url: object) -> str:
    return require_shop_domain(str(url).removeprefix("https://"))
