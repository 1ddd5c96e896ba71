"""Refusals in Stripe's shape."""

from typing import Any


class Fault(Exception):
    """Becomes `{"error": {...}}` with its status."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        **more: str | None,
    ) -> None:
        super().__init__(message)
        self.status = status
        named: dict[str, Any] = {"type": kind, "message": message, "code": code, "param": param, **more}
        self.body = {"error": {name: value for name, value in named.items() if value is not None}}


def missing(kind: str, given: str, param: str = "id") -> Fault:
    """404 as for an id nobody has."""
    name = kind.rsplit(".", 1)[-1]
    return Fault(f"No such {name}: '{given}'", status=404, code="resource_missing", param=param)
