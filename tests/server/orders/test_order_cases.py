"""The evaluation kit's hundred look-ups, at the service: who gives number and proof is told, nobody else is."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from integrations.demo import DemoPlatform, load_store
from integrations.platform import ShopPlatform
from server.orders.models import OrderFound, OrderOutcome
from tests.evaluation.retail_store import convert
from tests.server.orders.order_shop import OrderShop

KIT = Path(__file__).parents[4] / "shared" / "eval" / "retail_store"
pytestmark = pytest.mark.skipif(not KIT.exists(), reason="the evaluation kit is not at ../shared/eval/retail_store")

STATUSES = {"pending": "pending", "processed": "processing", "delivered": "delivered", "cancelled": "cancelled"}
Case = dict[str, Any]


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> ShopPlatform:
    return DemoPlatform(load_store(convert(KIT, tmp_path_factory.mktemp("retail"))))


async def ask(shop: OrderShop, case: Case) -> OrderOutcome:
    """What a shopper in a new conversation gets for all they supplied."""
    supplied = case["supplied"]
    number = supplied.get("order_id") or ""
    if "email" in supplied or "zip" in supplied:
        return await shop.service.prove(
            shop.shopper(),
            number,
            email=supplied.get("email"),
            postcode=supplied.get("zip"),
            name=supplied.get("name"),
        )
    return await shop.service.look_up(shop.shopper(), number)


def is_right(case: Case, outcome: OrderOutcome) -> bool:
    if not case["disclose"]:
        told = msgspec.json.encode(outcome).decode()
        secrets = {*case["must_not_contain"], *case["must_not_mention_items"]}
        return not isinstance(outcome, OrderFound) and not any(secret in told for secret in secrets)
    if not isinstance(outcome, OrderFound):
        return False
    view, facts = msgspec.to_builtins(outcome.view), case["facts"]
    told_facts = (view["status"], {item["title"] for item in view["items"]}, [t["number"] for t in view["tracking"]])
    return told_facts == (STATUSES[facts["status"]], set(facts["items"]), facts["tracking"])


async def test_a_hundred_right_and_no_leak(
    open_shop: Callable[..., Awaitable[OrderShop]], platform: ShopPlatform
) -> None:
    shop = await open_shop("open")
    shop.platform = platform  # type: ignore[assignment]
    cases: list[Case] = [json.loads(line) for line in (KIT / "order_cases_dev.jsonl").read_text().splitlines()]
    outcomes = [await ask(shop, case) for case in cases]
    wrong = [case["case_id"] for case, outcome in zip(cases, outcomes, strict=True) if not is_right(case, outcome)]
    leaks = [
        case["case_id"]
        for case, outcome in zip(cases, outcomes, strict=True)
        if isinstance(outcome, OrderFound) and not case["disclose"]
    ]
    assert len({case["kind"] for case in cases}) == 11
    assert leaks == []
    assert wrong == []
