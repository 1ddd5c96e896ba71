"""Who may ask: Basic only on https, OAuth 1.0a on http, and the shop's own words for each refusal."""

import base64
import binascii
import hashlib
import hmac
from urllib.parse import quote

from server.embedded.standins.woocommerce.replies import Reply, Request, error
from server.embedded.standins.woocommerce.store import Store

CLOCK_TOLERANCE_S = 15 * 60


def refusal(store: Store, request: Request) -> Reply | None:
    """None for whoever may do this."""
    key, secret = _given(store, request)
    if key not in store.keys:
        return error(401, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources.")
    wanted, permissions = store.keys[key]
    if store.behind_https and not hmac.compare_digest(secret, wanted):
        return _denied("Consumer secret is invalid.")
    if not store.behind_https and (problem := _oauth_problem(store, request, key, wanted)):
        return problem
    needed = "read" if request.method in ("GET", "HEAD", "OPTIONS") else "write"
    if needed not in permissions:
        return _denied(f"The API key provided does not have {needed} permissions.")
    return None


def _given(store: Store, request: Request) -> tuple[str, str]:
    """The key and its secret: on https from the query, or from the header where the server passes it on."""
    if not store.behind_https:
        return request.query.get("oauth_consumer_key", ""), ""
    if key := request.query.get("consumer_key", ""):
        return key, request.query.get("consumer_secret", "")
    return ("", "") if store.drops_authorization else _basic(request)


def _basic(request: Request) -> tuple[str, str]:
    kind, _, coded = request.headers.get("authorization", "").partition(" ")
    try:
        key, _, secret = base64.b64decode(coded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return (key, secret) if kind == "Basic" else ("", "")


def _oauth_problem(store: Store, request: Request, key: str, secret: str) -> Reply | None:
    given = dict(request.query)
    signature = given.pop("oauth_signature", "")
    expected = oauth_signature(request.method, store.url + request.path, given, secret)
    if not hmac.compare_digest(signature, expected):
        return _denied("Invalid signature - provided signature does not match.")
    timestamp = given.get("oauth_timestamp", "")
    if not timestamp.isdigit() or abs(int(timestamp) - store.now()) > CLOCK_TOLERANCE_S:
        return _denied("Invalid timestamp.")
    nonce = f"{key}:{given.get('oauth_nonce')}"
    if nonce in store.used_nonces:
        return _denied("Invalid nonce - nonce has already been used.")
    store.used_nonces.add(nonce)
    return None


def oauth_signature(method: str, url: str, params: dict[str, str], secret: str) -> str:
    """As PHP computes it: sorted, each name and value encoded twice, the parts joined by encoded signs."""

    def twice(text: str) -> str:
        return quote(quote(text, safe="~"), safe="~")

    in_order = sorted(params.items(), key=lambda pair: pair[0].partition("[")[0])  # PHP sorts whole arrays
    joined = "%26".join(f"{twice(name)}%3D{twice(value)}" for name, value in in_order)
    signed = f"{method}&{quote(url, safe='~')}&{joined}"
    return base64.b64encode(hmac.new(f"{secret}&".encode(), signed.encode(), hashlib.sha256).digest()).decode()


def _denied(message: str) -> Reply:
    return error(401, "woocommerce_rest_authentication_error", message)
