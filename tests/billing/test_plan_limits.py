"""A shop's plan over HTTP and at the command line: what it refuses, in which words, and what it keeps."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from redis import Redis

from billing.plans import TRIAL
from server.billing.entitlement_service import MIN_DAILY_NETWORK_ANSWERS
from server.billing.plan_limits import RESERVED_TOKENS
from server.chat.shopper_limits import SHARES
from server.embedded import EmbeddedServers
from tests.billing.plan_house import MB, fill
from tests.installation import Installation, ShopAccess, Shopper
from tests.journeys.conftest import at
from tests.pictures import encoded
from tests.servers import running_serve
from tests.standins.openai_server import RunningStandin, running

PAYING = {
    "STRIPE_SECRET_KEY": "sk_test_of_nobody",
    "STRIPE_WEBHOOK_SECRET": "whsec_of_nobody",
    "STRIPE_API_BASE": "http://127.0.0.1:9",
}
QUESTION = "Tell me about your tents please"
FULL = "the plan Trial has 1,000 products; upgrade at /console/billing"


@dataclass(frozen=True)
class Paid:
    """A replica of the installation with billing switched on, and a model behind it."""

    installation: Installation
    url: str
    model: RunningStandin

    def shop(self, name: str = "On trial") -> ShopAccess:
        return self.installation.create_shop(name, self.installation.base_url)

    def merchant(self, shop: ShopAccess) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {shop.secret_key}"}, timeout=60)

    def shopper(self, shop: ShopAccess) -> Shopper:
        return at(self.url, self.installation.shopper(shop))

    def fill(self, shop: ShopAccess, **had: int) -> None:
        asyncio.run(fill(self.installation.owner_url, UUID(shop.shop_id), **had))

    def fetch(self, query: str, shop: ShopAccess) -> Any:
        async def fetch() -> Any:
            owner = await asyncpg.connect(self.installation.owner_url)
            try:
                return await owner.fetchval(query, UUID(shop.shop_id))
            finally:
                await owner.close()

        return asyncio.run(fetch())


@pytest.fixture(scope="module")
def paid(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Paid]:
    with running() as model:
        settings = PAYING | {
            "AISLE_DATA_DIR": str(installation.data_dir),
            "AISLE_BASE_URL": installation.base_url,
            "OPENAI_BASE_URL": model.base_url,
            "OPENAI_API_KEY": "sk-of-nobody",
        }
        with running_serve(settings, tmp_path_factory.mktemp("paid") / "serve.log") as url:
            yield Paid(installation, url, model)


def chairs(*names: str) -> dict[str, Any]:
    return {"products": [{"id": name, "title": f"Chair {name}"} for name in names]}


def test_products_beyond_the_plan_are_named_and_the_rest_is_kept(paid: Paid) -> None:
    shop = paid.shop()
    paid.fill(shop, products=(TRIAL.products or 0) - 2)
    with paid.merchant(shop) as merchant:
        some = merchant.post("/v1/products", json=chairs("a", "b", "c"))
        assert some.status_code == 200
        assert some.json() == {"created": 2, "updated": 0, "unchanged": 0, "failed": [{"id": "c", "reason": FULL}]}
        none = merchant.post("/v1/products", json=chairs("d", "e"), headers={"Idempotency-Key": "later"})
        assert (none.status_code, none.json()["code"]) == (429, "quota_exceeded")
        assert int(none.headers["Retry-After"]) > 0
        assert [error["field"] for error in none.json()["errors"]] == ["products[0]", "products[1]"]
        one = merchant.put("/v1/products/d", json=chairs("d")["products"][0])
        assert (one.status_code, one.json()["errors"][0]["message"]) == (429, FULL)
        assert merchant.get("/v1/products/d").status_code == 404
        assert merchant.put("/v1/products/a", json={"id": "a", "title": "Renewed"}).json()["title"] == "Renewed"
        merchant.delete("/v1/products/a").raise_for_status()
        merchant.delete("/v1/products/b").raise_for_status()
        again = merchant.post("/v1/products", json=chairs("d", "e"), headers={"Idempotency-Key": "later"})
        assert again.json()["created"] == 2  # a refusal is not kept under the key


def test_documents_and_pictures_beyond_the_plan_are_refused(paid: Paid) -> None:
    shop = paid.shop()
    paid.fill(shop, documents=(TRIAL.documents or 0) - 2, text_bytes=(TRIAL.storage_mb or 0) * MB - 500)
    with paid.merchant(shop) as merchant:
        merchant.patch("/v1/shop", json={"appearance": {"images": True}}).raise_for_status()
        first = merchant.post("/v1/documents", json={"id": "a", "title": "A", "content": "Short."})
        assert first.json()["state"] == "created"
        second = merchant.post("/v1/documents", json={"id": "b", "title": "B", "content": "Short."})
        assert (second.status_code, second.json()["code"]) == (429, "quota_exceeded")
        assert "100 documents" in second.json()["detail"]
    shopper = paid.shopper(shop)
    refused = shopper.upload(encoded(size=(400, 400)))
    assert (refused.status_code, refused.json()["code"]) == (429, "quota_exceeded")
    assert "billing" not in refused.text
    assert paid.fetch("SELECT count(*) FROM picture WHERE shop_id = $1", shop) == 0


def test_imports_and_seats_at_the_command_line(paid: Paid, tmp_path: Path) -> None:
    shop = paid.shop()
    paid.fill(shop, products=(TRIAL.products or 0) - 1, documents=TRIAL.documents or 0)
    (tmp_path / "products.csv").write_text("id,title\na,Chair A\nb,Chair B\n")
    (tmp_path / "returns.md").write_text("# Returns\n\nWithin 30 days.\n")
    aisle = partial(paid.installation.aisle, settings=PAYING)
    products = aisle("import", "products", str(tmp_path / "products.csv"), "--shop", shop.shop_id)
    assert "1 created, 0 updated, 0 unchanged, 1 failed" in products.stdout
    assert f"row 3: {FULL}" in products.stderr
    documents = aisle("import", "documents", str(tmp_path / "returns.md"), "--shop", shop.shop_id)
    assert documents.returncode == 1
    assert "returns.md: the plan Trial has 100 documents; upgrade at /console/billing" in documents.stderr
    added = [aisle("member", "add", "--shop", shop.shop_id, "--email", f"{n}@{shop.shop_id}.example") for n in range(3)]
    assert [each.returncode for each in added] == [0, 0, 1]
    assert "the plan Trial has 2 seats; upgrade at /console/billing" in added[2].stderr


def test_questions_beyond_a_networks_share_of_the_plans_rate_wait(paid: Paid) -> None:
    shop = paid.shop()
    shopper = paid.shopper(shop)
    answers, share = 0, TRIAL.answers_per_minute // SHARES
    for number in range(3 * share):
        if number % 20 == 0:
            shopper = paid.shopper(shop)
        with shopper.stream("hello") as response:
            response.read()
        if response.status_code != 200:
            break
        answers += 1
    assert response.status_code == 429
    assert response.json()["code"] == "rate_limited"
    assert 1 <= int(response.headers["Retry-After"]) <= 2
    assert answers >= share


def test_a_network_that_has_had_its_share_of_the_day_gets_the_contact_and_uses_up_nothing(paid: Paid) -> None:
    shop = paid.shop()
    share = f"limit:{{{shop.shop_id}:127.0.0.1}}:answers-of-address-a-day-{MIN_DAILY_NETWORK_ANSWERS}"
    with EmbeddedServers(paid.installation.data_dir) as servers, Redis.from_url(servers.redis_url) as redis:
        redis.set(share, int((time.time() + 2 * 86_400) * 1e6))
        answer = paid.shopper(shop).ask(QUESTION)
        assert answer.done
        assert answer.of("data-fallback")[0]["reason"] == "quota"
        with paid.merchant(shop) as merchant:
            assert merchant.get("/v1/usage").json()["answers"]["used"] == 0
        redis.delete(share)
    assert not paid.shopper(shop).ask(QUESTION).of("data-fallback")


def test_a_key_has_a_limit_that_a_merchant_sets(paid: Paid) -> None:
    shop = paid.shop()
    with paid.merchant(shop) as merchant:
        made = merchant.post("/v1/keys", json={"kind": "publishable", "name": "campaign", "answers_per_period": 2})
        assert (made.status_code, made.json()["answers_per_period"]) == (201, 2)
        limits = {key["name"]: key["answers_per_period"] for key in merchant.get("/v1/keys").json()["data"]}
        assert limits == {"storefront": None, "first key": None, "campaign": 2}
        campaign = ShopAccess(shop.shop_id, made.json()["key"], shop.secret_key, shop.identity_secret)
        shopper = paid.shopper(campaign)
        assert not shopper.ask("hello").of("data-fallback")  # counts for nothing
        kinds = [bool(shopper.ask(QUESTION).of("data-fallback")) for _ in range(3)]
        assert kinds == [False, False, True]
        assert not paid.shopper(shop).ask(QUESTION).of("data-fallback")  # by the other key
        failed = merchant.get("/v1/conversations", params={"only": "failed"}).json()["data"]
        assert failed == []  # the limit is no failure of ours
        path = f"/v1/keys/{made.json()['id']}"
        assert merchant.patch(path, json={"answers_per_period": None}).json()["answers_per_period"] is None
        assert not shopper.ask(QUESTION).of("data-fallback")
        for wrong in (-1, "many", 10**12):
            assert merchant.patch(path, json={"answers_per_period": wrong}).status_code == 422
        assert merchant.patch(path, json={}).status_code == 422
        secret = next(key for key in merchant.get("/v1/keys").json()["data"] if key["kind"] == "secret")
        refused = merchant.patch(f"/v1/keys/{secret['id']}", json={"answers_per_period": 2})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "answers_per_period")
        merchant.delete(path).raise_for_status()
        assert merchant.patch(path, json={"answers_per_period": 1}).status_code == 404


def test_without_billing_no_key_can_have_a_limit(installation: Installation) -> None:
    with installation.merchant(installation.create_shop("Free")) as merchant:
        refused = merchant.post("/v1/keys", json={"kind": "publishable", "answers_per_period": 2})
        assert refused.status_code == 422
        assert "does not count answers" in refused.json()["errors"][0]["message"]


def test_a_models_tokens_count_and_end(paid: Paid) -> None:
    shop = paid.shop()
    had = (TRIAL.tokens or 0) - RESERVED_TOKENS
    paid.fill(shop, tokens=had)
    shopper = paid.shopper(shop)
    assert shopper.ask("What is your return policy?").metadata["answered_by"] == "model"
    used = paid.fetch("SELECT tokens_used FROM quota_period WHERE shop_id = $1 AND scope = ''", shop) - had
    told = paid.fetch(
        "SELECT (trace ->> 'prompt_tokens')::bigint + (trace ->> 'completion_tokens')::bigint FROM turn "
        "WHERE shop_id = $1",
        shop,
    )
    assert used == told > 0
    assert paid.fetch("SELECT tokens FROM usage_entry WHERE shop_id = $1", shop) == told
    assert shopper.ask("And for how long?").of("data-fallback")
    assert paid.fetch("SELECT tokens_reserved FROM quota_period WHERE shop_id = $1 AND scope = ''", shop) == 0
