"""A shop's word for its customers as a short-lived token: two keys for changing over, enforced from the first on."""

import time
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from server.shops.identity import customer_signature
from tests.installation import Installation, ShopAccess


@pytest.fixture
def shop(installation: Installation) -> ShopAccess:
    return installation.create_shop("Token house", installation.base_url)


def token(key: str, **changes: Any) -> str:
    now = int(time.time())
    claims = {"sub": "c-1", "email": "Ada@example.com", "iat": now, "exp": now + 300} | changes
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(key))


def opened(installation: Installation, shop: ShopAccess, customer: dict[str, Any]) -> int:
    headers = {"Origin": installation.base_url}
    body = {"key": shop.publishable_key, "customer": customer}
    return httpx.post(f"{installation.base_url}/v1/sessions", json=body, headers=headers).status_code


def make_key(installation: Installation, shop: ShopAccess) -> dict[str, Any]:
    with installation.merchant(shop) as merchant:
        made = merchant.post("/v1/keys", json={"kind": "customer", "name": "storefront"})
    assert made.status_code == 201, made.text
    return dict(made.json())


def test_two_keys_change_over_and_the_signature_ends(installation: Installation, shop: ShopAccess) -> None:
    signed = {"id": "c-1", "email": "a@b.example"}
    signed["signature"] = customer_signature(shop.identity_secret, "c-1", "a@b.example")
    assert opened(installation, shop, signed) == 201
    first, second = make_key(installation, shop), make_key(installation, shop)
    with installation.merchant(shop) as merchant:
        assert merchant.post("/v1/keys", json={"kind": "customer"}).status_code == 422
        assert first["key"] not in merchant.get("/v1/keys").text
        for key in (first, second):
            assert opened(installation, shop, {"token": token(key["key"])}) == 201
        assert opened(installation, shop, signed) == 401
        merchant.delete(f"/v1/keys/{first['id']}").raise_for_status()
    assert opened(installation, shop, {"token": token(first["key"])}) == 401
    assert opened(installation, shop, {"token": token(second["key"])}) == 201


def test_only_short_fresh_and_named_tokens_count(installation: Installation, shop: ShopAccess) -> None:
    key, now = make_key(installation, shop)["key"], int(time.time())
    none = jwt.encode({"alg": "HS256"}, {"sub": "c-1", "iat": now, "exp": now + 300}, OctKey.import_key("x" * 40))
    unsigned = ".".join(("eyJhbGciOiJub25lIn0", token(key).split(".")[1], ""))
    wrong = [
        token(key, exp=now - 60),
        token(key, iat=now + 120, exp=now + 300),
        token(key, exp=now + 7200),
        token(key, sub=""),
        token(key, sub="c\n1"),
        token(key, exp="soon"),
        none,
        unsigned,
        token(key)[:-3],
        "",
    ]
    assert [opened(installation, shop, {"token": each}) for each in wrong] == [401] * len(wrong)
    assert opened(installation, shop, {"token": token(key)}) == 201
