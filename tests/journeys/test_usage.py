"""Plan and usage where billing is switched off: every shop has everything, and what is used is still counted."""

import httpx
import pytest

from tests.installation import Installation


@pytest.fixture
def merchant(installation: Installation) -> httpx.Client:
    access = installation.create_shop("Uncounted", installation.base_url)
    return httpx.Client(
        base_url=installation.base_url,
        headers={"Authorization": f"Bearer {access.secret_key}"},
        params={},
        event_hooks={},
    )


def test_billable_answers_are_counted(installation: Installation) -> None:
    access = installation.demo_shop
    headers = {"Authorization": f"Bearer {access.secret_key}"}
    with httpx.Client(base_url=installation.base_url, headers=headers) as merchant:
        before = merchant.get("/v1/usage").json()
        shopper = installation.shopper()
        shopper.ask("How long do I have to return things?")
        shopper.ask("asdf qwer zxcv")  # says only that it does not understand
        after = merchant.get("/v1/usage").json()
    assert after["answers"] == {"used": before["answers"]["used"] + 1, "limit": None}
    assert after["plan"] == "unlimited"
    assert after["products"] > 100


def test_billing_is_off(merchant: httpx.Client) -> None:
    told = merchant.get("/v1/billing").json()
    assert (told["billing"], told["status"], told["plan"]["id"], told["plans"]) == ("off", "unlimited", "unlimited", [])
    for path in ("checkout", "portal", "preview", "plan", "cancel", "resume"):
        response = merchant.post(f"/v1/billing/{path}")
        assert (response.status_code, response.json()["code"]) == (409, "conflict"), path
        assert "switched off" in response.json()["detail"]
    assert merchant.get("/v1/billing/invoices").json() == {"data": [], "next_cursor": None}
    assert merchant.post("/webhooks/stripe", content=b"{}").status_code == 404
