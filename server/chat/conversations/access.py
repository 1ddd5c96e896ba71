"""Who calls on the shopper's side."""

from typing import Any

from litestar import Request
from litestar.di import NamedDependency

from server.chat.conversations.sessions import Sessions, require_conversation
from server.core.errors import Unauthenticated
from server.core.http import SAFE_METHODS, bearer_token, client_address, request_origin
from server.shops.identity import Shopper

MAX_ID = 128
NO_NUL = r"^[^\x00]*$"
"""Postgres keeps every character but this one."""


async def provide_shopper(request: Request[Any, Any, Any], sessions_service: NamedDependency[Sessions]) -> Shopper:
    """The shopper behind the bearer token, in the conversation the path names (404 for any other)."""
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
