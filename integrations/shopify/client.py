"""The GraphQL Admin API: one document at a time, with pauses as the costs in its responses ask for.

PlatformError
├── PlatformRevoked        the token is refused and there is no other: the merchant installs again
└── PlatformUnavailable    down, throttled beyond the budget, HTML, or a response that cannot be parsed
    └── AccessDenied       this app may not read that: a scope or protected customer data
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
import msgspec
from msgspec import Struct

from integrations.platform import PlatformUnavailable
from integrations.shopify.throttle import Throttle
from integrations.shopify.tokens import NAME, REINSTALL, AccessToken
from integrations.shopify.version import API_VERSION
from integrations.store_http import StoreHttp, access_refused, parse_json


class AccessDenied(PlatformUnavailable):
    """Shopify denies this app what it requested: a scope or the approval for customer data is missing."""


class RequestBudget(Struct, frozen=True):
    """How often and how long a request may be tried. `patience_s` bounds all pauses for cost points together; `spare`
    is the share of the bucket that is left to others."""

    attempts: int
    timeout_s: float
    patience_s: float
    spare: float = 0.0


SHOPPER = RequestBudget(attempts=1, timeout_s=6.0, patience_s=3.0)
SYNC = RequestBudget(attempts=4, timeout_s=30.0, patience_s=300.0, spare=0.1)


class AdminApi:
    """The Admin API of one shop. `origin` is `https://{shop}` without a slash at the end."""

    def __init__(self, http: StoreHttp, origin: str, token: AccessToken, throttle: Throttle | None = None) -> None:
        self._http, self._token = http, token
        self._url = f"{origin}/admin/api/{API_VERSION}/graphql.json"
        self._throttle = throttle or Throttle()

    async def query(
        self, document: str, variables: Mapping[str, object] | None = None, budget: RequestBudget = SYNC
    ) -> dict[str, Any]:
        """`data` of the response. A field that Shopify keeps from us is null where the schema lets it be null; where it
        takes the whole response with it, AccessDenied is raised. PlatformRevoked and PlatformUnavailable as above."""
        body = msgspec.json.encode({"query": document, "variables": variables or {}})
        waited_s = await self._pause(self._throttle.pause_s(document, budget.spare), budget.patience_s)
        while True:
            response = await self._send(body, budget)
            self._throttle.update(document, _cost(response))
            codes = _error_codes(response)
            if "THROTTLED" not in codes:
                return _data(response, codes)
            pause_s = self._throttle.pause_after_refusal_s(document)
            waited_s += await self._pause(pause_s, budget.patience_s - waited_s)

    async def _pause(self, pause_s: float, patience_s: float) -> float:
        if pause_s > patience_s:
            raise PlatformUnavailable(f"{NAME} throttles this shop", retry_after_s=pause_s)
        if pause_s > 0:
            await asyncio.sleep(pause_s)
        return pause_s

    async def _send(self, body: bytes, budget: RequestBudget) -> dict[str, Any]:
        token = await self._token.current()
        response = await self._post(body, token, budget)
        if response.status_code == 401:
            response = await self._post(body, await self._token.instead_of(token), budget)
        match response.status_code:
            case 200:
                found = parse_json(response, NAME)
            case 401:
                raise access_refused(NAME, REINSTALL)
            case 402 | 423:
                raise PlatformUnavailable(f"{NAME} has closed this shop for now ({response.status_code})")
            case status:
                raise PlatformUnavailable(f"{NAME} answered {status}")
        if not isinstance(found, dict):
            raise PlatformUnavailable(f"{NAME} sent something that is not a GraphQL response")
        return found

    async def _post(self, body: bytes, token: str, budget: RequestBudget) -> httpx.Response:
        return await self._http.send(
            "POST",
            self._url,
            headers={
                "Content-Type": "application/json",
                "Accept": "application/json",
                "X-Shopify-Access-Token": token,
            },
            content=body,
            attempts=budget.attempts,
            timeout_s=budget.timeout_s,
        )


def require_no_user_errors(payload: Mapping[str, object] | None, what: str) -> None:
    """Raises PlatformUnavailable when a mutation's `userErrors` are not empty; their words are Shopify's own."""
    errors = user_errors(payload)
    if errors:
        raise PlatformUnavailable(f"{NAME} would not {what}: {'; '.join(errors)}")


def user_errors(payload: Mapping[str, Any] | None) -> list[str]:
    """The messages in a mutation's `userErrors`."""
    return [str(error.get("message", "")) for error in (payload or {}).get("userErrors") or ()]


def _cost(response: Mapping[str, object]) -> Mapping[str, Any]:
    extensions = response.get("extensions")
    cost = extensions.get("cost") if isinstance(extensions, dict) else None
    return cost if isinstance(cost, dict) else {}


def _error_codes(response: Mapping[str, object]) -> list[str]:
    """The code of each error. Their messages may repeat what was asked, so they stay out of ours."""
    errors = response.get("errors")
    if not errors:
        return []
    if not isinstance(errors, list):
        return ["an error without a code"]
    return [_code(error) for error in errors]


def _code(error: object) -> str:
    extensions = error.get("extensions") if isinstance(error, dict) else None
    code = extensions.get("code") if isinstance(extensions, dict) else None
    return str(code)[:60] if code else "an error without a code"


def _data(response: Mapping[str, object], codes: list[str]) -> dict[str, Any]:
    data = response.get("data")
    others = [code for code in codes if code != "ACCESS_DENIED"]
    if others:
        raise PlatformUnavailable(f"{NAME} could not answer: {', '.join(sorted(set(others)))}")
    if codes and (not isinstance(data, dict) or all(value is None for value in data.values())):
        raise AccessDenied(f"{NAME} does not grant this app what it asked for")
    if not isinstance(data, dict):
        raise PlatformUnavailable(f"{NAME} sent something that is not a GraphQL response")
    return data
