"""Requests that a merchant's own endpoint can trust: HMAC-SHA256 over the time and the body."""

import hashlib
import hmac
import time
from collections.abc import Callable


def signed_headers(secret: str, body: bytes, clock: Callable[[], float] = time.time) -> dict[str, str]:
    """`Aisle-Timestamp` (Unix seconds) and `Aisle-Signature`: v1= and the hex HMAC of "{timestamp}.{body}"."""
    moment = str(int(clock()))
    signature = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return {"Aisle-Timestamp": moment, "Aisle-Signature": f"v1={signature}", "Content-Type": "application/json"}
