"""Signing a shopper in at their Shopify account: OAuth with PKCE, ended as soon as it is known who they are.

The two documents under `/.well-known/` of the shop's domain say where its accounts live; nothing is kept of the tokens.
"""

import base64
import hashlib
import hmac
import secrets
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import msgspec
from msgspec import Struct

from integrations.platform import PlatformUnavailable
from integrations.shopify.auth import AuthRefused
from integrations.shopify.mapping import legacy_number
from integrations.shopify.tokens import NAME
from integrations.store_http import StoreHttp, parse_json

SCOPE = "openid email customer-account-api:full"
TIMEOUT_S = 8.0
USER_AGENT = "Aisle"
"""Shopify refuses account requests that do not name their sender."""
WHO_AM_I = "query WhoAmI { customer { id emailAddress { emailAddress } } }"


class SignInAttempt(Struct, frozen=True):
    """What the server keeps, bound to the shopper's session, while they are at Shopify. All of it is secret."""

    state: str
    verifier: str
    redirect_uri: str

    def __repr__(self) -> str:
        """Without its secrets."""
        return "SignInAttempt()"


class SignedInCustomer(Struct, frozen=True):
    """`customer_id` is the number that orders name; `email` is None for accounts that have only a phone."""

    customer_id: str
    email: str | None


class _Accounts(Struct, frozen=True):
    authorization_endpoint: str
    token_endpoint: str
    graphql_api: str


class CustomerSignIn:
    """The accounts of one shop. `origin` is `https://{shop}`; `client_id` that of the Customer Account API."""

    def __init__(self, http: StoreHttp, origin: str, client_id: str) -> None:
        self._http, self._origin, self._client_id = http, origin, client_id

    async def begin(self, redirect_uri: str) -> tuple[str, SignInAttempt]:
        """Where the shopper's browser goes, and what `finish` needs when they are back. Raises PlatformUnavailable."""
        accounts = await self._accounts()
        attempt = SignInAttempt(secrets.token_urlsafe(24), secrets.token_urlsafe(48), redirect_uri)
        query = {
            "client_id": self._client_id,
            "scope": SCOPE,
            "response_type": "code",
            "redirect_uri": redirect_uri,
            "state": attempt.state,
            "nonce": secrets.token_urlsafe(16),
            "code_challenge": challenge(attempt.verifier),
            "code_challenge_method": "S256",
        }
        return f"{accounts.authorization_endpoint}?{urlencode(query)}", attempt

    async def finish(self, attempt: SignInAttempt, code: str, state: str) -> SignedInCustomer:
        """Who came back. Raises AuthRefused when that cannot be told for sure, PlatformUnavailable."""
        if not hmac.compare_digest(state.encode(), attempt.state.encode()):
            raise AuthRefused("the sign-in was started elsewhere")
        accounts = await self._accounts()
        token = await self._token(accounts, attempt, code)
        response = await self._send(
            "POST",
            accounts.graphql_api,
            headers={"Authorization": token, "Content-Type": "application/json"},
            content=msgspec.json.encode({"query": WHO_AM_I}),
        )
        return _customer(parse_json(response, NAME))

    async def _accounts(self) -> _Accounts:
        documents: dict[str, Any] = {}
        for document in ("openid-configuration", "customer-account-api"):
            response = await self._send("GET", f"{self._origin}/.well-known/{document}")
            found = parse_json(response, NAME)
            documents |= found if response.status_code == 200 and isinstance(found, dict) else {}
        try:
            accounts = msgspec.convert(documents, _Accounts)
        except msgspec.ValidationError:
            raise PlatformUnavailable(f"{NAME} does not report where this shop's accounts are") from None
        for url in (accounts.authorization_endpoint, accounts.token_endpoint, accounts.graphql_api):
            if urlsplit(url).scheme != urlsplit(self._origin).scheme:
                raise PlatformUnavailable(f"{NAME} names an account address that is not safe")
        return accounts

    async def _token(self, accounts: _Accounts, attempt: SignInAttempt, code: str) -> str:
        form = {
            "grant_type": "authorization_code",
            "client_id": self._client_id,
            "redirect_uri": attempt.redirect_uri,
            "code": code,
            "code_verifier": attempt.verifier,
        }
        page = urlsplit(attempt.redirect_uri)
        response = await self._send(
            "POST",
            accounts.token_endpoint,
            headers={
                "Content-Type": "application/x-www-form-urlencoded",
                "Origin": f"{page.scheme}://{page.netloc}",
            },
            content=urlencode(form).encode(),
        )
        found = parse_json(response, NAME)
        token = found.get("access_token") if isinstance(found, dict) else None
        if response.status_code != 200 or not isinstance(token, str):
            raise AuthRefused("Shopify does not accept this sign-in")
        return token

    async def _send(
        self, method: str, url: str, *, headers: dict[str, str] | None = None, content: bytes | None = None
    ) -> httpx.Response:
        named = {"User-Agent": USER_AGENT, "Accept": "application/json", **(headers or {})}
        return await self._http.send(method, url, headers=named, content=content, attempts=1, timeout_s=TIMEOUT_S)


def challenge(verifier: str) -> str:
    """The S256 challenge of RFC 7636."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def _customer(response: object) -> SignedInCustomer:
    data = response.get("data") if isinstance(response, dict) else None
    customer = data.get("customer") if isinstance(data, dict) else None
    number = legacy_number(str(customer.get("id", ""))) if isinstance(customer, dict) else ""
    if not isinstance(customer, dict) or not (number.isascii() and number.isdigit()):
        raise PlatformUnavailable(f"{NAME} does not report who signed in")
    email = customer.get("emailAddress")
    return SignedInCustomer(number, email.get("emailAddress") if isinstance(email, dict) else None)
