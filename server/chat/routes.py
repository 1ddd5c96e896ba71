"""The shopper's side over HTTP. `turns.send_message` is where one shopper message comes in."""

from litestar import Router

from server.chat.conversations.access import provide_shopper
from server.chat.conversations.endpoints import conversation_routes
from server.chat.conversations.pictures.endpoints import picture_routes
from server.chat.turns.endpoints import turn_routes

chat_router = Router(path="/", route_handlers=[*turn_routes, *conversation_routes, *picture_routes])

__all__ = ["chat_router", "provide_shopper"]
