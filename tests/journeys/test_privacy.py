"""One person's data: told and erased by a whole address, and nobody else's with it."""

import pytest

from server.shops.identity import customer_signature
from tests.installation import Installation, ShopAccess


@pytest.fixture
def shop(installation: Installation) -> ShopAccess:
    return installation.create_shop("Privacy house", installation.base_url)


def test_a_longer_address_is_another_person(installation: Installation, shop: ShopAccess) -> None:
    ann, joann, au = (installation.shopper(shop) for _ in range(3))
    ann.ask("Write to\nann@example.com. My word is AARDVARK")
    joann.ask("I am joann@example.com and my word is BLUEBIRD")
    au.ask("Reach me at ann@example.com.au, my word is CATFISH")
    with installation.merchant(shop) as merchant:
        made = merchant.post("/v1/privacy/exports", json={"email": "Ann@Example.com"})
        told = merchant.get(f"/v1/privacy/exports/{made.json()['id']}").text
        assert "AARDVARK" in told
        assert "BLUEBIRD" not in told
        assert "CATFISH" not in told
        merchant.post("/v1/privacy/erasures", json={"email": "ann@example.com"}).raise_for_status()
    assert ann.history()["messages"] == []
    assert joann.history()["messages"]
    assert au.history()["messages"]


@pytest.mark.parametrize("email", ["text", "e", '"', "@", "%", "a@b", ""])
def test_a_part_of_an_address_names_nobody(installation: Installation, shop: ShopAccess, email: str) -> None:
    installation.shopper(shop).ask("hello, I am eve@example.com")
    with installation.merchant(shop) as merchant:
        for path in ("exports", "erasures"):
            response = merchant.post(f"/v1/privacy/{path}", json={"email": email})
            assert response.status_code == 422, response.text


@pytest.mark.parametrize(
    "email", ["zoë@example.com", "o'neil+shop_1@ex-ample.co.uk", "a.(b)[c]*@example.com", "\\d@example.com"]
)
def test_addresses_of_every_kind_are_found_as_they_are(
    installation: Installation, shop: ShopAccess, email: str
) -> None:
    theirs, other = installation.shopper(shop), installation.shopper(shop)
    theirs.ask(f"Please write to {email}, thanks")
    other.ask("Please write to 7@example.com, thanks")
    with installation.merchant(shop) as merchant:
        merchant.post("/v1/privacy/erasures", json={"email": email}).raise_for_status()
    assert theirs.history()["messages"] == []
    assert other.history()["messages"]


@pytest.mark.parametrize(
    "export", [{"customer_id": "c-7"}, {"email": "ivy@example.com"}, {"email": "ivy@work.example"}]
)
@pytest.mark.parametrize("erasure", [{"customer_id": "c-7"}, {"email": "ivy@example.com"}, None])
def test_an_erasure_reaches_exports_under_every_name(
    installation: Installation, shop: ShopAccess, export: dict[str, str], erasure: dict[str, str] | None
) -> None:
    customer = {"id": "c-7", "email": "ivy@example.com"}
    customer["signature"] = customer_signature(shop.identity_secret, customer["id"], customer["email"])
    ivy = installation.shopper(shop, customer=customer)
    ivy.ask("My word is DRAGONFLY")
    ivy.client.post(f"/v1/chat/{ivy.conversation_id}/handoff", json={"email": "ivy@work.example"}).raise_for_status()
    with installation.merchant(shop) as merchant:
        made = merchant.post("/v1/privacy/exports", json=export).json()
        assert "DRAGONFLY" in merchant.get(f"/v1/privacy/exports/{made['id']}").text
        if erasure:
            merchant.post("/v1/privacy/erasures", json=erasure).raise_for_status()
        else:
            ivy.client.delete("/v1/chat").raise_for_status()
        assert merchant.get(f"/v1/privacy/exports/{made['id']}").status_code == 404
