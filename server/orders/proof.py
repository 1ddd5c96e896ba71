"""Whether a claim matches an order, and whether an order belongs to a customer. Pure: nothing is counted here."""

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
"""Letters that Unicode does not decompose into a base letter and an accent."""
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_BRACKETED = re.compile(r"<([^<>]*@[^<>]*)>")
_AROUND_EMAIL = " \t\r\n.,;:!?()[]<>\"'„“”‚‘’«»"
_US_POSTCODE = re.compile(r"(\d{5})-?\d{4}")
_MIN_POSTCODE = 3


class ClaimKind(StrEnum):
    """What a claim can prove an order by. A name is not enough."""

    EMAIL = "email"
    POSTCODE = "postcode"


class Claim(Struct, frozen=True, kw_only=True):
    """What a shopper gives as proof besides the order number, as they write it."""

    email: str | None = None
    postcode: str | None = None
    name: str | None = None

    @property
    def kinds(self) -> frozenset[ClaimKind]:
        """The kinds of proof that are given."""
        given = {ClaimKind.EMAIL: self.email, ClaimKind.POSTCODE: self.postcode}
        return frozenset(kind for kind, text in given.items() if text)

    def only(self, kinds: Collection[ClaimKind]) -> "Claim":
        """The claim with proofs of these kinds only."""
        return Claim(
            email=self.email if ClaimKind.EMAIL in kinds else None,
            postcode=self.postcode if ClaimKind.POSTCODE in kinds else None,
            name=self.name,
        )


def matches(order: Order, claim: Claim) -> bool:
    """Whether everything in the claim matches the order, and an e-mail or a postcode is in it.

    A name is ignored only where the platform does not give the customer's.
    """
    checks = [
        _matches_email(order, claim.email) if claim.email else None,
        _matches_postcode(order, claim.postcode) if claim.postcode else None,
    ]
    given = [check for check in checks if check is not None]
    return bool(given) and all(given) and (not claim.name or _matches_name(order, claim.name))


def is_owned_by(fetched: Fetched, customer: Customer) -> bool:
    """Whether an order belongs to a customer whom the shop has signed in: by customer id, or by the signed e-mail for
    a guest's order, which has no customer id. A customer of one connected store owns no order of another."""
    order = fetched.order
    if customer.connection_id not in (None, fetched.connection_id):
        return False
    if order.customer_id:
        return order.customer_id == customer.id
    return bool(customer.email and order.email) and _matches_email(order, customer.email or "")


def proof_level(fetched: Fetched, proven: ProofLevel, customer: Customer | None) -> ProofLevel:
    """SIGNED_IN for an order of the signed-in customer, otherwise what the conversation has proven before."""
    return ProofLevel.SIGNED_IN if customer and is_owned_by(fetched, customer) else proven


def _matches_email(order: Order, email: str) -> bool:
    given = _fold_email(email)
    return bool(given) and given == _fold_email(order.email or "")


def _fold_email(email: str) -> str:
    """An address in one form, however it was pasted: without marks that programs copy along, brackets, "mailto:" and
    the full stop of a sentence; a domain in any script as its "xn--" form."""
    text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", email)).strip()
    if bracketed := _BRACKETED.search(text):
        text = bracketed[1]
    text = text.strip(_AROUND_EMAIL).casefold().removeprefix("mailto:").strip(_AROUND_EMAIL)
    local, at, domain = text.rpartition("@")
    return f"{local}{at}{_ascii_domain(domain.rstrip('.'))}" if at else text


def _ascii_domain(domain: str) -> str:
    try:
        return domain.encode("idna").decode()
    except UnicodeError:
        return domain


def _matches_postcode(order: Order, postcode: str) -> bool:
    given = _fold_postcode(postcode)
    known = (order.ship_to.postcode if order.ship_to else None, order.billing_postcode)
    return len(given) >= _MIN_POSTCODE and given in {_fold_postcode(code) for code in known if code}


def _fold_postcode(postcode: str) -> str:
    text = unicodedata.normalize("NFKC", postcode).strip()
    if american := _US_POSTCODE.fullmatch(text):
        return american[1]
    return "".join(character for character in text if character.isalnum()).upper()


def _matches_name(order: Order, name: str) -> bool:
    known = (order.customer_name, order.ship_to.name if order.ship_to else None)
    folded = [_fold_name(text) for text in known if text]
    given = _fold_name(name)
    return not folded or any(given <= tokens for tokens in folded)


def _fold_name(name: str) -> frozenset[str]:
    apart = unicodedata.normalize("NFKD", name.casefold().translate(_LETTERS))
    plain = "".join(character for character in apart if not unicodedata.combining(character))
    return frozenset(re.findall(r"\w+", plain))
