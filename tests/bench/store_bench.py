"""How fast connected stores are read, and how soon webhooks are acknowledged: `python -m tests.bench.store_bench`.

Method. A demo installation of its own and both stand-ins (Shopify with its bulk operations, WooCommerce with its pages)
share the machine. The store is read whole once (every product embedded), then again with nothing changed. Memory is
the highest resident size of the worker, looked at five times a second. Webhooks are signed ones of distinct products,
sent at a fixed rate whether or not answers have come.
"""

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from server.embedded.standins.shopify.records import generated
from server.embedded.standins.shopify.tokens import API_KEY, SECRET
from server.embedded.standins.shopify_server import ShopifyStandin
from server.embedded.standins.woocommerce.hooks import signature
from server.embedded.standins.woocommerce_server import WooCommerceStandin
from server.embedded.standins.woocommerce_server import running as woocommerce_running
from tests.bench.processes import cpu_ms, usage
from tests.faults.conftest import child_of
from tests.servers import free_port
from tests.stores.conftest import shopify_running
from tests.stores.test_shopify import agree, begin

DOMAIN = "bench.myshopify.com"
LOOK_S = 0.2


class Watch:
    """The highest resident size of a process, in MB."""

    def __init__(self, pid: int) -> None:
        self._pid, self._over = pid, threading.Event()
        self.peak_mb = 0.0
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._over.wait(LOOK_S):
            self.peak_mb = max(self.peak_mb, usage(self._pid).pss_kb / 1024)

    def stop(self) -> float:
        self._over.set()
        self._thread.join()
        return self.peak_mb


@contextlib.contextmanager
def installation(folder: Path, woo: WooCommerceStandin, shopify: ShopifyStandin) -> Iterator[dict[str, str]]:
    """A demo of its own; what its `demo.json` says, and the process ids of `worker` and `serve`."""
    port = free_port()
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("AISLE_", "OPENAI_"))}
    environment |= {
        "AISLE_EGRESS_ALLOW": f"{woo.store.url.removeprefix('http://')},{shopify.root.removeprefix('http://')}",
        "SHOPIFY_API_KEY": API_KEY,
        "SHOPIFY_API_SECRET": SECRET,
        "AISLE_SHOPIFY_ORIGIN": f"{shopify.root}/{{store}}",
    }
    command = [sys.executable, "-m", "server.cli", "demo", "--port", str(port), "--data-dir", str(folder)]
    with (folder / "demo.log").open("w") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            facts = folder / "demo.json"
            while not facts.exists():
                time.sleep(LOOK_S)
            pids = {name: child_of(process.pid, "server.cli", name) for name in ("worker", "serve")}
            yield dict(json.loads(facts.read_text())) | {name: str(pid) for name, pid in pids.items()}
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def read_whole(merchant: httpx.Client, connection_id: str, worker: int, name: str) -> None:
    """Wait for the first pass, ask for another, and say what both cost."""
    after: str | None = None
    for pass_name in ("first pass", "nothing changed"):
        watch, started = Watch(worker), time.monotonic()
        if pass_name != "first pass":
            merchant.post(f"/v1/connections/{connection_id}/sync", json={"full": True}).raise_for_status()
        found = _await_pass(merchant, connection_id, after)
        after = found["synced_at"]
        seconds = time.monotonic() - started
        result: dict[str, Any] = found["result"]
        print(
            f"{name}, {pass_name}: {result['read']} products in {seconds:.0f} s ({result['read'] / seconds:.0f}/s), "
            f"{result['created']} new, {result['unchanged']} unchanged, {result['failed']} failed, "
            f"worker peak {watch.stop():.0f} MB",
            flush=True,
        )


def _await_pass(merchant: httpx.Client, connection_id: str, after: str | None) -> dict[str, Any]:
    """The connection once a pass has ended that began after this moment."""
    while True:
        found: dict[str, Any] = merchant.get(f"/v1/connections/{connection_id}").json()
        if found["sync_state"] == "failed":
            raise RuntimeError(found["problem"])
        if found["sync_state"] == "synced" and found["synced_at"] != after:
            return found
        time.sleep(LOOK_S)


