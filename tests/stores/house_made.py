"""A shop somebody built themselves: a product feed and a signed order look-up, over real HTTP."""

import contextlib
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOLERANCE_S = 300


class HouseMadeShop:
    """What it serves may be changed while it runs."""

    def __init__(self) -> None:
        self.feed, self.feed_type, self.status = b"", "text/csv", 200
        self.feed_encoding: str | None = None
        self.orders: dict[str, dict[str, Any]] = {}
        self.secret = ""
        self.refused = 0
        self.asked: list[dict[str, Any]] = []
        self.address = ""

    @property
    def feed_url(self) -> str:
        return f"http://{self.address}/feed"

    @property
    def orders_url(self) -> str:
        return f"http://{self.address}/orders"

    def is_signed(self, headers: Any, body: bytes) -> bool:
        """What the documents ask a merchant to check."""
        moment, given = headers.get("Aisle-Timestamp", ""), headers.get("Aisle-Signature", "")
        wanted = hmac.new(self.secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
        is_fresh = moment.isdigit() and abs(time.time() - int(moment)) <= TOLERANCE_S
        return is_fresh and hmac.compare_digest(given, f"v1={wanted}")

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """To a signed question."""
        self.asked.append(question)
        if "number" in question:
            return {"order": self.orders.get(question["number"])}
        mine = [order for order in self.orders.values() if order.get("customer_id") == question["customer_id"]]
        return {"orders": mine[: question["limit"]]}


@contextlib.contextmanager
def running() -> Iterator[HouseMadeShop]:
    """Serve until the block ends."""
    shop = HouseMadeShop()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            packed = {"Content-Encoding": shop.feed_encoding} if shop.feed_encoding else {}
            self._send(shop.status, shop.feed_type, shop.feed, **packed)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if shop.status != 200:
                self._send(shop.status, "text/html", b"<h1>Sorry</h1>")
            elif not shop.is_signed(self.headers, body):
                shop.refused += 1
                self._send(401, "application/json", b"{}")
            else:
                self._send(200, "application/json", json.dumps(shop.answer(json.loads(body))).encode())

        def _send(self, status: int, kind: str, body: bytes, **more: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            for name, value in more.items():
                self.send_header(name, value)
            self.end_headers()
            with contextlib.suppress(OSError):  # whoever asked may have had enough
                self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    shop.address = f"127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield shop
    finally:
        server.shutdown()
        server.server_close()
