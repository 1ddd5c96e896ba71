"""The demo storefront's facts, from the file that `aisle demo` leaves in the data dir."""

from pathlib import Path

import msgspec
from msgspec import Struct

from integrations.demo import load_store
from server.pages.models import DemoPage
from server.shops.identity import customer_signature


class DemoShop(Struct, frozen=True):
    """The part of `demo-shop.json` that the storefront needs."""

    publishable_key: str
    identity_secret: str


def load_demo_page(file: Path, base_url: str, mailbox_url: str | None) -> DemoPage | None:
    """The storefront of a demo installation; None when this is none."""
    if not file.exists():
        return None
    shop = msgspec.json.decode(file.read_bytes(), type=DemoShop)
    return DemoPage(
        base_url=base_url,
        publishable_key=shop.publishable_key,
        mailbox_url=mailbox_url,
        store=load_store(base_url=base_url),
        sign_customer=lambda customer_id, email: customer_signature(shop.identity_secret, customer_id, email),
    )