def acknowledge(woo: WooCommerceStandin, api: int, rate: int, seconds: int) -> None:
    """Signed deliveries at a fixed rate, from a process of their own: the stand-in, which is asked for what has changed
    meanwhile, would hold up a sender beside it and be measured. `api` is the API's process id."""
    hook = next(each for each in woo.store.webhooks.values() if each.topic == "product.updated")
    told = (hook.delivery_url, hook.secret, list(woo.store.products), api, rate, seconds)
    sender = multiprocessing.get_context("spawn").Process(target=_send, args=told)
    sender.start()
    sender.join()


def _send(*told: Any) -> None:
    asyncio.run(_deliver(*told))


async def _deliver(url: str, secret: str, ids: list[int], api: int, rate: int, seconds: int) -> None:
    spent = cpu_ms(api)
    taken: list[float] = []
    statuses: set[int] = set()
    limits = httpx.Limits(max_connections=64)
    async with httpx.AsyncClient(limits=limits, timeout=30, trust_env=False) as client:

        async def send(number: int) -> None:
            body = json.dumps({"id": ids[number % len(ids)], "n": number}).encode()
            headers = {
                "X-WC-Webhook-Topic": "product.updated",
                "X-WC-Webhook-Signature": signature(body, secret),
                "X-WC-Webhook-Delivery-ID": f"bench-{number}",
            }
            started = time.perf_counter()
            answer = await client.post(url, content=body, headers=headers)
            taken.append(time.perf_counter() - started)
            statuses.add(answer.status_code)

        begun, tasks = time.perf_counter(), []
        for number in range(rate * seconds):
            await asyncio.sleep(max(0.0, begun + number / rate - time.perf_counter()))
            tasks.append(asyncio.create_task(send(number)))
        await asyncio.gather(*tasks)
    ordered = sorted(taken)
    print(
        f"webhooks: {len(taken)} at {rate}/s, statuses {sorted(statuses)}, acknowledged in "
        f"p50 {statistics.median(ordered) * 1000:.0f} ms, p99 {ordered[int(len(ordered) * 0.99)] * 1000:.0f} ms; "
        f"API CPU {(cpu_ms(api) - spent) / len(taken):.1f} ms each"
    )


def main() -> None:
    """Measure both platforms."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=10_000)
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=10)
    options = parser.parse_args()
    print(__doc__)
    standin = WooCommerceStandin(needs_https=False)
    with woocommerce_running(standin) as woo, shopify_running() as shopify, tempfile.TemporaryDirectory() as folder:
        for number in range(options.products):
            woo.store.add_variable(name=f"Bench product {number}")
        woo.store.queue.clear()
        store = shopify.shop(DOMAIN)
        store.add(*(generated(number) for number in range(1, options.products + 1)))
        with installation(Path(folder), woo, shopify) as facts:
            worker = int(facts["worker"])
            bearer = {"Authorization": f"Bearer {facts['secret_key']}"}
            with httpx.Client(base_url=facts["base_url"], headers=bearer, timeout=60) as merchant:
                key, secret = woo.store.key
                body = {"platform": "woocommerce", "store": woo.store.url, "consumer_key": key}
                made = merchant.post("/v1/connections", json=body | {"consumer_secret": secret}).raise_for_status()
                read_whole(merchant, made.json()["id"], worker, "WooCommerce")
                acknowledge(woo, int(facts["serve"]), options.rate, options.seconds)
                form = {"email": facts["console_email"], "password": facts["console_password"]}
                with httpx.Client(base_url=facts["base_url"], headers={"Origin": facts["base_url"]}) as console:
                    console.post("/console/sign-in", data=form)
                    back = console.get(f"/integrations/shopify/callback?{agree(store, begin(console, store))}")
                    read_whole(merchant, back.headers["location"].partition("connected=")[2], worker, "Shopify")


if __name__ == "__main__":
    main()
