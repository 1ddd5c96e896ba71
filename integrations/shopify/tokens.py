"""Offline access tokens that expire: exchanged for a code or a session token, and refreshed before they end.

A refresh token changes with every use. Shopify accepts the old one until the new one is first used, so that a lost
response can be requested again with the same token. Only one access token per shop is valid at a time, so that a
process whose token is refused first reads whether another process has refreshed it.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from integrations.platform import Credentials, PlatformUnavailable
from integrations.shopify.app import ShopifyApp
from integrations.store_http import StoreHttp, access_refused, parse_json

NAME = "Shopify"
REINSTALL = "install Aisle again from the connection's page"
RENEW_BEFORE_S = 300
"""A token is refreshed this long before it ends, so that none ends during a request."""
TOKEN_TIMEOUT_S = 10.0
TOKEN_ATTEMPTS = 3
_TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105
_ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"  # noqa: S105
_OFFLINE = "urn:shopify:params:oauth:token-type:offline-access-token"
_NOT_OUR_APP = frozenset({"invalid_client", "application_cannot_be_found", "unauthorized_client"})
"""Errors that say our key or secret is wrong, not the merchant's grant."""


def utc_now() -> datetime:
    """Aware UTC."""
    return datetime.now(UTC)


class TokenEndpoint:
    """Shopify's token endpoint of one shop. `origin` is `https://{shop}` without a slash at the end."""

    def __init__(
        self, http: StoreHttp, origin: str, app: ShopifyApp, *, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._http, self._origin, self._app, self._clock = http, origin, app, clock

    async def exchange_code(self, code: str) -> dict[str, str]:
        """The credentials of a new install, as `Credentials` stores them. Raises PlatformRevoked for a code that
        was used or is too old, PlatformUnavailable."""
        return await self._request({"code": code, "expiring": "1"})

    async def exchange_session_token(self, session_token: str) -> dict[str, str]:
        """The credentials of a shop whose admin has the embedded app open. `session_token` was checked before."""
        return await self._request(
            {
                "grant_type": _TOKEN_EXCHANGE,
                "subject_token": session_token,
                "subject_token_type": _ID_TOKEN,
                "requested_token_type": _OFFLINE,
                "expiring": "1",
            }
        )

    async def refresh(self, refresh_token: str) -> dict[str, str]:
        """The next pair of tokens. Safe to ask again with the same token while its response was not seen."""
        return await self._request({"grant_type": "refresh_token", "refresh_token": refresh_token})

    async def _request(self, grant: Mapping[str, str]) -> dict[str, str]:
        for secret in self._app.secrets:
            response = await self._http.send(
                "POST",
                f"{self._origin}/admin/oauth/access_token",
                headers={"Content-Type": "application/json", "Accept": "application/json"},
                content=msgspec.json.encode({"client_id": self._app.api_key, "client_secret": secret, **grant}),
                attempts=TOKEN_ATTEMPTS,
                timeout_s=TOKEN_TIMEOUT_S,
            )
            if response.status_code == 200:
                return self._credentials(parse_json(response, NAME))
            if response.status_code not in (400, 401, 403):
                raise PlatformUnavailable(f"{NAME} answered {response.status_code} when asked for a token")
            reason = parse_json(response, NAME)
            if not isinstance(reason, dict) or reason.get("error") not in _NOT_OUR_APP:
                raise access_refused(NAME, REINSTALL)
        raise PlatformUnavailable(f"{NAME} rejects this app's key and secret; check SHOPIFY_API_SECRET")

    def _credentials(self, response: object) -> dict[str, str]:
        if not isinstance(response, dict) or not isinstance(response.get("access_token"), str):
            raise PlatformUnavailable(f"{NAME} answered without a token")
        values = {"access_token": response["access_token"], "scope": str(response.get("scope", ""))}
        if response.get("refresh_token"):
            values["refresh_token"] = str(response["refresh_token"])
        if response.get("expires_in"):
            values["expires_at"] = (self._clock() + timedelta(seconds=float(response["expires_in"]))).isoformat()
        return values


class AccessToken:
    """A valid token of one shop. Any number of processes may have one each."""

    def __init__(
        self, endpoint: TokenEndpoint, credentials: Credentials, *, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._endpoint, self._credentials, self._clock = endpoint, credentials, clock
        self._known: dict[str, str] = {}

    async def current(self) -> str:
        """Raises PlatformRevoked when the merchant has to install again, PlatformUnavailable."""
        if not self._is_good(self._known):
            self._known = await self._credentials.read()
        if not self._is_good(self._known):
            await self._renew(self._known.get("access_token", ""))
        return self._known["access_token"]

    async def instead_of(self, refused_token: str) -> str:
        """Another token than the one that Shopify has just refused. Raises PlatformRevoked when there is none."""
        if self._known.get("access_token") == refused_token:
            await self._renew(refused_token)
        return self._known["access_token"]

    async def _renew(self, stale_token: str) -> None:
        async with self._credentials.change() as values:
            if values.get("access_token") == stale_token or not self._is_good(values):
                if not values.get("refresh_token"):
                    raise access_refused(NAME, REINSTALL)
                values.update(await self._endpoint.refresh(values["refresh_token"]))
            self._known = dict(values)

    def _is_good(self, known: Mapping[str, str]) -> bool:
        if not known.get("access_token"):
            return False
        expires_at = known.get("expires_at")
        if not expires_at:
            return True
        return datetime.fromisoformat(expires_at) > self._clock() + timedelta(seconds=RENEW_BEFORE_S)
