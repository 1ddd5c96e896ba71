"""A small HTTP server that keeps what it is sent."""

import asyncio
from types import TracebackType

from msgspec import Struct


class Came(Struct, frozen=True):
    """One request; header names are lower-case, `path` has its query."""

    path: str
    headers: dict[str, str]
    body: bytes


class Receiver:
    """Listens on a free port of this machine and answers `status` to everything."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.came: list[Came] = []
        self.url = ""

    async def __aenter__(self) -> "Receiver":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.came.append(Came(head[0].split(" ")[1], headers, body))
        writer.write(f"HTTP/1.1 {self.status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()
