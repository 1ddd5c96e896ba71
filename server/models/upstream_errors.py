"""The errors of a model server, in words with which an operator can mend them.

ModelUnavailable
└── UpstreamError     has `retry_after_s` when another attempt can help
    └── RequestRefused    the server works but refuses this one request

A server's own message is never passed on, as it may repeat the key or a shopper's words. Its error code is.
"""

import re
from typing import Any

import msgspec

from server.models.protocol import FailureKind, ModelUnavailable

_MAX_RETRY_AFTER_S = 2.0
_DEFAULT_RETRY_AFTER_S = 0.25
_CODE = re.compile(r"[A-Za-z0-9_.\-]{1,48}")


class UpstreamError(ModelUnavailable):
    """`retry_after_s` is None when another attempt cannot help, or not before a shopper has left."""

    def __init__(
        self, reason: str, *, retry_after_s: float | None = None, kind: FailureKind = FailureKind.SERVER_ERROR
    ) -> None:
        super().__init__(reason, kind=kind)
        self.retry_after_s = retry_after_s


class RequestRefused(UpstreamError):
    """The request is too long or forbidden, others may succeed. `about` is the server's message, not to be shown."""

    def __init__(self, reason: str, about: str = "") -> None:
        super().__init__(reason, kind=FailureKind.REQUEST_REFUSED)
        self.about = about


def _misconfigured(reason: str) -> UpstreamError:
    return UpstreamError(reason, kind=FailureKind.MISCONFIGURED)


def connection_error(error: BaseException) -> UpstreamError:
    """The error for a connection that failed, or broke before a response came."""
    return UpstreamError(
        f"no connection to the model server ({type(error).__name__}): check OPENAI_BASE_URL and the network",
        retry_after_s=_DEFAULT_RETRY_AFTER_S,
        kind=FailureKind.NO_CONNECTION,
    )


def status_error(status: int, body: bytes, *, retry_after: str | None, model: str, setting: str) -> UpstreamError:
    """The error for an HTTP status that is no success. `setting` is the setting that names the model."""
    details = _details(body)
    codes = _codes(status, details)
    match status:
        case 400 | 413 | 422:
            return RequestRefused(f"the model server refused the request{codes}", about=str(details))
        case 401:
            return _misconfigured(f"the model server refused the key: check OPENAI_API_KEY{codes}")
        case 403:
            return _misconfigured(f"the key may not use the model {model}: check its rights and {setting}{codes}")
        case 404:
            return _misconfigured(f"no model {model} at that address: check {setting} and OPENAI_BASE_URL{codes}")
        case 429 if details.get("code") == "insufficient_quota":
            reason = f"the account at the model server has no credit left{codes}"
            return UpstreamError(reason, kind=FailureKind.NO_CREDIT)
        case 429:
            return UpstreamError(
                f"the model server is asked too often{codes}",
                retry_after_s=_wait(retry_after),
                kind=FailureKind.RATE_LIMITED,
            )
        case _ if 300 <= status < 400:
            return _misconfigured(f"the model server redirects: set OPENAI_BASE_URL to where it moved{codes}")
        case 408 | 409 | 425:
            return UpstreamError(f"the model server gave up{codes}", retry_after_s=_wait(retry_after))
        case _ if status >= 500:
            return UpstreamError(f"the model server failed{codes}", retry_after_s=_wait(retry_after))
        case _:
            return UpstreamError(f"the model server answered oddly{codes}")


def cut_error() -> UpstreamError:
    """The error for a stream that ended before the answer did."""
    return UpstreamError(
        "the model server broke off in the middle of an answer",
        retry_after_s=_DEFAULT_RETRY_AFTER_S,
        kind=FailureKind.BROKEN_OFF,
    )


def stream_error(error: Any) -> UpstreamError:
    """The error for an `error` object in the middle of a stream."""
    details = error if isinstance(error, dict) else {}
    reason = f"the model server broke off with an error{_codes(None, details)}"
    return UpstreamError(reason, kind=FailureKind.BROKEN_OFF)


def _details(body: bytes) -> dict[str, Any]:
    """The `error` object of a body; an empty or made-up one where there is none."""
    try:
        decoded = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return {}
    error = decoded.get("error", decoded) if isinstance(decoded, dict) else {}
    return error if isinstance(error, dict) else {"message": error}


def _codes(status: int | None, details: dict[str, Any]) -> str:
    """ " (HTTP 429, rate_limit_exceeded)": only what looks like a code."""
    named = [str(details.get(key) or "") for key in ("code", "type")]
    code = next((code for code in named if _CODE.fullmatch(code) and not code.startswith("sk-")), "")
    parts = [f"HTTP {status}" if status else "", code if code != str(status) else ""]
    text = ", ".join(part for part in parts if part)
    return f" ({text})" if text else ""


def _wait(retry_after: str | None) -> float | None:
    """The seconds of a Retry-After header, the default for none, a date or nonsense; None when it is too long."""
    try:
        seconds = float(retry_after or _DEFAULT_RETRY_AFTER_S)
    except ValueError:
        seconds = _DEFAULT_RETRY_AFTER_S
    return seconds if 0 <= seconds <= _MAX_RETRY_AFTER_S else None
