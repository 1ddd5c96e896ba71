"""What went wrong at a model server, said so that staff can mend it.

ModelUnavailable
└── UpstreamError     may carry `retry_after_s`: asking once more can help
    └── RequestRefused    the server is well but will not take this one request

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
    """`retry_after_s` is None when asking again cannot help, or not before a shopper has left."""

    def __init__(
        self, reason: str, *, retry_after_s: float | None = None, kind: FailureKind = FailureKind.SERVER_ERROR
    ) -> None:
        super().__init__(reason, kind=kind)
        self.retry_after_s = retry_after_s


class RequestRefused(UpstreamError):
    """Too long, or forbidden: other requests may succeed. `about`: the server's message, not to be shown."""

    def __init__(self, reason: str, about: str = "") -> None:
        super().__init__(reason, kind=FailureKind.REQUEST_REFUSED)
        self.about = about


def _misconfigured(reason: str) -> UpstreamError:
    return UpstreamError(reason, kind=FailureKind.MISCONFIGURED)


def connection_error(error: BaseException) -> UpstreamError:
    """No connection, or it broke before an answer came."""
    return UpstreamError(
        f"no connection to the model server ({type(error).__name__}): check OPENAI_BASE_URL and the network",
        retry_after_s=_DEFAULT_RETRY_AFTER_S,
        kind=FailureKind.NO_CONNECTION,
    )


def status_error(status: int, body: bytes, *, retry_after: str | None, model: str, setting: str) -> UpstreamError:
    """From an HTTP answer that is not a success. `setting` is the one that names the model."""
    details = _details(body)
    told = _told(status, details)
    match status:
        case 400 | 413 | 422:
            return RequestRefused(f"the model server refused the request{told}", about=str(details))
        case 401:
            return _misconfigured(f"the model server refused the key: check OPENAI_API_KEY{told}")
        case 403:
            return _misconfigured(f"the key may not use the model {model}: check its rights and {setting}{told}")
        case 404:
            return _misconfigured(f"no model {model} at that address: check {setting} and OPENAI_BASE_URL{told}")
        case 429 if details.get("code") == "insufficient_quota":
            reason = f"the account at the model server has no credit left{told}"
            return UpstreamError(reason, kind=FailureKind.NO_CREDIT)
        case 429:
            return UpstreamError(
                f"the model server is asked too often{told}",
                retry_after_s=_wait(retry_after),
                kind=FailureKind.RATE_LIMITED,
            )
        case _ if 300 <= status < 400:
            return _misconfigured(f"the model server redirects: set OPENAI_BASE_URL to where it moved{told}")
        case 408 | 409 | 425:
            return UpstreamError(f"the model server gave up{told}", retry_after_s=_wait(retry_after))
        case _ if status >= 500:
            return UpstreamError(f"the model server failed{told}", retry_after_s=_wait(retry_after))
        case _:
            return UpstreamError(f"the model server answered oddly{told}")


def cut_error() -> UpstreamError:
    """The stream ended before the answer did."""
    return UpstreamError(
        "the model server broke off in the middle of an answer",
        retry_after_s=_DEFAULT_RETRY_AFTER_S,
        kind=FailureKind.BROKEN_OFF,
    )


def stream_error(error: Any) -> UpstreamError:
    """From an `error` object in the middle of a stream."""
    details = error if isinstance(error, dict) else {}
    reason = f"the model server broke off with an error{_told(None, details)}"
    return UpstreamError(reason, kind=FailureKind.BROKEN_OFF)


def _details(body: bytes) -> dict[str, Any]:
    """The `error` object of the body, whatever else it is."""
    try:
        decoded = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return {}
    error = decoded.get("error", decoded) if isinstance(decoded, dict) else {}
    return error if isinstance(error, dict) else {"message": error}


def _told(status: int | None, details: dict[str, Any]) -> str:
    """ " (HTTP 429, rate_limit_exceeded)": only what looks like a code."""
    codes = [str(details.get(key) or "") for key in ("code", "type")]
    code = next((code for code in codes if _CODE.fullmatch(code) and not code.startswith("sk-")), "")
    parts = [f"HTTP {status}" if status else "", code if code != str(status) else ""]
    told = ", ".join(part for part in parts if part)
    return f" ({told})" if told else ""


def _wait(retry_after: str | None) -> float | None:
    """Seconds to wait. A date or nonsense counts as unsaid."""
    try:
        seconds = float(retry_after or _DEFAULT_RETRY_AFTER_S)
    except ValueError:
        seconds = _DEFAULT_RETRY_AFTER_S
    return seconds if 0 <= seconds <= _MAX_RETRY_AFTER_S else None
