"""Who calls on the merchant's side: a secret key as a bearer, or the console's cookie."""

from datetime import UTC, datetime
from uuid import UUID

from litestar.di import NamedDependency
from msgspec import Struct, field

from server.core.errors import OriginRefused, Unauthenticated
from server.core.http import SAFE_METHODS, AnyRequest, bearer_token, request_origin
from server.core.tokens import TokenSigner
from server.shops.members import Members
from server.shops.models import Caller
from server.shops.service import ShopService

COOKIE = "aisle_console"
COOKIE_LIFETIME_S = 12 * 3600


class ConsoleClaims(Struct, frozen=True):
    """What the console's cookie says: which merchant, in which of their shops."""

    merchant_id: UUID
    shop_id: UUID
    signed_in_at: datetime = field(default_factory=lambda: datetime.now(UTC))


async def provide_caller(
    request: AnyRequest,
    shops: NamedDependency[ShopService],
    members: NamedDependency[Members],
    console_signer: NamedDependency[TokenSigner[ConsoleClaims]],
) -> Caller:
    """The caller of a merchant-side route. Raises Unauthenticated, or OriginRefused for a cross-site write."""
    if token := bearer_token(request):
        return await shops.caller_of_key(token)
    claims = console_signer.read(request.cookies.get(COOKIE, ""))
    if claims is None:
        raise Unauthenticated("This needs a secret key as a bearer token, or sign in to the console.")
    if request.method not in SAFE_METHODS and request_origin(request) != request.app.state.own_origin:
        raise OriginRefused("A write with the console's cookie must come from the console itself.")
    return await members.caller(claims.merchant_id, claims.shop_id, claims.signed_in_at)
