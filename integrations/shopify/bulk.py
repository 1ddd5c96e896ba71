"""A large catalog through a bulk operation: Shopify writes one JSON line per product, variant and collection, children
not necessarily behind their product, and we join them on disk, so memory stays flat however large the shop is."""

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import AsyncGenerator, Iterable
from pathlib import Path
from typing import Any

import msgspec

from integrations.platform import PlatformUnavailable
from integrations.shopify import queries
from integrations.shopify.client import AdminApi, require_no_user_errors
from integrations.shopify.tokens import NAME
from integrations.store_http import StoreHttp

CHUNK_BYTES = 4 * 1024 * 1024
POLL_S = 2.0
MAX_POLL_S = 15.0
DEADLINE_S = 3_600.0
BATCH = 200
_CHILDREN = {"ProductVariant": "variants", "Collection": "collections"}


class BulkReader:
    """Runs bulk operations of one shop. `poll_s` is the first pause between two looks at one; later ones are longer."""

    def __init__(self, api: AdminApi, http: StoreHttp, *, poll_s: float = POLL_S) -> None:
        self._api, self._http, self._poll_s = api, http, poll_s

    async def nodes(self, search: str) -> AsyncGenerator[dict[str, Any], None]:
        """Product nodes as pages would have them, in Shopify's order. Ends only when every product was told; a file
        that is short of one raises PlatformUnavailable."""
        operation = await self._finished(await self._start(search))
        with tempfile.TemporaryDirectory(prefix="aisle-bulk-") as folder:
            join = await asyncio.to_thread(JoinedLines, Path(folder) / "lines.sqlite")
            try:
                await self._download(operation, join)
                expected = int(operation["rootObjectCount"])
                if await asyncio.to_thread(join.count_roots) != expected:
                    raise PlatformUnavailable(f"{NAME}'s bulk file does not hold the {expected} products it announced")
                last = 0
                while batch := await asyncio.to_thread(join.products, last):
                    for _, node in batch:
                        yield node
                    last = batch[-1][0]
            finally:
                await asyncio.to_thread(join.close)

    async def _start(self, search: str) -> str:
        data = await self._api.query(queries.BULK_START, {"document": queries.bulk_products(search)})
        payload = data["bulkOperationRunQuery"]
        require_no_user_errors(payload, "start a bulk operation")
        return str(payload["bulkOperation"]["id"])

    async def _finished(self, operation_id: str) -> dict[str, Any]:
        deadline = time.monotonic() + DEADLINE_S
        pause_s = self._poll_s
        while time.monotonic() < deadline:
            operation = (await self._api.query(queries.BULK_STATE, {"id": operation_id}))["bulkOperation"]
            match operation and operation["status"]:
                case "COMPLETED":
                    return dict(operation)
                case "CREATED" | "RUNNING":
                    await asyncio.sleep(pause_s)
                    pause_s = min(pause_s * 1.5, MAX_POLL_S)
                case status:
                    code = operation and operation["errorCode"]
                    raise PlatformUnavailable(f"{NAME}'s bulk operation ended as {status} ({code})")
        raise PlatformUnavailable(f"{NAME}'s bulk operation did not end within {DEADLINE_S:.0f} s")

    async def _download(self, operation: dict[str, Any], join: "JoinedLines") -> None:
        """In pieces, each asked for again by itself when it fails. The file's host takes no token of ours."""
        if operation["url"] is None:
            return
        size, start = int(operation["fileSize"] or 0), 0
        while start < size:
            piece = await self._piece(operation["url"], start, min(start + CHUNK_BYTES, size) - 1)
            start += len(piece)
            await asyncio.to_thread(join.feed, piece)
        await asyncio.to_thread(join.end)

    async def _piece(self, url: str, first: int, last: int) -> bytes:
        headers = {"Range": f"bytes={first}-{last}", "Accept-Encoding": "identity"}
        response = await self._http.send("GET", url, headers=headers)
        is_whole = response.status_code == 200 and first == 0
        if not response.content or not (response.status_code == 206 or is_whole):
            raise PlatformUnavailable(f"{NAME}'s bulk file answered {response.status_code}")
        return response.content


class JoinedLines:
    """Lines on disk, found again by their parent. Every method blocks; one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"
            "CREATE TABLE root (n INTEGER PRIMARY KEY, id TEXT NOT NULL, body BLOB NOT NULL);"
            "CREATE TABLE child (n INTEGER PRIMARY KEY, parent TEXT NOT NULL, kind TEXT NOT NULL, body BLOB NOT NULL);"
        )
        self._rest = b""

    def feed(self, piece: bytes) -> None:
        """The next bytes of the file; they may end within a line."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        self._store(lines)

    def end(self) -> None:
        """The file is complete."""
        self._store([self._rest])
        self._database.execute("CREATE INDEX child_parent ON child (parent, n)")

    def count_roots(self) -> int:
        """How many products the file held."""
        return int(self._database.execute("SELECT count(*) FROM root").fetchone()[0])

    def products(self, after: int) -> list[tuple[int, dict[str, Any]]]:
        """The next products, each with its place in the file; none at the end."""
        rows = self._database.execute("SELECT n, id, body FROM root WHERE n > ? ORDER BY n LIMIT ?", (after, BATCH))
        return [(n, self._joined(gid, msgspec.json.decode(body))) for n, gid, body in rows.fetchall()]

    def close(self) -> None:
        """The file may go."""
        self._database.close()

    def _joined(self, gid: str, node: dict[str, Any]) -> dict[str, Any]:
        children: dict[str, list[Any]] = {kind: [] for kind in _CHILDREN.values()}
        rows = self._database.execute("SELECT kind, body FROM child WHERE parent = ? ORDER BY n", (gid,))
        for kind, body in rows:
            children[kind].append(msgspec.json.decode(body))
        return {**node, **{kind: {"nodes": nodes} for kind, nodes in children.items()}}

    def _store(self, lines: Iterable[bytes]) -> None:
        roots, children = [], []
        for line in lines:
            if not line.strip():
                continue
            node = _decoded(line)
            kind = str(node["id"]).removeprefix("gid://shopify/").partition("/")[0]
            if parent := node.get("__parentId"):
                if kind in _CHILDREN:
                    children.append((parent, _CHILDREN[kind], line))
            else:
                roots.append((node["id"], line))
        with self._database:
            self._database.execute("BEGIN")
            self._database.executemany("INSERT INTO root (id, body) VALUES (?, ?)", roots)
            self._database.executemany("INSERT INTO child (parent, kind, body) VALUES (?, ?, ?)", children)


def _decoded(line: bytes) -> dict[str, Any]:
    try:
        node = msgspec.json.decode(line)
    except msgspec.DecodeError:
        node = None
    if not isinstance(node, dict) or "id" not in node:
        raise PlatformUnavailable(f"{NAME}'s bulk file has a line that cannot be read")
    return node
