"""One installation with billing on, beside a Stripe whose clock moves; every test makes its own shop.

The provider's clock runs ahead of the machine's, the server's does not: what holds is the period that Stripe tells, so
that a test moves from period to period by moving Stripe. Answers are made by a model that says some words."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.embedded import EmbeddedServers
from server.embedded.standins.stripe_server import StripeStandin
from server.embedded.standins.stripe_server import running as stripe_running
from tests.commands import run_aisle
from tests.faults.conftest import Supervised
from tests.installation import ShopAccess, Shopper
from tests.journeys.billing.merchant import PaidShop, open_shop
from tests.servers import copy_demo_data, free_port, running_demo
from tests.standins.openai_server import running as model_running

KEY, SECRET = "sk_test_of_the_journeys", "whsec_of_the_journeys"
_addresses = itertools.count(1)


@pytest.fixture(scope="session")
def stripe() -> Iterator[StripeStandin]:
    """Stripe, with nothing set up in it."""
    with stripe_running(StripeStandin(key=KEY)) as standin:
        yield standin
        assert standin.mistakes == []


class PaidInstallation(Supervised):
    """`aisle demo` with Stripe and a model behind it; each shopper comes from an address of their own."""

    def shopper(self, shop: ShopAccess | None = None, **named: Any) -> Shopper:
        """A new shopper behind the proxy."""
        number = next(_addresses)
        headers = {"Origin": self.base_url, "X-Forwarded-For": f"10.1.{number // 250}.{number % 250}"}
        client = httpx.Client(base_url=self.base_url, headers=headers, timeout=120)
        opened = client.post("/v1/sessions", json={"key": (shop or self.demo_shop).publishable_key} | named)
        assert opened.status_code == 201, opened.text
        client.headers["Authorization"] = f"Bearer {opened.json()['session']}"
        return Shopper(client, opened.json())


def stripe_environment(stripe: StripeStandin) -> dict[str, str]:
    """How the product is told of Stripe."""
    return {"STRIPE_SECRET_KEY": KEY, "STRIPE_WEBHOOK_SECRET": SECRET, "STRIPE_API_BASE": stripe.url}


@pytest.fixture(scope="package")
def paid(
    tmp_path_factory: pytest.TempPathFactory, shared_folder: Path, stripe: StripeStandin
) -> Iterator[PaidInstallation]:
    """`aisle billing setup`, then `aisle demo`, with STRIPE_* set."""
    data_dir, port = tmp_path_factory.mktemp("billing"), free_port()
    copy_demo_data(shared_folder, data_dir)
    with model_running() as model:
        model.configure(mode="words", tokens=8)
        settings = stripe_environment(stripe) | {
            "OPENAI_BASE_URL": model.base_url,
            "OPENAI_API_KEY": "sk-standin",
            "AISLE_TRUSTED_PROXIES": "1",
        }
        stripe.webhooks.add(f"http://127.0.0.1:{port}/webhooks/stripe", SECRET)
        set_up = run_aisle(["billing", "setup"], settings | {"AISLE_DATA_DIR": str(data_dir)})
        assert set_up.returncode == 0, set_up.stderr
        with running_demo(data_dir, settings, port) as demo, EmbeddedServers(data_dir) as at:
            yield PaidInstallation(demo.facts, data_dir, demo.process_id, at.database_url, model, at.redis_url)


@pytest.fixture
def shop(paid: PaidInstallation, stripe: StripeStandin) -> Iterator[PaidShop]:
    """A new shop with its owner signed in."""
    with open_shop(paid, stripe) as made:
        yield made
