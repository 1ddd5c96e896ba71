"""Signed tokens (itsdangerous, SHA-256). Each purpose has its own salt, so that its tokens are valid for it alone."""

import hashlib
import time
from typing import Generic, TypeVar

import msgspec
from itsdangerous import BadData, URLSafeSerializer

LEEWAY_S = 60
"""A token is accepted this long after its expiry, since the clocks of two machines may differ."""

Claims = TypeVar("Claims", bound=msgspec.Struct)


class _Encoder:
    """JSON by msgspec, with the methods that itsdangerous expects of a serializer."""

    @staticmethod
    def dumps(value: object) -> str:
        return msgspec.json.encode(value).decode()

    @staticmethod
    def loads(data: str | bytes) -> object:
        return msgspec.json.decode(data)


class TokenSigner(Generic[Claims]):
    """Signs and reads the tokens of one purpose. A token contains the time it expires and one Struct of claims.

    The first of `secret_keys` signs; all of them verify.
    """

    def __init__(self, secret_keys: tuple[str, ...], purpose: str, claims: type[Claims]) -> None:
        self._claims = claims
        self._serializer = URLSafeSerializer(
            list(reversed(secret_keys)),  # the first key signs; itsdangerous takes the last of its list
            salt=f"aisle.{purpose}",
            serializer=_Encoder,
            signer_kwargs={"digest_method": hashlib.sha256},
        )

    def sign(self, claims: Claims, *, lifetime_s: float) -> str:
        """Return a URL-safe token that expires in `lifetime_s` seconds."""
        token: str = self._serializer.dumps([time.time() + lifetime_s, msgspec.to_builtins(claims)])
        return token

    def read(self, token: str) -> Claims | None:
        """The claims; None for a token that is forged, expired, of another purpose or of another shape."""
        try:
            expires_at, claims = self._serializer.loads(token)
            if expires_at + LEEWAY_S < time.time():
                return None
            return msgspec.convert(claims, self._claims)
        except (BadData, ValueError, TypeError, msgspec.MsgspecError):
            return None
