"""Idempotency keys: a repeated request gets the first reply again for a day, and a different one is refused."""

import msgspec

from server.embedded.standins.stripe.faults import Fault
from server.embedded.standins.stripe.store import DAY, Object, Store


class StoredReply(msgspec.Struct, frozen=True):
    """The reply to the first request with a key. `at` is in Unix seconds of the stand-in's clock."""

    request: tuple[str, str, str]
    status: int
    body: bytes
    at: int


class IdempotencyKeys:
    """Replies by key. As at Stripe, a refusal of invalid parameters is not stored: they may be corrected and resent."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._replies: dict[str, StoredReply] = {}

    def find(self, key: str, method: str, path: str, params: Object) -> StoredReply | None:
        """The reply to the same request, None without one. Raises Fault for another request with the same key."""
        stored = self._replies.get(key)
        if stored is None or self._store.now() - stored.at >= DAY:
            return None
        if stored.request != _fingerprint(method, path, params):
            raise Fault(
                f"The idempotency key '{key}' was first used with other parameters.",
                kind="idempotency_error",
            )
        return stored

    def save(self, key: str, method: str, path: str, params: Object, status: int, body: bytes) -> None:
        """Store a reply, unless it refuses the parameters."""
        if status < 400 or status == 402 or status >= 500:
            self._replies[key] = StoredReply(_fingerprint(method, path, params), status, body, self._store.now())


def _fingerprint(method: str, path: str, params: Object) -> tuple[str, str, str]:
    return method, path, msgspec.json.encode(params, order="sorted").decode()
