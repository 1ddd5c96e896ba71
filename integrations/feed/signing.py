"""Signatures of requests to a merchant's own endpoint: HMAC-SHA256 over the time and the body."""

import hashlib
import hmac
import time
from collections.abc import Callable


def signed_headers(secret: str, body: bytes, clock: Callable[[], float] = time.time) -> dict[str, str]:
    """The headers of a JSON request: its type, `Aisle-Timestamp` (Unix seconds), and `Aisle-Signature`, which is "v1="
    and the hex HMAC of "{timestamp}.{body}".
    """
    timestamp = str(int(clock()))
    signature = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return {"Aisle-Timestamp": timestamp, "Aisle-Signature": f"v1={signature}", "Content-Type": "application/json"}
