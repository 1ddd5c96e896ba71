"""The servers that the demo starts in place of real ones: mail, two shop systems, a payment provider. The product knows
of them through environment variables alone."""

import asyncio
import os
import secrets
import socket
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID

import click

from billing.plans import OFFERED, TRIAL
from billing.quota import Spent
from server.commands.child import Child
from server.core.errors import ConfigurationError
from server.core.ids import new_id

MAILBOX_MODULE = "server.embedded.standins.mailbox"
SHOPIFY_MODULE = "server.embedded.standins.shopify_server"
WOOCOMMERCE_MODULE = "server.embedded.standins.woocommerce_server"
STRIPE_MODULE = "server.embedded.standins.stripe_server"
STRIPE_STATE, STRIPE_PORT = "stripe.json", "stripe.port"
TRIAL_USED = "trial-used"
STRIPE_KEY = "sk_test_standin"
LEFT_OF_TRIAL = 5
"""Answers that a demo with billing begins with, so that its limit can be met by asking."""
LISTENS_WITHIN_S = 20.0


def start_mailbox(stack: ExitStack) -> str | None:
    """The demo's mail server, where one-time codes can be read; None where the operator has named another."""
    if os.environ.get("AISLE_SMTP_URL"):
        return None
    smtp_port, http_port = free_port(), free_port()
    command = [sys.executable, "-m", MAILBOX_MODULE, "--smtp-port", str(smtp_port), "--http-port", str(http_port)]
    Child(stack, "the mailbox", command)
    os.environ["AISLE_SMTP_URL"] = f"smtp://127.0.0.1:{smtp_port}"
    os.environ["AISLE_DEMO_MAILBOX"] = f"http://127.0.0.1:{http_port}"
    return os.environ["AISLE_DEMO_MAILBOX"]


def start_stores(stack: ExitStack) -> list[tuple[str, str]]:
    """Local servers that speak the platforms' wire, and what to type into the console's page of stores."""
    shopify, woocommerce = free_port(), free_port()
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


def start_stripe(stack: ExitStack, folder: Path, base_url: str) -> list[tuple[str, str]]:
    """A local Stripe with the plans' prices, which goes on where an earlier demo left it; lines of the welcome."""
    port, secret = _choose_port(folder / STRIPE_PORT), f"whsec_{secrets.token_hex(16)}"
    state = folder / STRIPE_STATE
    command = [sys.executable, "-m", STRIPE_MODULE, "--port", str(port), "--state", str(state)]
    Child(stack, "the local Stripe", [*command, "--webhook", f"{base_url}/webhooks/stripe", "--secret", secret])
    address = f"http://127.0.0.1:{port}"
    os.environ |= {"STRIPE_SECRET_KEY": STRIPE_KEY, "STRIPE_WEBHOOK_SECRET": secret, "STRIPE_API_BASE": address}
    _await_port(port)
    asyncio.run(_set_up(address))
    return [("Stripe", f"{address}/   its clock can be moved; plans are on the console's page Plan")]


def use_trial(folder: Path, shop_id: UUID) -> None:
    """Count most of the trial's answers as given, once."""
    marker = folder / TRIAL_USED
    if marker.exists():
        return
    click.echo(f"Using the trial up to its last {LEFT_OF_TRIAL} answers ...")
    asyncio.run(_use_trial(shop_id))
    marker.touch()


async def _use_trial(shop_id: UUID) -> None:
    from server.commands.context import services_for_command  # seconds of imports, for the first start only

    async with services_for_command() as services, services.database.connection(shop_id) as connection:
        for _ in range((TRIAL.answers or 0) - LEFT_OF_TRIAL):
            await services.money.quota.settle(connection, shop_id, new_id(), Spent(is_billable=True))


async def _set_up(address: str) -> None:
    from billing.stripe_catalog import StripeCatalog  # imports the SDK

    catalog = StripeCatalog(STRIPE_KEY, api_base=address)
    try:
        await catalog.set_up(OFFERED)
    finally:
        await catalog.close()


def _choose_port(file: Path) -> int:
    """The port of an earlier demo, because links in its invoices name it; a new one where that port is taken."""
    if file.exists():
        port = int(file.read_text())
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    file.write_text(str(free_port()))
    return int(file.read_text())


def _await_port(port: int) -> None:
    deadline = time.monotonic() + LISTENS_WITHIN_S
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise ConfigurationError(f"the local Stripe did not begin to listen within {LISTENS_WITHIN_S:.0f} seconds")


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
