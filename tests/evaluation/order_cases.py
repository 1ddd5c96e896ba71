"""Asks the order cases of the evaluation kit over HTTP and writes down what the shopper is shown.

    python -m tests.evaluation.order_cases --data-dir DIR --output FILE [--kit KIT_FOLDER]

`DIR` is the data folder of a running `aisle demo`. A shop of its own takes the kit's orders (`aisle shop connect demo
--orders-from`) with open order access, for the kit tells an order's contents to who knows its number and e-mail. Every
case is a conversation of its own; what the message does not say of what its shopper has is said in the next one.
The kit is read where it lies (`../shared/eval` beside the checkout, or the folder given) and scores the file:

    python ../shared/eval/score.py order_cases FILE
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import httpx

from tests.evaluation.retail_store import convert
from tests.installation import Shopper

KIT = Path(__file__).parents[3] / "shared" / "eval"

Record = dict[str, Any]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--kit", type=Path, default=KIT)
    given = parser.parse_args()
    facts = json.loads((given.data_dir / "demo.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:  # the server reads the orders as they are asked for
        shop = make_shop(given.data_dir, facts["base_url"], convert(given.kit / "retail_store", Path(folder)))
        lines = (given.kit / "retail_store" / "order_cases_dev.jsonl").read_text(encoding="utf-8").splitlines()
        shown = [ask(facts["base_url"], shop, json.loads(line)) for line in lines if line.strip()]
    given.output.write_text("".join(json.dumps(each, ensure_ascii=False) + "\n" for each in shown), encoding="utf-8")
    print(f"{len(shown)} cases, {sum(each['disclosed'] for each in shown)} orders shown")


def make_shop(data_dir: Path, base_url: str, orders: Path) -> Record:
    """A new shop with these orders; its keys. Raises CalledProcessError."""
    shop: Record = json.loads(aisle(data_dir, base_url, "shop", "create", "Order cases", "--json"))
    connected = ("--shop", shop["shop_id"], "--orders-from", str(orders), "--order-access", "open")
    aisle(data_dir, base_url, "shop", "connect", "demo", *connected)
    return shop


def aisle(data_dir: Path, base_url: str, *arguments: str) -> str:
    """Run an `aisle` command on the installation; what it printed."""
    environment = os.environ | {"AISLE_DATA_DIR": str(data_dir), "AISLE_BASE_URL": base_url}
    command = [sys.executable, "-m", "server.cli", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def ask(base_url: str, shop: Record, case: Record) -> Record:
    """One case in a new conversation: `text` is everything that the shopper is shown."""
    with httpx.Client(base_url=base_url, timeout=60) as client:
        shopper = open_session(client, shop)
        answers = [shopper.ask(case["message"])]
        if missing := unsaid(case):
            answers.append(shopper.ask(missing))
    return {
        "case_id": case["case_id"],
        "text": "\n".join(answer.shown for answer in answers),
        "disclosed": any(answer.order is not None for answer in answers),
    }


def open_session(client: httpx.Client, shop: Record) -> Shopper:
    """A session opened by the shop's own server (secret key, no Origin): no address counts, only conversations do."""
    secret = {"Authorization": f"Bearer {shop['secret_key']}"}
    opened = client.post("/v1/sessions", json={"key": shop["publishable_key"], "locale": "en"}, headers=secret)
    opened.raise_for_status()
    client.headers["Authorization"] = f"Bearer {opened.json()['session']}"
    return Shopper(client, opened.json())


def unsaid(case: Record) -> str:
    """What the shopper has and did not write, as they would write it next; empty when all is said."""
    said = case["message"].lower()
    templates = {"order_id": "Order {}", "email": "My email is {}", "name": "I'm {}", "zip": "zip {}"}
    missing = [
        templates[name].format(value)
        for name, value in case["supplied"].items()
        if name in templates and str(value).lower() not in said
    ]
    return ", ".join(missing)


if __name__ == "__main__":
    main()
