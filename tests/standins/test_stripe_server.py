"""What the stand-in promises of itself: refusals like Stripe's, idempotency, pages, its clock, a process of its own."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.embedded.standins.stripe_server import StripeStandin, running

ROOT = Path(__file__).parents[2]
START = 1_804_000_000
KEY = {"authorization": "Bearer sk_test_x"}


@pytest.fixture
def standin() -> Iterator[StripeStandin]:
    with running(StripeStandin(frozen_at=START)) as found:
        yield found
        assert found.mistakes == []


class Api:
    def __init__(self, standin: StripeStandin) -> None:
        self.standin = standin
        self._client = httpx.Client(base_url=standin.url, headers=KEY, trust_env=False)

    def post(self, path: str, key: str = "", **params: str) -> httpx.Response:
        headers = {"idempotency-key": key} if key else {}
        return self._client.post(f"/v1/{path}", data=params, headers=headers)

    def get(self, path: str, **params: str) -> Any:
        return self._client.get(f"/v1/{path}", params=params).json()

    def subscribe(self, price: str, **params: str) -> Any:
        customer = self.post("customers", payment_method="pm_card_visa", email="a@b.example").json()
        (method,) = self.get("payment_methods", customer=customer["id"])["data"]
        self.post(f"customers/{customer['id']}", **{"invoice_settings[default_payment_method]": method["id"]})
        return self.post("subscriptions", customer=customer["id"], **{"items[0][price]": price}, **params).json()

    def checkout(self, customer: str, *prices: str, **params: str) -> Any:
        lines = {f"line_items[{n}][price]": price for n, price in enumerate(prices)}
        usual = {"mode": "subscription", "success_url": "http://x.example/ok", "cancel_url": "http://x.example/no"}
        return self.post("checkout/sessions", customer=customer, **usual, **lines, **params)


@pytest.fixture
def api(standin: StripeStandin) -> Api:
    return Api(standin)


def error(response: httpx.Response) -> tuple[int, str, str, str]:
    told = response.json()["error"]
    return response.status_code, told["type"], told.get("code", ""), told.get("param", "")


def test_unknown_missing_and_wrong_parameters_are_refused(api: Api) -> None:
    bad = "invalid_request_error"
    assert error(api.post("customers", emial="a@b.example")) == (400, bad, "parameter_unknown", "emial")
    assert error(api.post("products")) == (400, bad, "parameter_missing", "name")
    deep = api.post("subscriptions", customer="cus_1", **{"items[0][prize]": "x"})
    assert error(deep) == (400, bad, "parameter_unknown", "items[0][prize]")
    wrong = api.post("subscriptions/sub_1", proration_behavior="sometimes")
    assert error(wrong) == (400, bad, "", "proration_behavior")
    assert error(api.post("customers", metadata="x"))[0] == 400
    assert error(api.post("nothing/like/it"))[0] == 404
    assert error(api.post("subscriptions/sub_1", cancel_at_period_end="yes"))[2] == "parameter_invalid_boolean"


def test_unknown_ids_are_404_and_wrong_keys_401(api: Api) -> None:
    assert error(api.post("customers/cus_nobody")) == (404, "invalid_request_error", "resource_missing", "id")
    assert httpx.get(f"{api.standin.url}/v1/prices", headers={"authorization": "Bearer x"}).status_code == 401


def test_lists_have_cursors(api: Api) -> None:
    made = [api.post("customers", name=str(n)).json()["id"] for n in range(5)]
    first = api.get("customers", limit="2")
    assert ([each["id"] for each in first["data"]], first["has_more"]) == (made[:2:-1], True)
    last = api.get("customers", limit="3", starting_after=made[3])
    assert ([each["id"] for each in last["data"]], last["has_more"]) == (made[2::-1], False)
    back = api.get("customers", limit="2", ending_before=made[1])
    assert [each["id"] for each in back["data"]] == [made[3], made[2]]


def test_an_idempotency_key_gives_the_same_answer_for_a_day(api: Api) -> None:
    first = api.post("customers", key="k", name="A")
    again = api.post("customers", key="k", name="A")
    assert (again.json(), again.headers["idempotent-replayed"]) == (first.json(), "true")
    assert "idempotent-replayed" not in first.headers
    assert error(api.post("customers", key="k", name="B"))[:2] == (400, "idempotency_error")
    assert error(api.post("products", key="k", name="A"))[:2] == (400, "idempotency_error")
    api.standin.advance(days=1)
    assert api.post("customers", key="k", name="B").json()["id"] != first.json()["id"]


def test_a_request_that_was_never_valid_leaves_its_key_free(api: Api) -> None:
    assert api.post("customers", key="k", nmae="A").status_code == 400
    assert api.post("customers", key="k", name="A").status_code == 200


def test_expanding_puts_objects_for_ids(api: Api) -> None:
    price = api.standin.add_price("pro", 1000)["id"]
    made = api.subscribe(price, **{"expand[0]": "latest_invoice.payments", "expand[1]": "customer"})
    assert made["customer"]["email"] == "a@b.example"
    (payment,) = made["latest_invoice"]["payments"]["data"]
    assert (payment["status"], payment["amount_paid"]) == ("paid", 1000)
    assert "payments" not in api.get("invoices")["data"][0]
    assert "cannot be expanded" in api.get("invoices", **{"expand[0]": "data.nothing"})["error"]["message"]
    deep = "data.latest_invoice.payments.data.payment.payment_intent"
    assert "expand" in api.get("subscriptions", **{"expand[0]": deep})["error"]["message"]


def test_meter_events_are_checked(api: Api) -> None:
    api.standin.add_metered_price("overage", "5", "answers")
    customer = api.post("customers").json()["id"]

    def send(identifier: str, value: str = "1", at: int = START, whom: str = customer) -> httpx.Response:
        payload = {"payload[stripe_customer_id]": whom, "payload[value]": value}
        wanted = {"event_name": "answers", "identifier": identifier, "timestamp": str(at), **payload}
        return api.post("billing/meter_events", **wanted)

    assert send("a").status_code == 200
    assert error(send("a"))[2] == "duplicate_meter_event"
    assert error(send("b", at=START - 35 * 86_400 - 1))[2] == "timestamp_too_far_in_past"
    assert error(send("c", at=START + 301))[2] == "timestamp_in_future"
    assert error(send("d", value="1.5"))[2] == "meter_event_invalid_value"
    assert error(send("e", whom="cus_nobody"))[2] == "resource_missing"
    api.standin.advance(days=1)
    assert send("a").status_code == 200
    (meter,) = api.get("billing/meters")["data"]
    url, hour = f"billing/meters/{meter['id']}/event_summaries", START // 3600 * 3600
    asked = {"customer": customer, "start_time": str(hour), "end_time": str(hour + 3600)}
    assert [each["aggregated_value"] for each in api.get(url, **asked)["data"]] == [2]
    assert api.get(url, **{**asked, "start_time": str(hour + 1)})["error"]["param"] == "start_time"


def test_checkout_refuses_what_stripe_refuses(api: Api) -> None:
    price, metered = api.standin.add_price("pro", 1000)["id"], api.standin.add_metered_price("o", "5", "answers")["id"]
    customer = api.post("customers").json()["id"]
    assert "quantity" in error(api.checkout(customer, price))[3] or error(api.checkout(customer, price))[0] == 400
    assert error(api.checkout(customer, metered, **{"line_items[0][quantity]": "1"}))[3] == "line_items[0][quantity]"
    one = {"line_items[0][quantity]": "1"}
    taxed = api.checkout(customer, price, **one, **{"automatic_tax[enabled]": "true"})
    assert error(taxed)[2] == "customer_tax_location_invalid"
    assert api.checkout(customer, price, metered, **one).status_code == 200


def test_the_checkout_page_takes_promotion_codes_and_says_what_it_is(api: Api) -> None:
    price = api.standin.add_price("pro", 1000, "Pro <b>plan</b>")["id"]
    api.standin.add_promotion_code("SPRING", 25, "repeating", 2)
    customer = api.post("customers", name="A & B").json()["id"]
    session = api.checkout(customer, price, allow_promotion_codes="true", **{"line_items[0][quantity]": "1"}).json()
    page = httpx.get(session["url"])
    assert "Local stand-in" in page.text and "Pro &lt;b&gt;plan&lt;/b&gt;" in page.text and "$10.00" in page.text
    assert "invalid" in httpx.post(session["url"], data={"action": "apply", "code": "nope"}).text
    assert "$7.50" in httpx.post(session["url"], data={"action": "apply", "code": "spring"}).text
    paid = httpx.post(session["url"], data={"action": "pay", "number": "4242424242424242", "code": "SPRING"})
    assert paid.headers["location"] == "http://x.example/ok"
    assert httpx.post(session["url"], data={"action": "pay", "number": "4242424242424242"}).status_code == 303
    assert len(api.standin.objects("subscription")) == 1
    for _ in range(2):
        api.standin.advance(days=32)
    totals = [each["total"] for each in reversed(api.standin.objects("invoice"))]
    assert totals == [750, 750, 1000]


def test_a_session_nobody_pays_expires(api: Api) -> None:
    price = api.standin.add_price("pro", 1000)["id"]
    customer = api.post("customers").json()["id"]
    session = api.checkout(customer, price, **{"line_items[0][quantity]": "1"}).json()
    api.standin.advance(days=1)
    assert api.get(f"checkout/sessions/{session['id']}")["status"] == "expired"
    assert "expired" in httpx.get(session["url"]).text
    assert api.get("events", type="checkout.session.expired")["data"][0]["data"]["object"]["id"] == session["id"]


def test_the_portal_changes_plan_and_card_and_pays(api: Api) -> None:
    cheap, dear = api.standin.add_price("a", 1000, "Small")["id"], api.standin.add_price("b", 3000, "Big")["id"]
    subscription = api.subscribe(cheap)
    back = "http://x.example/back"
    url = api.post("billing_portal/sessions", customer=subscription["customer"], return_url=back).json()["url"]
    page = httpx.get(url).text
    assert "Small (active)" in page and back in page and "Visa •••• 4242" in page
    assert "Your plan is changed" in httpx.post(url, data={"action": "plan", "price": dear}).text
    assert api.standin.objects("invoice")[0]["total"] == 2000
    httpx.post(url, data={"action": "card", "number": "4000000000000341"})
    assert httpx.post(url, data={"action": "card", "number": "4000000000000002"}).status_code == 402
    api.standin.advance(days=31, seconds=3600)
    assert api.get(f"subscriptions/{subscription['id']}")["status"] == "past_due"
    owed = api.standin.objects("invoice")[0]
    assert httpx.post(url, data={"action": "pay", "invoice": owed["id"]}).status_code == 402
    httpx.post(url, data={"action": "card", "number": "5555555555554444"})
    assert "the invoice is paid" in httpx.post(url, data={"action": "pay", "invoice": owed["id"]}).text
    assert api.get(f"subscriptions/{subscription['id']}")["status"] == "active"
    assert "paid" in httpx.get(owed["hosted_invoice_url"]).text
    pdf = httpx.get(owed["invoice_pdf"])
    assert (pdf.headers["content-type"], pdf.content[:8], pdf.content[-5:]) == (
        "application/pdf",
        b"%PDF-1.4",
        b"%%EOF",
    )


def test_its_own_page_moves_the_clock(api: Api) -> None:
    subscription = api.subscribe(api.standin.add_price("a", 1000)["id"], trial_period_days="5")
    page = httpx.get(api.standin.url).text
    assert "trialing" in page and "customer.subscription.created" in page
    assert "trial_will_end" in httpx.post(api.standin.url, data={"action": "next"}).text
    httpx.post(api.standin.url, data={"action": "week"})
    assert api.get(f"subscriptions/{subscription['id']}")["status"] == "active"


def test_a_schedule_rules_cancellation(api: Api) -> None:
    subscription = api.subscribe(api.standin.add_price("a", 1000)["id"])
    api.post("subscription_schedules", from_subscription=subscription["id"])
    assert error(api.post(f"subscriptions/{subscription['id']}", cancel_at_period_end="true"))[0] == 400


def test_after_the_last_retry_as_configured(api: Api) -> None:
    api.standin.configure(retry_after_s=[60], after_last_retry="unpaid", draft_for_s=0)
    subscription = api.subscribe(api.standin.add_price("a", 1000)["id"], trial_period_days="1")
    api.standin.store.note(api.standin.objects("payment_method")[0]["id"])["number"] = "4000000000000341"
    api.standin.advance(days=1)
    assert api.get(f"subscriptions/{subscription['id']}")["status"] == "past_due"
    assert api.standin.advance_to_next() == START + 86_400 + 60
    assert api.get(f"subscriptions/{subscription['id']}")["status"] == "unpaid"


def test_a_process_of_its_own_keeps_its_state(tmp_path: Path) -> None:
    arguments = [
        "--price",
        "aisle_pro_v1=9900:Pro",
        "--metered",
        "aisle_over=2:answers",
        "--state",
        str(tmp_path / "state"),
    ]
    for run in range(2):
        port_file = tmp_path / f"port-{run}"
        options = [*arguments, "--port-file", str(port_file)]
        command = [sys.executable, "-m", "server.embedded.standins.stripe_server", *options]
        process = subprocess.Popen(command, cwd=ROOT)
        try:
            url = f"http://127.0.0.1:{_wait(port_file, process)}"
            prices = httpx.get(f"{url}/v1/prices", headers=KEY).json()["data"]
            assert [each["lookup_key"] for each in prices] == ["aisle_over", "aisle_pro_v1"]
            customers = httpx.get(f"{url}/v1/customers", headers=KEY).json()["data"]
            assert len(customers) == run
            httpx.post(f"{url}/v1/customers", headers=KEY, data={"name": "A"})
            now = httpx.get(f"{url}/_control/state").json()["now"]
            assert abs(now - time.time() - run * 31 * 86_400) < 60
            assert httpx.post(f"{url}/_control/advance", content=json.dumps({"days": 31})).json() >= now + 31 * 86_400
            assert httpx.post(f"{url}/_control/nothing").status_code == 404
        finally:
            process.terminate()
            process.wait(10)


def _wait(port_file: Path, process: subprocess.Popen[bytes]) -> int:
    deadline = time.monotonic() + 60
    while not port_file.exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return int(port_file.read_text())
