"""Shopify's own library, `shopifyapi`, for what it decides: permission addresses, signed queries, session tokens, and a
store's address as merchants write it. The only file that imports `shopify`.

Nothing of it that sends a request or keeps state is used: its requests have no time-out, `activate_session` binds a
store to the thread, and `Session.setup` sets the app's key and secret for the whole process. Key and secret go into a
subclass that lives for one call instead. The import takes about half a second, so that it happens on first use or in
`load`, and not for installations without a Shopify app.
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
    """The address of the consent page on which a merchant grants `scopes`.

    `shop_domain` has to be checked before: the library makes `evil.myshopify.com` of `evil.example`.
    """
    session = _session_class(api_key=api_key)(shop_domain, API_VERSION)
    return str(session.create_permission_url(list(scopes), redirect_uri, state))


def is_signed_query(pairs: Iterable[tuple[str, str]], secrets: Sequence[str]) -> bool:
    """Whether the `hmac` among these decoded query parameters is a signature of the others by one of `secrets`.

    Neither the time nor repeated names are looked at: of a repeated name the last value is what is checked.
    """
    params: dict[str, str | list[str]] = {}
    for key, value in pairs:
        listed = params.get(key, [])
        params[key] = [*listed, value] if key.endswith("[]") and isinstance(listed, list) else value
    return any(_session_class(secret=secret).validate_hmac(params) for secret in secrets)


def find_session_claims(token: str, api_key: str, secrets: Sequence[str]) -> Mapping[str, object] | None:
    """The claims of an admin's session token that one of `secrets` signed for this app and that is valid now, with 10
    seconds of leeway; None for any other. `iss` and `dest` are addresses on one host below myshopify.com."""
    from shopify import session_token

    for secret in secrets:
        try:
            claims: dict[str, object] = session_token.decode_from_header(f"Bearer {token}", api_key, secret)
        except (session_token.SessionTokenError, TypeError, ValueError, AttributeError):
            continue  # the last three: addresses that are no text
        return claims
    return None


def find_written_domain(text: str) -> str | None:
    """The permanent domain that a merchant means by `acme`, `acme.myshopify.com` or the address of a page there; None
    where the library finds none."""
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
