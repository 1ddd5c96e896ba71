"""Connecting a shop by its own consent page (wc-auth), and the shop's address as merchants write it."""

import re
from urllib.parse import urlencode, urlsplit

import httpx
import msgspec
from msgspec import Struct

_PATH_ENDS = re.compile(r"/(?:wp-admin|wp-json|wp-login\.php|wc-api|index\.php)(?:/.*)?$", re.IGNORECASE)
_MAX_URL_CHARS = 500
APP_NAME = "Aisle"


class GrantedKeys(Struct, frozen=True):
    """What a shop posts after consent. It is unsigned and does not name the shop: `state` says which it was asked of,
    and the keys have to be tried against that shop before they count."""

    state: str
    consumer_key: str
    consumer_secret: str
    permissions: str

    def __repr__(self) -> str:
        return f"GrantedKeys(permissions={self.permissions!r})"


class _Callback(Struct, frozen=True):
    user_id: str | int
    consumer_key: str
    consumer_secret: str
    key_permissions: str = ""


def normalise_store_url(text: str) -> str:
    """The shop's address without a slash at its end: "shop.example/wp-admin/" is "https://shop.example", a shop in a
    folder keeps it, http stays where it is asked for. Raises ValueError, in words for the merchant."""
    written = text.strip()
    if "://" not in written:
        written = f"https://{written}"
    try:
        parts = urlsplit(written)
        host, port = parts.hostname, parts.port
        host = host.encode("idna").decode() if host and not host.isascii() else host
        httpx.URL(written)
    except (ValueError, UnicodeError, httpx.InvalidURL):
        raise ValueError("This is not a web address; write it like https://shop.example") from None
    if parts.scheme not in ("http", "https") or not host or len(written) > _MAX_URL_CHARS:
        raise ValueError("This is not a web address; write it like https://shop.example")
    if "@" in parts.netloc:
        raise ValueError("Write the shop's address without a user name and password")
    if re.search(r"[^a-z0-9.:_-]", host):
        raise ValueError("This is not a web address; write it like https://shop.example")
    shown = f"[{host}]" if ":" in host else host
    usual = 443 if parts.scheme == "https" else 80
    path = re.sub(r"/{2,}", "/", _PATH_ENDS.sub("", parts.path)).rstrip("/")
    return f"{parts.scheme}://{shown}{'' if port in (None, usual) else f':{port}'}{path}"


def consent_url(store_url: str, *, state: str, callback_url: str, return_url: str) -> str:
    """Where the merchant agrees to give us keys. `state` comes back as `user_id`: unguessable, good once, bound to
    shop and merchant by whoever made it. Raises ValueError: WooCommerce posts keys to https addresses only."""
    if not callback_url.startswith("https://"):
        raise ValueError(
            "WooCommerce sends keys only to https addresses; create keys in WooCommerce and paste them here"
        )
    query = {
        "app_name": APP_NAME,
        "scope": "read_write",
        "user_id": state,
        "return_url": return_url,
        "callback_url": callback_url,
    }
    return f"{store_url}/wc-auth/v1/authorize?{urlencode(query)}"


def read_callback(raw_body: bytes) -> GrantedKeys:
    """The keys in a callback. Raises ValueError, which tells nothing of the body. Answer a good one with 200 exactly:
    WooCommerce takes 201 and 204 for a refusal."""
    try:
        callback = msgspec.json.decode(raw_body, type=_Callback)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ValueError("this is not a callback from WooCommerce") from None
    if not callback.consumer_key.startswith("ck_") or not callback.consumer_secret.startswith("cs_"):
        raise ValueError("this is not a callback from WooCommerce")
    return GrantedKeys(str(callback.user_id), callback.consumer_key, callback.consumer_secret, callback.key_permissions)
