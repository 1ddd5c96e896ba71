"""The Stripe SDK with plain dicts as responses, our errors, deadlines and one pool of connections.

This is the only file that imports `stripe`. Importing it takes over half a second of CPU, so installations without
billing never import this file."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import httpx
import stripe

from billing.gateway import BadSignature, PaymentsError, PaymentsRefused, PaymentsUnavailable

SIGNATURE_TOLERANCE_S = 300

_CONNECT_TIMEOUT_S = 5.0
_RETRIES = 2
_PAGE = 100

Json = dict[str, Any]


class StripeClient:
    """A client of one Stripe account. `api` has the SDK's services; await their `*_async` methods through `ask`."""

    def __init__(self, api_key: str, api_base: str | None, timeout_s: float, attempt_timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._http = stripe.HTTPXClient(timeout=httpx.Timeout(attempt_timeout_s, connect=_CONNECT_TIMEOUT_S))
        client = stripe.StripeClient(
            api_key,
            http_client=self._http,
            max_network_retries=_RETRIES,
            base_addresses={"api": api_base.rstrip("/")} if api_base else None,
        )
        self.api: Any = client.v1

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close_async()  # type: ignore[no-untyped-call]

    async def ask(self, request: Awaitable[stripe.StripeObject], timeout_s: float | None = None) -> Json:
        """The response to a request. The deadline includes retries. Raises PaymentsError."""
        try:
            async with asyncio.timeout(timeout_s or self._timeout_s):
                found = await request
        except TimeoutError:
            raise PaymentsUnavailable("the payment provider did not answer in time") from None
        except stripe.StripeError as error:
            raise _translated(error) from None
        return found.to_dict()

    async def all(self, service: Any, wanted: Json, *path: str) -> list[Json]:
        """The rows of all pages of a list; each page has its own deadline. Raises PaymentsError."""
        rows: list[Json] = []
        after: Json = {}
        while True:
            page = await self.ask(service.list_async(*path, {**wanted, "limit": _PAGE, **after}))
            rows += page["data"]
            if not page["has_more"]:
                return rows
            after = {"starting_after": page["data"][-1]["id"]}


def _translated(error: stripe.StripeError) -> PaymentsError:
    match error:
        case stripe.CardError():
            decline = error.error.decline_code if error.error else None
            return PaymentsRefused(error.user_message or "The card was declined.", decline or error.code or "")
        case stripe.AuthenticationError() | stripe.PermissionError():  # their texts quote parts of the key
            return PaymentsRefused("The payment provider refused our key.", "authentication")
        case stripe.IdempotencyError():
            return PaymentsRefused("The same change was requested before with different details.", "idempotency_error")
        case stripe.RateLimitError():
            return PaymentsUnavailable("the payment provider asks for fewer requests")
        case stripe.InvalidRequestError():
            return PaymentsRefused(error.user_message or "The payment provider refused.", error.code or "")
        case _:
            return PaymentsUnavailable("the payment provider sent an unexpected response")


def check_signature(body: bytes, header: str, secrets: tuple[str, ...], now: float) -> None:
    """Raise BadSignature for an event that Stripe did not sign. The SDK checks the signature; the time is checked here,
    because the SDK takes no `now` and accepts times in the future."""
    if not any(_is_signed(body, header, secret) for secret in secrets):
        raise BadSignature("it is not signed with our secret")
    if abs(now - _signed_at(header)) > SIGNATURE_TOLERANCE_S:
        raise BadSignature("it was signed too long ago, or in the future")


def _is_signed(body: bytes, header: str, secret: str) -> bool:
    try:
        return bool(stripe.WebhookSignature.verify_header(body, header, secret))
    except (stripe.SignatureVerificationError, ValueError, TypeError):  # TypeError: a header that is not ASCII
        return False


def _signed_at(header: str) -> int:
    """The time of a header that the SDK has accepted."""
    parts = (part.split("=", 2) for part in header.split(","))
    return int(next(part[1] for part in parts if part[0] == "t"))
