"""Signatures as Shopify makes them, written apart from the code that checks them."""

import base64
import hashlib
import hmac
import time
from typing import Any
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import OctKey


def body_signature(body: bytes, secret: str) -> str:
    """Of a webhook."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def callback_query(params: dict[str, str], secret: str) -> str:
    """A callback's query string with its `hmac`."""
    message = "&".join(f"{key}={params[key]}" for key in sorted(params))
    return urlencode({**params, "hmac": hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()})


def proxy_query(params: dict[str, str], secret: str) -> str:
    """A proxied call's query string with its `signature`."""
    message = "".join(f"{key}={params[key]}" for key in sorted(params))
    return urlencode({**params, "signature": hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()})


def session_token(domain: str, api_key: str, secret: str, **claims: Any) -> str:
    """What App Bridge hands to the embedded page; `claims` replace single ones."""
    now = int(time.time())
    told = {
        "iss": f"https://{domain}/admin",
        "dest": f"https://{domain}",
        "aud": api_key,
        "sub": "42",
        "exp": now + 60,
        "nbf": now,
        "iat": now,
        "jti": "f8912129-1af6-4cad-9ca3-76b0f7621087",
        "sid": "aaea182f2732d44c23057c0fea584021a4485b2bd25d3eb7fd349313ad24c685",
        **claims,
    }
    return jwt.encode({"alg": "HS256"}, told, OctKey.import_key(secret))
