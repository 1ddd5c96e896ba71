"""The Shopify stand-in in a process of its own, with the schema kept beside it."""

import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from server.embedded.standins.shopify.schema import find_schema, own_schema

ROOT = Path(__file__).parents[2]


def post(url: str, body: Any, **headers: str) -> Any:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json", **headers})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def test_it_runs_by_itself_and_is_controlled_by_http(tmp_path: Path) -> None:
    port_file = tmp_path / "port"
    options = ["--products", "3", "--port-file", str(port_file)]
    command = [sys.executable, "-m", "server.embedded.standins.shopify_server", *options]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        deadline = time.monotonic() + 60
        while not port_file.exists():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        root = f"http://127.0.0.1:{port_file.read_text()}"
        state = post(f"{root}/control/acme.myshopify.com", {})
        assert (state["products"], state["orders"]) == (3, 1)
        state = post(f"{root}/control/other.myshopify.com", {"do": "products", "count": 5})
        assert state["products"] == 5
    finally:
        process.terminate()
        process.wait(10)


def test_without_the_published_schema_its_own_part_answers() -> None:
    assert find_schema("1999-01") is own_schema()
