"""The error tree. Every error that leaves Aisle is an RFC 9457 problem made from one of these.

AisleError                500     internal              yes, after some time
├── Malformed             400     malformed             no: fix the request
├── Unauthenticated       401     unauthenticated       with another credential
├── InvalidSignature      401     bad_signature         after signing again
├── OriginRefused         403     origin_refused        no: list the origin first
├── RoleRefused           403     role_refused          no: ask somebody with the role
├── ImagesOff             403     images_off            no: the shop has to allow pictures first
├── NotFound              404     not_found             no: not there, or not yours
├── MethodNotAllowed      405     method_not_allowed    no: use a method that the address takes
├── Conflict              409     conflict              after reading the newest state
├── TooLarge              413     too_large             no: send less
├── WrongType             415     wrong_type            no: send another type
├── Invalid               422     invalid               no: fix the named fields
├── RateLimited           429     rate_limited          after Retry-After
├── QuotaExceeded         429     quota_exceeded        after Retry-After
└── Unavailable           503     unavailable           after Retry-After
    └── DatabaseAway      503     unavailable           after Retry-After
        ├── DatabaseBusy      503     database_busy         after Retry-After: others held what it needed
        ├── DatabaseReadOnly  503     database_read_only    after Retry-After: a failover, or an operator's decision
        ├── DatabaseFull      503     database_full         after Retry-After: an operator has to free space
        └── DatabaseExhausted 503     database_exhausted    after Retry-After: no memory or no connection left
ConfigurationError        (start-up) one line on stderr, exit code 2

Columns: class, status, code, whether the caller may try again. `docs/errors.md` is made from this tree and from the
docstrings of the classes.
"""

from typing import ClassVar

from msgspec import Struct


class FieldError(Struct, frozen=True):
    """One thing wrong with one field of a request."""

    field: str
    message: str


class AisleError(Exception):
    """Something went wrong on Aisle's side. The log has the rest under the `request_id` of the response.

    `detail` says what happened in words for whoever asked; `errors` names single fields; `retry_after_s` is in seconds.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong"

    def __init__(self, detail: str, *, errors: tuple[FieldError, ...] = (), retry_after_s: float | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors
        self.retry_after_s = retry_after_s


class Malformed(AisleError):
    """The request cannot be read: the body is not JSON in UTF-8, or a part of the address has the wrong form."""

    status, code, title = 400, "malformed", "The request cannot be read"


class Unauthenticated(AisleError):
    """The credential is missing, expired or unknown. Open a new session, or check the key."""

    status, code, title = 401, "unauthenticated", "Not signed in"


class InvalidSignature(AisleError):
    """The signature of a webhook does not match its body, or is too old. Compare the signing secret on both sides."""

    status, code, title = 401, "bad_signature", "Bad signature"


class OriginRefused(AisleError):
    """The page that calls is not on the shop's list of origins. Add it on the console's page *Setup*."""

    status, code, title = 403, "origin_refused", "This site may not use this shop"


class RoleRefused(AisleError):
    """The caller is signed in, but the role does not allow this. Ask an owner of the shop."""

    status, code, title = 403, "role_refused", "Not allowed for this role"


class ImagesOff(AisleError):
    """The shop does not take pictures from shoppers. It can allow them on the console's page *Branding*."""

    status, code, title = 403, "images_off", "No pictures here"


class NotFound(AisleError):
    """There is nothing under this address, or it belongs to somebody else: the two look the same on purpose."""

    status, code, title = 404, "not_found", "Not found"

    def __init__(self, detail: str = "There is nothing at this address, or it is not yours.") -> None:
        super().__init__(detail)


class MethodNotAllowed(AisleError):
    """The address exists, but not for this HTTP method."""

    status, code, title = 405, "method_not_allowed", "Method not allowed"


class Conflict(AisleError):
    """The request conflicts with the current state, such as a message while another answer is running."""

    status, code, title = 409, "conflict", "Conflicts with the current state"


class TooLarge(AisleError):
    """The body, or a file in it, has more bytes than this address takes."""

    status, code, title = 413, "too_large", "Too large"


class WrongType(AisleError):
    """The body has a content type that this address does not take. The detail names those it takes."""

    status, code, title = 415, "wrong_type", "Unsupported content type"


class Invalid(AisleError):
    """The request can be read, but values are missing or wrong. `errors` names each field and says what is wrong."""

    status, code, title = 422, "invalid", "A value is not acceptable"


class RateLimited(AisleError):
    """There were too many requests or attempts. Wait as long as `Retry-After` says, in seconds."""

    status, code, title = 429, "rate_limited", "Too many requests"


class QuotaExceeded(AisleError):
    """A limit of the shop's plan is reached. The console's page *Plan* shows which, and what would raise it."""

    status, code, title = 429, "quota_exceeded", "The plan's limit is reached"


class Unavailable(AisleError):
    """Something that Aisle needs does not answer, such as the database or a store. What was accepted is kept."""

    status, code, title = 503, "unavailable", "Temporarily unavailable"

    def __init__(self, detail: str, *, retry_after_s: float = 5) -> None:
        super().__init__(detail, retry_after_s=retry_after_s)


class DatabaseAway(Unavailable):
    """The database does not answer, or says that it cannot do this now: the codes below."""

    def __init__(
        self, detail: str = "The database is not answering; nothing was lost.", *, retry_after_s: float = 5
    ) -> None:
        super().__init__(detail, retry_after_s=retry_after_s)


class DatabaseBusy(DatabaseAway):
    """A lock, a timeout, a deadlock or a concurrent change ended the transaction. The same request may succeed now."""

    code, title = "database_busy", "The database is busy"

    def __init__(self, detail: str = "The database is too busy right now; nothing was changed, try again.") -> None:
        super().__init__(detail, retry_after_s=2)


class DatabaseReadOnly(DatabaseAway):
    """The database takes no writes."""

    code, title = "database_read_only", "The database takes no writes"

    def __init__(
        self, detail: str = "The database takes no writes at the moment; nothing was changed, try again."
    ) -> None:
        super().__init__(detail, retry_after_s=5)


class DatabaseFull(DatabaseAway):
    """The database's disk is full."""

    code, title = "database_full", "The database has no space left"

    def __init__(
        self, detail: str = "The database has no space left, so this was not saved; the operator must free some."
    ) -> None:
        super().__init__(detail, retry_after_s=30)


class DatabaseExhausted(DatabaseAway):
    """The database has no memory or no connection to spare."""

    code, title = "database_exhausted", "The database is out of memory or connections"

    def __init__(
        self, detail: str = "The database is out of memory or connections; nothing was changed, try again."
    ) -> None:
        super().__init__(detail, retry_after_s=5)


class ConfigurationError(Exception):
    """A setting is missing or malformed, or a dependency is set up in a way we refuse to run with."""
