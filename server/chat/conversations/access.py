"""The shopper behind a request."""

from litestar.di import NamedDependency

from server.chat.conversations.sessions import SessionService, require_conversation
from server.core.errors import Unauthenticated
from server.core.http import SAFE_METHODS, AnyRequest, bearer_token, client_address, request_origin
from server.shops.identity import Shopper

MAX_ID = 128
NO_NUL = r"^[^\x00]*$"
"""Any text without NUL, the one character that Postgres cannot store."""


async def provide_shopper(request: AnyRequest, sessions_service: NamedDependency[SessionService]) -> Shopper:
    """The shopper of the bearer token. Raises Unauthenticated, OriginRefused, and NotFound where the path names another
    conversation than the token's."""
    token = bearer_token(request)
    if token is None:
        raise Unauthenticated("Send the session as a bearer token.")
    shopper = await sessions_service.read(
        token,
        origin=request_origin(request),
        address=client_address(request),
        is_safe=request.method in SAFE_METHODS,
    )
    if path_id := request.path_params.get("conversation_id"):
        require_conversation(shopper, str(path_id))
    return shopper
