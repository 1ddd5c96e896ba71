"""Whether what somebody claims fits an order. Pure; who asks how often is not decided here."""

import re
import unicodedata
from collections.abc import Collection
from enum import StrEnum

from msgspec import Struct

from integrations.platform import Order
from server.orders.lookup import Fetched
from server.orders.models import ProofLevel
from server.shops.identity import Customer

_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
"""Letters that Unicode does not take apart into a base and an accent."""
_US_POSTCODE = re.compile(r"(\d{5})-?\d{4}")
_MIN_POSTCODE = 3


class ClaimKind(StrEnum):
    """What a guess is a guess at. A name is none: it never suffices."""

    EMAIL = "email"
    POSTCODE = "postcode"


class Claim(Struct, frozen=True, kw_only=True):
    """What a shopper gives as proof beside the order number, in their own words."""

    email: str | None = None
    postcode: str | None = None
    name: str | None = None

    @property
    def kinds(self) -> frozenset[ClaimKind]:
        """Which proofs are given."""
        given = {ClaimKind.EMAIL: self.email, ClaimKind.POSTCODE: self.postcode}
        return frozenset(kind for kind, text in given.items() if text)

    def only(self, kinds: Collection[ClaimKind]) -> "Claim":
        """The claim without proofs of any other kind."""
        return Claim(
            email=self.email if ClaimKind.EMAIL in kinds else None,
            postcode=self.postcode if ClaimKind.POSTCODE in kinds else None,
            name=self.name,
        )


def fits(order: Order, claim: Claim) -> bool:
    """Whether the claim is the order's own: e-mail or postcode has to be there, and all that is given has to fit.

    A name never suffices; it is left aside only where the platform does not tell the customer's.
    """
    checks = [
        _fits_email(order, claim.email) if claim.email else None,
        _fits_postcode(order, claim.postcode) if claim.postcode else None,
    ]
    given = [check for check in checks if check is not None]
    return bool(given) and all(given) and (not claim.name or _fits_name(order, claim.name))


def owns(fetched: Fetched, customer: Customer) -> bool:
    """Whether an order belongs to a customer the shop has signed in: by customer id; by the signed e-mail only for
    a guest's order, which has no customer id. Whom a connected store has signed in owns nothing of another's."""
    order = fetched.order
    if customer.connection_id not in (None, fetched.connection_id):
        return False
    if order.customer_id:
        return order.customer_id == customer.id
    return bool(customer.email and order.email) and _fits_email(order, customer.email or "")


def level_of(fetched: Fetched, held: ProofLevel, customer: Customer | None) -> ProofLevel:
    """The best of what was proven in this conversation before and what the shop vouches for now."""
    return ProofLevel.SIGNED_IN if customer and owns(fetched, customer) else held


def _fits_email(order: Order, email: str) -> bool:
    given = _fold_email(email)
    return bool(given) and given == _fold_email(order.email or "")


def _fold_email(email: str) -> str:
    return unicodedata.normalize("NFC", email.strip()).casefold()


def _fits_postcode(order: Order, postcode: str) -> bool:
    given = _fold_postcode(postcode)
    known = (order.ship_to.postcode if order.ship_to else None, order.billing_postcode)
    return len(given) >= _MIN_POSTCODE and given in {_fold_postcode(code) for code in known if code}


def _fold_postcode(postcode: str) -> str:
    text = unicodedata.normalize("NFKC", postcode).strip()
    if american := _US_POSTCODE.fullmatch(text):
        return american[1]
    return "".join(character for character in text if character.isalnum()).upper()


def _fits_name(order: Order, name: str) -> bool:
    known = (order.customer_name, order.ship_to.name if order.ship_to else None)
    folded = [_fold_name(text) for text in known if text]
    given = _fold_name(name)
    return not folded or any(given <= tokens for tokens in folded)


def _fold_name(name: str) -> frozenset[str]:
    apart = unicodedata.normalize("NFKD", name.casefold().translate(_LETTERS))
    plain = "".join(character for character in apart if not unicodedata.combining(character))
    return frozenset(re.findall(r"\w+", plain))
