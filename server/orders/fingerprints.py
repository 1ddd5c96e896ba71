"""Keyed hashes: what counters and codes are stored as, so that the tables tell nothing of orders or addresses."""

import hashlib
import hmac
import secrets
from uuid import UUID

from server.core.crypto import derive

CODE_DIGITS = 6


class Fingerprints:
    """HMAC-SHA256 under keys derived from AISLE_SECRET_KEY, newest first; codes made under an older key hold."""

    def __init__(self, secret_keys: tuple[str, ...]) -> None:
        self._subject_key = derive(secret_keys[0], "order-attempts")
        self._code_keys = [derive(key, "order-codes") for key in secret_keys]

    def subject(self, shop_id: UUID, scope: str, subject: str) -> bytes:
        """What an attempt counter is kept under."""
        return _hash(self._subject_key, str(shop_id), scope, subject)

    def code(self, shop_id: UUID, conversation_id: UUID, order_number: str, code: str) -> bytes:
        """What a code is stored as: good for one conversation and one order of one shop."""
        return _hash(self._code_keys[0], str(shop_id), str(conversation_id), order_number, code)

    def is_code(self, stored: bytes, shop_id: UUID, conversation_id: UUID, order_number: str, code: str) -> bool:
        """Whether `code` is the stored one; no comparison takes longer for a better guess."""
        made = (str(shop_id), str(conversation_id), order_number, code)
        return any(hmac.compare_digest(stored, _hash(key, *made)) for key in self._code_keys)


def new_code() -> str:
    """Six random digits."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"


def _hash(key: bytes, *parts: str) -> bytes:
    return hmac.new(key, "\x1f".join(parts).encode(errors="surrogatepass"), hashlib.sha256).digest()
