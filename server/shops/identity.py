"""Who is asking: a shopper of one shop in one conversation, and whether the shop vouches for them."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from msgspec import Struct

TOKEN_LIFETIME_S = 900
LEEWAY_S = 30
MAX_TOKEN_LENGTH = 4_096
MAX_CUSTOMER_LENGTH = 512
CONNECTION_CLAIM = "aisle_connection"
"""Our own claim, in a token about a customer whom a connected store has signed in; a merchant's own tokens lack it."""


class Customer(Struct, frozen=True):
    """A customer the shop itself has signed in (proof level 3)."""

    id: str
    email: str | None = None
    connection_id: str | None = None
    """The connected store that gave the id out and signed them in: at any other the same id may be a stranger's. None
    for a customer whom the merchant's own token names, which is valid at every store the shop has connected."""


class Shopper(Struct, frozen=True, kw_only=True):
    """One visitor of one storefront, as our own signed session token names them; nothing here comes from a model."""

    shop_id: UUID
    conversation_id: UUID
    shopper_id: UUID
    customer: Customer | None = None
    origin: str | None = None
    locale: str = "en"
    key_id: UUID | None = None
    """The publishable key that the session was opened with; a key may have a limit of its own."""
    page_product_id: str | None = None
    """The product page this request came from, as the storefront says; not in the token."""
    address: str = ""
    """The network address of this request, for limits; not in the token."""


def read_customer_token(token: str, keys: Sequence[str], now_s: float) -> Customer | None:
    """The customer in a short-lived JWT (HS256) that one of the shop's customer keys signed: `sub` is the customer's
    id, `email` their e-mail, `iat` and `exp` at most TOKEN_LIFETIME_S apart. None for any other."""
    if len(token) > MAX_TOKEN_LENGTH:
        return None
    for key in keys:
        try:
            claims = jwt.decode(token, OctKey.import_key(key), algorithms=["HS256"]).claims
        except (JoseError, ValueError):
            continue
        return _customer_of(claims, now_s)
    return None


def customer_token(key: str, customer_id: str, connection_id: str, now_s: float) -> str:
    """What `read_customer_token` takes, good for TOKEN_LIFETIME_S: a connected store's word, passed on."""
    claims = {
        "sub": customer_id,
        CONNECTION_CLAIM: connection_id,
        "iat": int(now_s),
        "exp": int(now_s) + TOKEN_LIFETIME_S,
    }
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(key))


def _customer_of(claims: Mapping[str, object], now_s: float) -> Customer | None:
    begins, ends, name, email, place = (claims.get(claim) for claim in ("iat", "exp", "sub", "email", CONNECTION_CLAIM))
    if not isinstance(begins, int | float) or not isinstance(ends, int | float) or not isinstance(name, str):
        return None
    if not isinstance(place, str | None):
        return None
    in_time = begins - LEEWAY_S <= now_s < ends + LEEWAY_S and ends - begins <= TOKEN_LIFETIME_S
    text = f"{name}{email or ''}"
    if not in_time or not name or len(text) > MAX_CUSTOMER_LENGTH or not text.isprintable():
        return None
    return Customer(name, email.strip().lower() or None if isinstance(email, str) else None, place)


def customer_signature(identity_secret: str, customer_id: str, email: str | None) -> str:
    """What a shop sends along with a signed-in customer: hex HMAC-SHA256 over id, newline, lower-cased e-mail."""
    text = f"{customer_id}\n{(email or '').strip().lower()}"
    return hmac.new(identity_secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def is_signed_customer(identity_secret: str, customer_id: str, email: str | None, signature: str) -> bool:
    """Whether the shop signed exactly this id and e-mail (constant time)."""
    expected = customer_signature(identity_secret, customer_id, email)
    return hmac.compare_digest(expected.encode(), signature.strip().lower().encode())
