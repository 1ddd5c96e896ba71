"""A streamed response without a task group around it: Litestar's own costs a fifth of a millisecond of CPU a turn."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from litestar.response import Stream
from litestar.response.streaming import ASGIStreamingResponse
from litestar.types import Receive, Send


class LeanStream(Stream):
    """Streams bytes from an async generator. When the client has gone, the generator is closed at the next chunk."""

    def to_asgi_response(self, *arguments: Any, **named: Any) -> ASGIStreamingResponse:
        """See `Stream`."""
        response = super().to_asgi_response(*arguments, **named)
        response.__class__ = _LeanResponse
        return response  # type: ignore[return-value]


class _LeanResponse(ASGIStreamingResponse):
    """The response of a LeanStream, which sends the body without a task group."""

    __slots__ = ()

    async def send_body(self, send: Send, receive: Receive) -> None:
        gone = asyncio.ensure_future(_end_of(receive))
        try:
            async for chunk in self.iterator:
                if gone.done():
                    return
                body = chunk if isinstance(chunk, bytes) else chunk.encode()
                await send({"type": "http.response.body", "body": body, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            gone.cancel()
            if isinstance(self.iterator, AsyncGenerator):
                await self.iterator.aclose()


async def _end_of(receive: Receive) -> None:
    """Return when the client has disconnected; ignore a request body that comes before."""
    while (await receive())["type"] != "http.disconnect":
        pass
