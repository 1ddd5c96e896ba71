"""A demo of its own for a measurement, with the evaluation's shops created and filled in it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
from msgspec import Struct

from tests.evaluation.answers.data import DEMO, EvaluationShop

AISLE = Path(sys.executable).parent / "aisle"
READY_TIMEOUT_S = 600.0


class RunningDemo(Struct, frozen=True):
    """Where the demo listens, where its data lie, and the secret key of each shop by name."""

    base_url: str
    data_dir: Path
    secret_keys: dict[str, str]


@contextmanager
def start_demo(port: int, folder: Path, environment: Mapping[str, str]) -> Iterator[RunningDemo]:
    """Start `aisle demo` with its data in a folder, wait until it is ready, and stop it afterwards. `environment` is
    added to that of this process.

    Exits the process with a message when the demo ends or is not ready in ten minutes.
    """
    data_dir, log = folder / "data", folder / "demo.log"
    base_url = f"http://127.0.0.1:{port}"
    command = [str(AISLE), "demo", "--port", str(port), "--data-dir", str(data_dir)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env={**os.environ, **environment},
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            known = _wait_until_ready(process, data_dir / "demo.json", base_url, log)
            yield RunningDemo(base_url, data_dir, {DEMO: known["secret_key"]})
        finally:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(timeout=60)


def _wait_until_ready(process: subprocess.Popen[bytes], demo_json: Path, base_url: str, log: Path) -> dict[str, str]:
    deadline = time.monotonic() + READY_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            sys.exit(f"the demo ended: {log.read_text(errors='replace')[-500:]}")
        try:
            if demo_json.exists() and httpx.get(f"{base_url}/health/ready", timeout=5).status_code == 200:
                known: dict[str, str] = json.loads(demo_json.read_text())
                return known
        except httpx.HTTPError:
            pass
        time.sleep(0.5)
    sys.exit("the demo was not ready within ten minutes")


def fill_shop(demo: RunningDemo, shop: EvaluationShop) -> None:
    """Create a shop, import its products and documents, and add its key to the demo's. Exits when a command fails."""
    created = _run_aisle(
        demo, "shop", "create", shop.facts["name"], "--locale", shop.facts["locale"],
        "--currency", shop.facts["currency"], "--json",
    )  # fmt: skip
    made = json.loads(created.strip().splitlines()[-1])
    demo.secret_keys[shop.name] = made["secret_key"]
    _run_aisle(demo, "import", "products", str(shop.products), "--shop", made["shop_id"])
    _run_aisle(demo, "import", "documents", str(shop.folder / "documents"), "--shop", made["shop_id"])


def _run_aisle(demo: RunningDemo, *arguments: str) -> str:
    environment = {**os.environ, "AISLE_DATA_DIR": str(demo.data_dir)}
    done = subprocess.run([str(AISLE), *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode and not done.stdout.strip():
        sys.exit(f"aisle {' '.join(arguments[:2])}: {done.stderr.strip()[-500:]}")
    if done.returncode:
        print(f"aisle {' '.join(arguments[:2])}: {(done.stderr or done.stdout).strip()[-300:]}", file=sys.stderr)
    return done.stdout
