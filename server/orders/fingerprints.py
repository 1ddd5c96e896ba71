"""Keyed hashes of subjects and codes, so that the tables reveal no order numbers or addresses."""

import hashlib
import hmac
import secrets
from uuid import UUID

from server.core.crypto import derive

CODE_DIGITS = 6


class Fingerprints:
    """HMAC-SHA256 under keys derived from AISLE_SECRET_KEY, newest first; codes made under an older key stay valid."""

    def __init__(self, secret_keys: tuple[str, ...]) -> None:
        self._subject_key = derive(secret_keys[0], "order-attempts")
        self._code_keys = [derive(key, "order-codes") for key in secret_keys]

    def subject(self, shop_id: UUID, scope: str, subject: str) -> bytes:
        """The key of an attempt counter."""
        return _hash(self._subject_key, str(shop_id), scope, subject)

    def code(self, shop_id: UUID, conversation_id: UUID, order_number: str, code: str) -> bytes:
        """The stored form of a code, valid for one conversation and one order of one shop."""
        return _hash(self._code_keys[0], str(shop_id), str(conversation_id), order_number, code)

    def is_code(self, stored: bytes, shop_id: UUID, conversation_id: UUID, order_number: str, code: str) -> bool:
        """Whether `code` is the stored one, compared in constant time."""
        made = (str(shop_id), str(conversation_id), order_number, code)
        return any(hmac.compare_digest(stored, _hash(key, *made)) for key in self._code_keys)


def new_code() -> str:
    """Six random digits."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"


def _hash(key: bytes, *parts: str) -> bytes:
    return hmac.new(key, "\x1f".join(parts).encode(errors="surrogatepass"), hashlib.sha256).digest()
