"""Encryption and hashing of secrets. Keys are derived from AISLE_SECRET_KEY, one per purpose."""

import base64
import hashlib
import hmac
import secrets
from uuid import UUID

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


def derive(secret_key: str, purpose: str) -> bytes:
    """Derive the 32-byte key of one purpose. It reveals nothing about the key of another."""
    return hmac.new(secret_key.encode(), f"aisle/{purpose}".encode(), hashlib.sha256).digest()


def app_role_password(secret_key: str) -> str:
    """Derive the app role's database password, so that one setting is enough for two roles."""
    return derive(secret_key, "database-app-role").hex()


def digest(secret: str) -> bytes:
    """Hash a key of 128 random bits or more for storage: SHA-256, without a salt, which such keys do not need."""
    return hashlib.sha256(secret.encode()).digest()


def new_secret(prefix: str) -> str:
    """Return `prefix` and 256 random bits, safe in URLs."""
    return f"{prefix}{secrets.token_urlsafe(32)}"


class Vault:
    """Encrypts a shop's secrets. The shop's id is inside and checked, so no row can be moved to another shop."""

    def __init__(self, secret_keys: tuple[str, ...]) -> None:
        self._fernet = MultiFernet([Fernet(base64.urlsafe_b64encode(derive(key, "vault"))) for key in secret_keys])

    def seal(self, shop_id: UUID, secret: str) -> bytes:
        """Encrypt for this shop with the newest key."""
        return self._fernet.encrypt(shop_id.bytes + secret.encode())

    def open(self, shop_id: UUID, sealed: bytes) -> str:
        """Decrypt. Raises ValueError for a secret of another shop or under a key that is no longer configured."""
        try:
            plain = self._fernet.decrypt(sealed)
        except InvalidToken:
            raise ValueError("sealed with an unknown key") from None
        if not hmac.compare_digest(plain[:16], shop_id.bytes):
            raise ValueError("sealed for another shop")
        return plain[16:].decode()

    def rotate(self, sealed: bytes) -> bytes:
        """Encrypt a sealed secret again under the newest key."""
        return self._fernet.rotate(sealed)
