"""The error tree. Every error that leaves Aisle is an RFC 9457 problem made from one of these.

AisleError                status  code                  may the caller try again?
├── Malformed             400     malformed             no: mend the request
├── Unauthenticated       401     unauthenticated       with another credential
├── OriginRefused         403     origin_refused        no: list the origin first
├── RoleRefused           403     role_refused          no: ask somebody with the role
├── ImagesOff             403     images_off            no: the shop has to allow pictures first
├── NotFound              404     not_found             no: not there, or not yours
├── Conflict              409     conflict              after reading the newest state
├── TooLarge              413     too_large             no: send less
├── WrongType             415     wrong_type            no: send another type
├── Invalid               422     invalid               no: mend the named fields
├── RateLimited           429     rate_limited          after Retry-After
├── QuotaExceeded         429     quota_exceeded        after Retry-After
└── Unavailable           503     unavailable           after Retry-After
    └── DatabaseAway      503     unavailable           after Retry-After
        ├── DatabaseBusy      503 database_busy         after Retry-After: others held what it needed
        ├── DatabaseReadOnly  503 database_read_only    after Retry-After: a failover, or an operator's decision
        ├── DatabaseFull      503 database_full         after Retry-After: an operator has to make room
        └── DatabaseExhausted 503 database_exhausted    after Retry-After: no memory or no connection left
ConfigurationError        (start-up) one line on stderr, exit code 2
"""

from typing import ClassVar

from msgspec import Struct


class FieldError(Struct, frozen=True):
    """One thing wrong with one field of a request."""

    field: str
    message: str


class AisleError(Exception):
    """What happened, in words for whoever asked; `errors` names single fields, `retry_after_s` is in seconds."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong"

    def __init__(self, detail: str, *, errors: tuple[FieldError, ...] = (), retry_after_s: float | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors
        self.retry_after_s = retry_after_s


class Malformed(AisleError):
    """The request cannot be read."""

    status, code, title = 400, "malformed", "The request cannot be read"


class Unauthenticated(AisleError):
    """No credential, or one that does not hold."""

    status, code, title = 401, "unauthenticated", "Not signed in"


class OriginRefused(AisleError):
    """The page's origin is not on the shop's list."""

    status, code, title = 403, "origin_refused", "This site may not use this shop"


class RoleRefused(AisleError):
    """Signed in, but without the role this needs."""

    status, code, title = 403, "role_refused", "Not allowed for this role"


class ImagesOff(AisleError):
    """The shop takes no pictures."""

    status, code, title = 403, "images_off", "No pictures here"


class NotFound(AisleError):
    """Not there or not yours: never told apart."""

    status, code, title = 404, "not_found", "Not found"

    def __init__(self, detail: str = "There is nothing here under this address for you.") -> None:
        super().__init__(detail)


class Conflict(AisleError):
    """The state does not allow it now."""

    status, code, title = 409, "conflict", "In conflict with the present state"


class TooLarge(AisleError):
    """More bytes than we take."""

    status, code, title = 413, "too_large", "Too large"


class WrongType(AisleError):
    """A content type we do not take here."""

    status, code, title = 415, "wrong_type", "Unsupported content type"


class Invalid(AisleError):
    """Readable, but a value is wrong."""

    status, code, title = 422, "invalid", "A value is not acceptable"


class RateLimited(AisleError):
    """Too many requests."""

    status, code, title = 429, "rate_limited", "Too many requests"


class QuotaExceeded(AisleError):
    """The plan's limit is reached."""

    status, code, title = 429, "quota_exceeded", "The plan's limit is reached"


class Unavailable(AisleError):
    """A dependency is down; nothing was lost."""

    status, code, title = 503, "unavailable", "Temporarily unavailable"

    def __init__(self, detail: str, *, retry_after_s: float = 5) -> None:
        super().__init__(detail, retry_after_s=retry_after_s)


class DatabaseAway(Unavailable):
    """The database does not answer, or (below) answers that it cannot do this now."""

    def __init__(
        self, detail: str = "The database is not answering; nothing was lost.", *, retry_after_s: float = 5
    ) -> None:
        super().__init__(detail, retry_after_s=retry_after_s)


class DatabaseBusy(DatabaseAway):
    """A lock, a time-out, a deadlock or a rival's change ended the transaction; the same again may well succeed."""

    code, title = "database_busy", "The database is busy"

    def __init__(self, detail: str = "The database was too busy for this; nothing was changed, try again.") -> None:
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

    code, title = "database_full", "The database has no room left"

    def __init__(
        self, detail: str = "The database has no room left, so this was not saved; the operator has to make room."
    ) -> None:
        super().__init__(detail, retry_after_s=30)


class DatabaseExhausted(DatabaseAway):
    """The database has no memory or no connection to spare."""

    code, title = "database_exhausted", "The database has nothing to spare"

    def __init__(
        self, detail: str = "The database has no memory or connection to spare; nothing was changed, try again."
    ) -> None:
        super().__init__(detail, retry_after_s=5)


class ConfigurationError(Exception):
    """A setting is missing or malformed, or a dependency is set up in a way we refuse to run with."""
