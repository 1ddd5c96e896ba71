"""Idempotency keys: the first answer again for a day, a refusal when the parameters are others."""

import msgspec

from server.embedded.standins.stripe.faults import Fault
from server.embedded.standins.stripe.store import DAY, Object, Store


class Kept(msgspec.Struct, frozen=True):
    request: tuple[str, str, str]
    status: int
    body: bytes
    at: int


class IdempotencyKeys:
    """By key. What fails validation is not kept, as at Stripe: such a request may be mended and sent again."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: dict[str, Kept] = {}

    def find(self, key: str, method: str, path: str, params: Object) -> Kept | None:
        """The answer given before; refuses another request under the same key."""
        kept = self._kept.get(key)
        if kept is None or self._store.now() - kept.at >= DAY:
            return None
        if kept.request != _fingerprint(method, path, params):
            raise Fault(
                f"The idempotency key '{key}' was first used with other parameters.",
                kind="idempotency_error",
            )
        return kept

    def keep(self, key: str, method: str, path: str, params: Object, status: int, body: bytes) -> None:
        if status < 400 or status == 402 or status >= 500:
            self._kept[key] = Kept(_fingerprint(method, path, params), status, body, self._store.now())


def _fingerprint(method: str, path: str, params: Object) -> tuple[str, str, str]:
    return method, path, msgspec.json.encode(params, order="sorted").decode()
