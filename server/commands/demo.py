"""`aisle demo`: real servers, a real shop, a real conversation, on one machine and without an account."""

import hashlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from server.commands.data_dir import only_demo, require_writable
from server.core.errors import ConfigurationError, Conflict
from server.core.settings import load_settings
from server.embedded.account import preparation

READY_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 35.0
POLL_S = 0.1
FIRST_PAUSE_S, MAX_PAUSE_S = 0.25, 5.0
LONG_LIFE_S = 60.0
"""A child that has lived so long is started again as if for the first time."""
MAILBOX_MODULE = "tests.standins.mailbox"
SHOPIFY_MODULE = "tests.standins.shopify_server"
WOOCOMMERCE_MODULE = "tests.standins.woocommerce_server"
MERCHANT_EMAIL = "owner@tarnwick.example"


def run_demo(*, port: int, data_dir: str, reset: bool, stores: bool) -> None:
    """Run until Ctrl-C or SIGTERM, then stop all that was started. `stores`: beside a Shopify and a WooCommerce."""
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
        _run(stack, folder, base_url, port, stopping, stores=stores)


def _run(stack: ExitStack, folder: Path, base_url: str, port: int, stopping: threading.Event, *, stores: bool) -> None:
    from server.embedded.endpoints import endpoints

    click.echo("Starting Postgres and Redis ...")
    at = stack.enter_context(endpoints(load_settings()))
    os.environ |= {"AISLE_DATABASE_URL": at.database_url, "AISLE_REDIS_URL": at.redis_url}
    mailbox_url = _start_mailbox(stack)
    rows = _start_stores(stack) if stores else []
    shop = _prepare_shop(folder)
    children = [
        Child(stack, "the API", [sys.executable, "-m", "server.cli", "serve", "--port", str(port)]),
        Child(stack, "the worker", [sys.executable, "-m", "server.cli", "worker"]),
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
    """The demo shop's keys; made on the first run, brought up to date when the address has changed."""
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
    """Changes when the packaged data or the schema change, so that a newer Aisle refreshes an older demo."""
    digest = hashlib.sha256()
    for folder in (files("integrations") / "demo" / "data", files("server") / "migrations" / "versions"):
        for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
            if file.is_file():
                digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _start_mailbox(stack: ExitStack) -> str | None:
    """The demo's mail server, where one-time codes can be read; a checkout has it, a bare installation has not."""
    if os.environ.get("AISLE_SMTP_URL") or find_spec("tests") is None or find_spec(MAILBOX_MODULE) is None:
        return None
    smtp_port, http_port = _free_port(), _free_port()
    command = [sys.executable, "-m", MAILBOX_MODULE, "--smtp-port", str(smtp_port), "--http-port", str(http_port)]
    Child(stack, "the mailbox", command)
    os.environ["AISLE_SMTP_URL"] = f"smtp://127.0.0.1:{smtp_port}"
    os.environ["AISLE_DEMO_MAILBOX"] = f"http://127.0.0.1:{http_port}"
    return os.environ["AISLE_DEMO_MAILBOX"]


def _start_stores(stack: ExitStack) -> list[tuple[str, str]]:
    """Local servers that speak the platforms' wire, and what to type into the console's page of stores."""
    if find_spec("tests") is None:
        raise ConfigurationError("--stores needs a checkout: the local Shopify and WooCommerce live beside its tests")
    shopify, woocommerce = _free_port(), _free_port()
    Child(stack, "the local Shopify", [sys.executable, "-m", SHOPIFY_MODULE, "--port", str(shopify)])
    Child(stack, "the local WooCommerce", [sys.executable, "-m", WOOCOMMERCE_MODULE, "--port", str(woocommerce)])
    os.environ |= {
        "AISLE_EGRESS_ALLOW": f"127.0.0.1:{shopify},127.0.0.1:{woocommerce}",
        "SHOPIFY_API_KEY": "standin-key",
        "SHOPIFY_API_SECRET": "standin-secret",
        "AISLE_SHOPIFY_ORIGIN": f"http://127.0.0.1:{shopify}/{{store}}",
    }
    return [
        ("Shopify", "connect acme.myshopify.com on the console's page Stores"),
        ("WooCommerce", f"connect http://127.0.0.1:{woocommerce} with {'ck_' + 'a' * 40} and {'cs_' + 'b' * 40}"),
    ]


class Child:
    """A process of the demo, ended with it; once the demo is ready, started again each time it ends by itself."""

    def __init__(self, stack: ExitStack, name: str, command: list[str]) -> None:
        self._name, self._command = name, command
        self._failures = 0
        self._started_at = 0.0
        self._process = self._start()
        stack.callback(self.stop)

    def require_alive(self) -> None:
        """Raises ConfigurationError when it has ended."""
        if (code := self._process.poll()) is not None:
            raise ConfigurationError(f"{self._name} ended by itself (exit code {code}); see its message above")

    def revive(self) -> None:
        """Start it again if it has ended: soon the first time, ever more slowly after."""
        if (code := self._process.poll()) is None:
            return
        lived_s = time.monotonic() - self._started_at
        pause_s = min(MAX_PAUSE_S, FIRST_PAUSE_S * 2**self._failures)
        if lived_s < pause_s:
            return
        self._failures = 0 if lived_s > LONG_LIFE_S else self._failures + 1
        click.echo(f"{self._name} ended by itself (exit code {code}); starting it again", err=True)
        self._process = self._start()

    def stop(self) -> None:
        """SIGTERM, then patience, then SIGKILL."""
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        self._started_at = time.monotonic()
        return subprocess.Popen(  # noqa: S603 (our own programs)
            self._command,
            stdout=subprocess.DEVNULL,  # "ready" of each is for the demo's own words; what goes wrong is on stderr
            start_new_session=True,  # Ctrl-C is for the demo alone, which stops its children in order
            preexec_fn=preparation(None, signal.SIGTERM),  # and they do not outlive it when it is killed
        )


def _await_ready(url: str, children: list[Child], stopping: threading.Event) -> None:
    deadline = time.monotonic() + READY_TIMEOUT_S
    while time.monotonic() < deadline and not stopping.wait(POLL_S):
        for child in children:
            child.require_alive()
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 (our own address)
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            continue
    if not stopping.is_set():
        raise ConfigurationError(f"the API did not become ready within {READY_TIMEOUT_S:.0f} seconds")


def _write_facts(folder: Path, base_url: str, mailbox_url: str | None, shop: Mapping[str, Any]) -> dict[str, Any]:
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


def _write_private(file: Path, value: Mapping[str, Any]) -> None:
    """Readable by its owner only, whole or not at all."""
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(value, indent=2) + "\n")
    draft.replace(file)


def _print_welcome(facts: Mapping[str, Any], more: Sequence[tuple[str, str]]) -> None:
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
            raise Conflict(f"port {port} is in use; stop what listens there or give another with --port") from None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _erase(folder: Path) -> None:
    from server.embedded import EmbeddedError, erase

    try:
        erase(folder)
    except EmbeddedError as reason:
        raise ConfigurationError(str(reason)) from None
    for name in ("demo.json", "demo-shop.json", "secret.key"):
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / "models", ignore_errors=True)
