"""A write with a key: whoever has the whole response may send the request again and gets the same one."""

from contextlib import asynccontextmanager
from types import SimpleNamespace
from uuid import UUID

import pytest

from server.shops import storage
from server.shops.idempotency import IdempotentWrites

SHOP = UUID(int=7)


async def test_the_end_of_the_response_waits_until_it_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    happened: list[str] = []

    @asynccontextmanager
    async def session(shop_id: UUID):
        yield None

    async def claim(*arguments: object) -> bool:
        return True

    async def settle(*arguments: object) -> None:
        happened.append("stored")

    async def shop_of_key(token: str, kind: str) -> tuple[UUID, str]:
        return SHOP, ""

    async def app(scope: object, receive: object, send) -> None:
        await send({"type": "http.response.start", "status": 201, "headers": [(b"content-length", b"4")]})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})
        await send({"type": "http.response.body", "body": b'"a"}'})

    async def send(message: dict[str, object]) -> None:
        happened.append(f"sent {message.get('body', message['type'])!r}")

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"{}"}

    monkeypatch.setattr(storage, "claim_idempotency_key", claim)
    monkeypatch.setattr(storage, "settle_idempotency_key", settle)
    services = SimpleNamespace(
        shops=SimpleNamespace(shop_of_key=shop_of_key),
        database=SimpleNamespace(session=session),
        vault=SimpleNamespace(seal=lambda shop_id, text: text.encode()),
    )
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/keys",
        "headers": [(b"idempotency-key", b"k"), (b"authorization", b"Bearer sk_1")],
    }
    await IdempotentWrites(app, lambda: services)(scope, receive, send)  # type: ignore[arg-type,return-value]
    assert happened == ["sent 'http.response.start'", "sent b'{'", "stored", "sent b'\"a\"}'"]
