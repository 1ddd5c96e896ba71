"""HTTP as all endpoints use it: the caller's token, origin and address, and errors as RFC 9457 problems.

Litestar's ProblemDetailsPlugin cannot write these problems: what converts an exception there does not see the request,
so the request id and the code that the edge reads have no place, and the edge answers some errors before Litestar runs.
"""

import math
from collections.abc import Iterator
from typing import Any, TypeAlias

import msgspec
from litestar import Request, Response
from litestar.exceptions import (
    ClientException,
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)

from server.core.edge import SHOPPER_PATHS
from server.core.errors import (
    AisleError,
    FieldError,
    Invalid,
    Malformed,
    MethodNotAllowed,
    NotFound,
    TooLarge,
    Unavailable,
    WrongType,
)
from server.core.logging import get_logger

PROBLEM_TYPE = "application/problem+json"
PROBLEM_BASE = "https://aisle.example/problems/"
"""Identifies the kind of a problem. It is no page of this installation."""

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
BODY_TYPES = ("application/json", "multipart/form-data")

BODY = "data"
"""The name of the body in Litestar's errors: the handler's parameter. For an absent body the message is no more than
that name, the text of a KeyError."""
NUL_ESCAPED = b"\\u0000"
"""The only way to write a NUL in JSON."""

AnyRequest: TypeAlias = Request[Any, Any, Any]
"""A request whose user and state nobody uses: callers come by dependencies."""

log = get_logger("http")


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of every error."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: tuple[FieldError, ...] = ()


def bearer_token(request: AnyRequest) -> str | None:
    """The token of `Authorization: Bearer ...`."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def request_origin(request: AnyRequest) -> str | None:
    """The Origin header as the browser wrote it; None without one."""
    return request.headers.get("origin")


def client_address(request: AnyRequest) -> str:
    """The network address of the caller: the nth from the right of X-Forwarded-For behind n trusted proxies.

    All its lines are one list (RFC 9110, 5.3): some proxies write into the caller's line, others add one of their own.
    """
    trusted: int = request.app.state.trusted_proxies
    if trusted:
        forwarded = ",".join(request.headers.getall("x-forwarded-for", []))
        hops = [hop.strip() for hop in forwarded.split(",") if hop.strip()]
        if len(hops) >= trusted:
            return str(hops[-trusted])
    return request.client.host if request.client else ""


class StorableRequest(Request[Any, Any, Any]):
    """A request whose JSON holds only text that the database can store, on routes of merchants. Shoppers' text is
    accepted as it comes, with U+FFFD in place of what cannot be stored."""

    async def json(self) -> Any:
        """The decoded body. Raises Invalid with the names of the values that hold a NUL."""
        value = await super().json()
        if self.scope["path"].startswith(SHOPPER_PATHS):
            return value
        if NUL_ESCAPED in await self.body() and (fields := list(_fields_with_nul(value))):
            message = "holds a NUL, which cannot be stored"
            raise Invalid("Some texts cannot be stored.", errors=tuple(FieldError(each, message) for each in fields))
        return value


def _fields_with_nul(value: object, field: str = "") -> Iterator[str]:
    match value:
        case str() if "\0" in value:
            yield field or "body"
        case dict():
            for key, each in value.items():
                yield from _fields_with_nul(each, f"{field}.{key}" if field else str(key))
        case list():
            for number, each in enumerate(value):
                yield from _fields_with_nul(each, f"{field}[{number}]")


async def require_storable_address(request: AnyRequest) -> None:
    """Raises NotFound for an address with a NUL, because nothing can be stored under it."""
    if b"%00" in request.scope.get("raw_path", b""):
        raise NotFound


async def require_known_type(request: AnyRequest) -> None:
    """Raises WrongType for a body of a content type that the route does not take. It takes BODY_TYPES, or the
    "body_types" of its `opt`."""
    await require_storable_address(request)
    if request.method in SAFE_METHODS or not request.scope["path"].startswith("/v1/"):
        return
    declared = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    taken = request.route_handler.opt.get("body_types", BODY_TYPES)
    if declared and declared not in taken:
        known = "application/json (files: multipart/form-data)" if taken is BODY_TYPES else ", ".join(taken)
        raise WrongType(f"This address accepts {known}.")


def problem_response(request: AnyRequest, error: AisleError) -> Response[bytes]:
    """The response for an AisleError."""
    body = problem_body(request.scope, error)
    return Response(body, status_code=error.status, media_type=PROBLEM_TYPE, headers=problem_headers(error))


def problem_headers(error: AisleError) -> dict[str, str]:
    """The headers of a problem, without its content type."""
    headers = {"cache-control": "no-store"}
    if error.retry_after_s is not None:
        headers["retry-after"] = str(max(1, math.ceil(error.retry_after_s)))
    if error.status == 401:
        headers["www-authenticate"] = "Bearer"
    return headers


def problem_body(scope: Any, error: AisleError) -> bytes:
    """An AisleError as an RFC 9457 document."""
    problem = Problem(
        type=PROBLEM_BASE + error.code.replace("_", "-"),
        title=error.title,
        status=error.status,
        detail=error.detail,
        code=error.code,
        request_id=scope["state"].get("request_id", ""),
        errors=error.errors,
    )
    return msgspec.json.encode(problem)


def on_aisle_error(request: AnyRequest, error: AisleError) -> Response[bytes]:
    """Exception handler for AisleError."""
    request.scope["state"]["refused_code"] = error.code
    return problem_response(request, error)


def on_http_exception(request: AnyRequest, error: HTTPException) -> Response[bytes]:
    """Exception handler for the framework's own HTTP errors."""
    return problem_response(request, _translate(error))


def on_unreadable(request: AnyRequest, _error: Exception) -> Response[bytes]:
    """Exception handler for bodies that are not UTF-8 or nest too deep for the JSON decoder."""
    return problem_response(request, Malformed("The request cannot be read; send JSON in UTF-8 with less nesting."))


def on_exception(request: AnyRequest, error: Exception) -> Response[bytes]:
    """Exception handler for everything else: the response has the request id, the log has the traceback."""
    log.exception("unhandled", path=request.url.path, exc_info=error)
    return problem_response(request, AisleError("Something went wrong on our side; nothing was lost. Try again."))


def _translate(error: HTTPException) -> AisleError:
    match error:
        case ValidationException():
            return _invalid(error)
        case NotFoundException():
            return NotFound()
        case MethodNotAllowedException():
            return MethodNotAllowed("This address does not accept this method.")
    match error.status_code:
        case 413:
            return TooLarge("The request is larger than this address accepts.")
        case 415:
            return WrongType("This address does not accept this content type.")
        case 503:
            return Unavailable(error.detail)
        case status if isinstance(error, ClientException) or 400 <= status < 500:
            return Malformed("The request cannot be read; is the body JSON?")
    return AisleError("Something went wrong on our side; nothing was lost. Try again.")


def _invalid(error: ValidationException) -> AisleError:
    extra = error.extra if isinstance(error.extra, list) else []
    fields = tuple(_field_error(item) for item in extra if isinstance(item, dict))
    return Invalid("Some values are missing or wrong.", errors=fields)


def _field_error(item: dict[str, Any]) -> FieldError:
    field, message = str(item.get("key", BODY)), str(item.get("message", "is wrong"))
    return FieldError("body" if field == BODY else field, "is missing" if message == repr(BODY) else message)


EXCEPTION_HANDLERS: dict[Any, Any] = {
    AisleError: on_aisle_error,
    HTTPException: on_http_exception,
    UnicodeDecodeError: on_unreadable,
    RecursionError: on_unreadable,
    Exception: on_exception,
}
