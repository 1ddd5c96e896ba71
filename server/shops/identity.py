"""Who is asking: a shopper of one shop in one conversation, and whether the shop vouches for them."""

import hashlib
import hmac
from uuid import UUID

from msgspec import Struct


class Customer(Struct, frozen=True):
    """A customer the shop itself has signed in (proof level 3)."""

    id: str
    email: str | None = None


class Shopper(Struct, frozen=True, kw_only=True):
    """One visitor of one storefront, as our own signed session token tells it; nothing here comes from a model."""

    shop_id: UUID
    conversation_id: UUID
    shopper_id: UUID
    customer: Customer | None = None
    origin: str | None = None
    locale: str = "en"
    page_product_id: str | None = None
    """The product page this request came from, as the storefront says; not in the token."""
    address: str = ""
    """The network address of this request, for limits; not in the token."""


def customer_signature(identity_secret: str, customer_id: str, email: str | None) -> str:
    """What a shop sends along with a signed-in customer: hex HMAC-SHA256 over id, newline, lower-cased e-mail."""
    text = f"{customer_id}\n{(email or '').strip().lower()}"
    return hmac.new(identity_secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def is_signed_customer(identity_secret: str, customer_id: str, email: str | None, signature: str) -> bool:
    """Whether the shop signed exactly this id and e-mail (constant time)."""
    expected = customer_signature(identity_secret, customer_id, email)
    return hmac.compare_digest(expected.encode(), signature.strip().lower().encode())
