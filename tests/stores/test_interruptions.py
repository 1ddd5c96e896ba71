"""A worker that dies in the middle of reading a store: the next one ends with exactly what the store has."""

import os
import signal

import httpx

from server.embedded.standins.woocommerce.store import Store
from tests.faults.conftest import child_of
from tests.installation import Installation
from tests.stores.conftest import await_sync
from tests.stores.test_woocommerce import connect, store
from tests.waiting import await_that

__all__ = ["store"]

PRODUCTS = 700
AFTER_A_KILL_S = 180.0
"""The lease of the killed worker has to run out, 20 s, and the next worker to start, 3 s of CPU at a low priority."""


def count(stores: Installation, merchant: httpx.Client) -> int:
    found, cursor = 0, None
    while True:
        page = merchant.get("/v1/products", params={"limit": 200} | ({"cursor": cursor} if cursor else {})).json()
        found += len(page["data"])
        cursor = page["next_cursor"]
        if cursor is None:
            return found


def test_a_killed_worker_costs_nothing(stores: Installation, merchant: httpx.Client, store: Store) -> None:
    for number in range(PRODUCTS):
        store.add_product(name=f"Numbered thing {number}")
    made = connect(merchant, store)
    await_that(lambda: 0 < count(stores, merchant) < PRODUCTS, "a part of the store")
    worker = await_that(lambda: child_of(stores.process_id, "server.cli", "worker"), "the worker")
    os.kill(worker, signal.SIGKILL)
    gone = next(iter(store.products))
    store.trash_product(gone)
    connection = await_sync(merchant, made["id"], within_s=AFTER_A_KILL_S)
    assert count(stores, merchant) == PRODUCTS - 1
    assert connection["problem"] is None
    assert merchant.get(f"/v1/products/{gone}").status_code == 404
