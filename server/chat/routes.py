"""The routes that a shopper's widget calls. A message comes in at `turns.endpoints.send_message`."""

from litestar import Router

from server.chat.conversations.access import provide_shopper
from server.chat.conversations.endpoints import conversation_routes
from server.chat.conversations.pictures.endpoints import picture_routes
from server.chat.turns.endpoints import turn_routes

chat_router = Router(path="/", route_handlers=[*turn_routes, *conversation_routes, *picture_routes])

__all__ = ["chat_router", "provide_shopper"]
