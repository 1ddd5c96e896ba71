"""Shopify's own library, `shopifyapi`, where its verdict counts: consent page URLs, signed queries, session tokens, and
a store's domain as merchants enter it. The only file that imports `shopify`.

What sends a request or has state is not used: the library's requests have no time-out, `activate_session` binds a
store to the thread, and `Session.setup` sets the app's key and secret for the whole process. Key and secret are put in
a subclass made for one call instead. The import takes about half a second, so it happens on first use or in `load`, and
never in an installation without a Shopify app.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from integrations.shopify.version import API_VERSION

if TYPE_CHECKING:
    from shopify import Session


def load() -> None:
    """Import the library now, so that no request waits for it."""
    import shopify  # noqa: F401


def permission_url(shop_domain: str, api_key: str, scopes: Sequence[str], redirect_uri: str, state: str) -> str:
    """The URL of the consent page on which a merchant grants `scopes`.

    Callers check `shop_domain` first: the library turns `evil.example` into `evil.myshopify.com`.
    """
    session = _session_class(api_key=api_key)(shop_domain, API_VERSION)
    return str(session.create_permission_url(list(scopes), redirect_uri, state))


def is_signed_query(pairs: Iterable[tuple[str, str]], secrets: Sequence[str]) -> bool:
    """Whether the `hmac` among these decoded query parameters is a signature of the others by one of `secrets`.

    The timestamp is not checked. Of a parameter that occurs twice only the last value is, unless its name ends in "[]".
    """
    params: dict[str, str | list[str]] = {}
    for key, value in pairs:
        listed = params.get(key, [])
        params[key] = [*listed, value] if key.endswith("[]") and isinstance(listed, list) else value
    return any(_session_class(secret=secret).validate_hmac(params) for secret in secrets)


def find_session_claims(token: str, api_key: str, secrets: Sequence[str]) -> Mapping[str, object] | None:
    """The claims of a session token of Shopify's admin; None unless one of `secrets` signed it for this app and it is
    valid now, with 10 seconds of leeway. Its `iss` and `dest` are URLs of one host below myshopify.com."""
    from shopify import session_token

    for secret in secrets:
        try:
            claims: dict[str, object] = session_token.decode_from_header(f"Bearer {token}", api_key, secret)
        except (session_token.SessionTokenError, TypeError, ValueError, AttributeError):
            continue  # the last three are raised for an `iss` or `dest` that is not a string
        return claims
    return None


def find_entered_domain(text: str) -> str | None:
    """The permanent domain of the store that a merchant entered as `acme`, as `acme.myshopify.com` or as the URL of a
    page there; None where the library finds none."""
    from shopify.utils import shop_url

    try:
        found: str | None = shop_url.sanitize_shop_domain(text)
    except ValueError:
        return None
    return found


def _session_class(**values: str) -> "type[Session]":
    """`shopify.Session` with an app's key or secret that no other call sees."""
    import shopify

    return type("AppSession", (shopify.Session,), values)
