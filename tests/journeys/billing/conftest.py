"""One installation with billing on, beside a Stripe whose clock moves; every test makes its own shop.

The provider's clock runs ahead of the machine's, the server's does not: what holds is the period that Stripe tells, so
that a test moves from period to period by moving Stripe. Answers are made by a model that says some words."""

import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.embedded import EmbeddedServers
from tests.conftest import free_port
from tests.faults.conftest import Supervised, await_that
from tests.installation import ShopAccess, Shopper
from tests.journeys.billing.merchant import PaidShop, open_shop
from tests.standins.openai_server import running as model_running
from tests.standins.stripe_server import StripeStandin
from tests.standins.stripe_server import running as stripe_running

KEY, SECRET = "sk_test_of_the_journeys", "whsec_of_the_journeys"
START_TIMEOUT_S, STOP_TIMEOUT_S = 180, 60
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


@pytest.fixture(scope="session")
def paid(tmp_path_factory: pytest.TempPathFactory, stripe: StripeStandin) -> Iterator[PaidInstallation]:
    """`aisle billing setup`, then `aisle demo`, with STRIPE_* set."""
    data_dir: Path = tmp_path_factory.mktemp("billing")
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AISLE_", "OPENAI_", "STRIPE_"))}
    with model_running() as model, (data_dir / "demo.log").open("w") as log:
        model.configure(mode="words", tokens=8)
        told = {"OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": "sk-standin", "AISLE_TRUSTED_PROXIES": "1"}
        environment = kept | told | stripe_environment(stripe)
        stripe.webhooks.add(f"http://127.0.0.1:{port}/webhooks/stripe", SECRET)
        set_up = [sys.executable, "-m", "server.cli", "billing", "setup"]
        subprocess.run(set_up, env=environment | {"AISLE_DATA_DIR": str(data_dir)}, check=True, stdout=log)
        process = subprocess.Popen(
            [sys.executable, "-m", "server.cli", "demo", "--port", str(port), "--data-dir", str(data_dir)],
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            file = data_dir / "demo.json"
            await_that(lambda: file.exists() or process.poll() is not None, "the demo", START_TIMEOUT_S)
            assert file.exists(), f"the demo did not start:\n{(data_dir / 'demo.log').read_text()[-3000:]}"
            facts = dict(json.loads(file.read_text()))
            with EmbeddedServers(data_dir) as at:
                yield PaidInstallation(facts, data_dir, process, port, at.database_url, model, at.redis_url)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(STOP_TIMEOUT_S)


@pytest.fixture
def shop(paid: PaidInstallation, stripe: StripeStandin) -> Iterator[PaidShop]:
    """A new shop with its owner signed in."""
    with open_shop(paid, stripe) as made:
        yield made
