"""The evaluation kit's store, served through the same platform as the demo."""

import json
import re
from pathlib import Path

import pytest

from integrations.demo import DemoPlatform, load_store
from integrations.platform import OrderStatus
from tests.evaluation.retail_store import convert

KIT = Path(__file__).parents[3] / "shared" / "eval" / "retail_store"

pytestmark = pytest.mark.skipif(not KIT.exists(), reason=f"the evaluation kit is not at ../shared ({KIT.name})")

WORDS = {
    "pending": OrderStatus.PENDING,
    "processed": OrderStatus.PROCESSING,
    "delivered": OrderStatus.DELIVERED,
    "cancelled": OrderStatus.CANCELLED,
}


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> DemoPlatform:
    return DemoPlatform(load_store(convert(KIT, tmp_path_factory.mktemp("retail"))))


def number_in(text: str) -> str:
    """What a shopper's "order no. W6310710" means; finding it in a sentence is not the platform's work."""
    found = re.search(r"w?\d+", text, re.IGNORECASE)
    assert found is not None
    return found.group()


async def test_all_of_it_is_there(platform: DemoPlatform) -> None:
    assert len([each async for each in platform.fetch_products()]) == 50
    assert len(platform._data.orders) == 1000


async def test_every_order_that_may_be_told_says_what_the_cases_expect(platform: DemoPlatform) -> None:
    cases = [json.loads(line) for line in (KIT / "order_cases_dev.jsonl").read_text(encoding="utf-8").splitlines()]
    told = [each for each in cases if each["disclose"]]
    assert told
    for case in told:
        order = await platform.find_order(number_in(case["supplied"]["order_id"]))
        assert order is not None, case["case_id"]
        facts = case["facts"]
        assert order.status == WORDS[facts["status"]]
        assert {each.title for each in order.items} == set(facts["items"])
        assert [t.number for each in order.shipments for t in each.tracking] == facts["tracking"]
        assert order.total is not None
        assert order.total.amount == round(facts["total"] * 100)
        proof = case["supplied"]
        if "email" in proof:
            assert (order.email or "").lower() == proof["email"].lower()
        else:
            assert (order.customer_name, order.billing_postcode) == (proof["name"], proof["zip"])
