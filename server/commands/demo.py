"""`aisle demo`: real servers and a shop with a catalog, on one machine and without accounts elsewhere."""

import hashlib
import json
import os
import secrets
import shutil
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from server.commands.child import Child
from server.commands.data_dir import only_demo, require_writable
from server.commands.demo_standins import (
    STRIPE_PORT,
    STRIPE_STATE,
    TRIAL_USED,
    start_mailbox,
    start_stores,
    start_stripe,
    use_trial,
)
from server.core.errors import ConfigurationError, Conflict
from server.core.logging import configure_logging
from server.core.settings import load_settings

READY_TIMEOUT_S = 120.0
POLL_S = 0.1
MERCHANT_EMAIL = "owner@tarnwick.example"


def run_demo(*, port: int, data_dir: str, reset: bool, stores: bool, billing: bool, reload: bool = False) -> None:
    """Run the demo until Ctrl-C or SIGTERM, then stop all that was started.

    `stores` starts stand-ins for Shopify and WooCommerce as well, `billing` one for Stripe. `reset` deletes the data of
    earlier runs first, and `reload` restarts the servers when the code changes.
    """
    folder = Path(data_dir).absolute()
    base_url = f"http://127.0.0.1:{port}"
    require_writable(folder, "--data-dir")
    with only_demo(folder, f"{base_url}/demo"), ExitStack() as stack:
        _require_free(port)
        os.environ |= {"AISLE_DATA_DIR": str(folder), "AISLE_BASE_URL": base_url, "AISLE_ENV": "demo"}
        if reset:
            _erase(folder)
        (folder / "demo.json").unlink(missing_ok=True)
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        rows = start_stores(stack) if stores else []
        rows += start_stripe(stack, folder, base_url) if billing else []
        _run(stack, folder, base_url, port, stopping, rows, uses_trial=billing, reload=reload)


def _run(
    stack: ExitStack,
    folder: Path,
    base_url: str,
    port: int,
    stopping: threading.Event,
    rows: Sequence[tuple[str, str]],
    *,
    uses_trial: bool,
    reload: bool,
) -> None:
    """`rows` are further lines of the welcome text: (name, what to do there)."""
    from server.embedded.endpoints import endpoints

    click.echo("Starting Postgres and Redis ...")
    settings = load_settings()
    configure_logging(settings.log_format)
    servers = stack.enter_context(endpoints(settings))
    os.environ |= {"AISLE_DATABASE_URL": servers.database_url, "AISLE_REDIS_URL": servers.redis_url}
    mailbox_url = start_mailbox(stack)
    shop = _prepare_shop(folder)
    if uses_trial:
        use_trial(folder, UUID(shop["shop_id"]))
    aisle, more = [sys.executable, "-m", "server.cli"], ["--reload"] if reload else []
    children = [
        Child(stack, "the API", [*aisle, "serve", "--port", str(port), *more]),
        Child(stack, "the worker", [*aisle, "worker", *more]),
    ]
    _await_ready(f"{base_url}/health/ready", children, stopping)
    if stopping.is_set():
        return
    facts = _write_facts(folder, base_url, mailbox_url, shop)
    _print_welcome(facts, rows)
    while not stopping.wait(POLL_S):
        for child in children:
            child.revive()
    click.echo("Stopping ...")


def _prepare_shop(folder: Path) -> dict[str, Any]:
    """The demo shop's keys. The shop is created on the first run, and updated when the base URL or the packaged data
    have changed."""
    file = folder / "demo-shop.json"
    known = json.loads(file.read_text()) if file.exists() else None
    if known and known["base_url"] == os.environ["AISLE_BASE_URL"] and known["version"] == _data_version():
        return dict(known)
    from server.commands.demo_shop import prepare_shop  # seconds of imports, for the first start only

    click.echo("Setting up the shop: catalog, policies, orders ...")
    shop = prepare_shop(known, MERCHANT_EMAIL) | {"version": _data_version()}
    _write_private(file, shop)
    return shop


def _data_version() -> str:
    """A hash of the packaged data and the migrations, so that a newer Aisle updates the shop of an older demo."""
    digest = hashlib.sha256()
    for folder in (files("integrations") / "demo" / "data", files("server") / "migrations" / "versions"):
        for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
            if file.is_file():
                digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _await_ready(url: str, children: list[Child], stopping: threading.Event) -> None:
    deadline = time.monotonic() + READY_TIMEOUT_S
    while time.monotonic() < deadline and not stopping.wait(POLL_S):
        for child in children:
            child.require_alive()
        try:
            with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310 (our own address)
                if response.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            continue
    if not stopping.is_set():
        raise ConfigurationError(f"the API did not become ready within {READY_TIMEOUT_S:.0f} seconds")


def _write_facts(folder: Path, base_url: str, mailbox_url: str | None, shop: Mapping[str, object]) -> dict[str, Any]:
    facts = {
        "url": f"{base_url}/demo",
        "base_url": base_url,
        "console_url": f"{base_url}/console",
        "shop_id": shop["shop_id"],
        "publishable_key": shop["publishable_key"],
        "secret_key": shop["secret_key"],
        "identity_secret": shop["identity_secret"],
        "console_email": MERCHANT_EMAIL,
        "console_password": shop["console_password"],
        "mailbox_url": mailbox_url,
    }
    _write_private(folder / "demo.json", facts)
    return facts


def _write_private(file: Path, value: Mapping[str, object]) -> None:
    """Write JSON to a file that only its owner can read. The file is replaced as a whole or not at all."""
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(value, indent=2) + "\n")
    draft.replace(file)


def _print_welcome(facts: Mapping[str, object], more: Sequence[tuple[str, str]]) -> None:
    rows = [
        ("Storefront", facts["url"]),
        ("Console", f"{facts['console_url']}   {facts['console_email']} / {facts['console_password']}"),
        ("Mailbox", facts["mailbox_url"] or "-"),
        ("API", f"{facts['base_url']}/docs"),
        *more,
    ]
    click.echo("\nAisle is running. Open the storefront and ask something.\n")
    for name, value in rows:
        click.echo(f"  {name:<12}{value}")
    click.echo("\nCtrl-C stops everything.")


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise Conflict(f"port {port} is in use; stop the program that uses it or choose another --port") from None


def _erase(folder: Path) -> None:
    from server.embedded import EmbeddedError, erase

    try:
        erase(folder)
    except EmbeddedError as reason:
        raise ConfigurationError(str(reason)) from None
    for name in ("demo.json", "demo-shop.json", "secret.key", STRIPE_PORT, STRIPE_STATE, TRIAL_USED):
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / "models", ignore_errors=True)
