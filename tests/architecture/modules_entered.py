"""Counts the modules of the product that one message, one import and one webhook enter:

    .venv/bin/python -m tests.architecture.modules_entered [--list]

A demo runs with a profile hook in all its processes. What an idle second enters, such as the worker's sweep, counts
with them; the stand-ins do not.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from server.embedded import EmbeddedServers
from server.embedded.standins.woocommerce.store import Store
from server.embedded.standins.woocommerce_server import WooCommerceStandin
from server.embedded.standins.woocommerce_server import running as woocommerce_running
from tests.installation import Installation
from tests.servers import running_demo
from tests.stores.conftest import await_sync
from tests.stores.test_woocommerce import connect, deliver, titles
from tests.waiting import await_that

HOOK = Path(__file__).parent / "profile_hook"
SETTLE_S = 1.5
"""Before and after each measurement: what an answer or a job does after its end is its own."""


class Count:
    """Writes the phase that the processes follow, and reads what they entered in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.entered: dict[str, list[str]] = {}
        self._begin("")

    def _begin(self, phase: str) -> None:
        new = self.folder / "phase.new"
        new.write_text(phase)
        new.replace(self.folder / "phase")

    def measure(self, phase: str, work: Callable[[], object]) -> None:
        """Do the work as a phase of its own."""
        time.sleep(SETTLE_S)
        self._begin(phase)
        time.sleep(SETTLE_S)
        work()
        time.sleep(SETTLE_S)
        self._begin("")
        file = self.folder / phase
        lines = set(file.read_text().splitlines()) if file.exists() else set()
        self.entered[phase] = sorted(line for line in lines if not line.startswith("server/embedded/"))


def main() -> None:
    """Print the counts; with --list the modules too."""
    with tempfile.TemporaryDirectory() as name, woocommerce_running(WooCommerceStandin(needs_https=False)) as woo:
        count = Count(Path(name))
        data_dir = Path(name) / "demo"
        data_dir.mkdir()
        settings = {
            "AISLE_EGRESS_ALLOW": woo.store.url.removeprefix("http://"),
            "PYTHONPATH": str(HOOK),
            "MODULES_ENTERED": name,
        }
        with running_demo(data_dir, settings) as demo, EmbeddedServers(demo.data_dir) as at:
            _measure(count, Installation(demo.facts, demo.data_dir, demo.process_id, at.database_url), woo.store)
    for phase, modules in count.entered.items():
        print(f"{phase:<10} {len(modules):>3}")
        if "--list" in sys.argv:
            print("".join(f"    {module}\n" for module in modules), end="")


def _measure(count: Count, installation: Installation, store: Store) -> None:
    shop = installation.create_shop("Own", installation.base_url)
    merchant, shopper = installation.merchant(shop), installation.shopper(installation.demo_shop)
    lamp = store.add_product(name="Brass Lamp")
    shopper.ask("Hello")  # what is loaded once is not entered by each
    count.measure("idle", lambda: None)
    count.measure("policy", lambda: shopper.ask("What is your return policy?"))
    count.measure("product", lambda: shopper.ask("Do you have a two person tent?"))
    count.measure("order", lambda: shopper.ask("Where is my order 1001?"))
    count.measure("import", lambda: _import(merchant))
    count.measure("connect", lambda: await_sync(merchant, connect(merchant, store)["id"]))
    store.change_product(lamp["id"], name="Copper Lamp")

    def webhook() -> None:
        deliver(store)
        await_that(lambda: "Copper Lamp" in titles(merchant), "the changed product")

    count.measure("webhook", webhook)


def _import(merchant: httpx.Client) -> None:
    file = {"file": ("products.csv", b"id,title,price\n1,Tin kettle,12.00\n", "text/csv")}
    job = merchant.post("/v1/products/import", files=file).json()["job_id"]
    await_that(lambda: merchant.get(f"/v1/jobs/{job}").json()["state"] == "done", "the import")


if __name__ == "__main__":
    main()
