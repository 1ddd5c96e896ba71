"""A made-up shop of any size, the same on every run: products, policies, and questions about both."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

_KINDS = (
    "field jacket", "trail shoe", "lambswool jumper", "day pack", "reading lamp", "steel flask", "exercise mat",
    "paring knife", "oxford shirt", "walking boot", "tablet sleeve", "moka pot", "pillow case", "cycling helmet",
    "fire pit", "card holder",
)  # fmt: skip
_COLOURS = ("indigo", "moss", "slate", "oat", "brick", "ivory", "pine", "ochre", "plum", "teal")
_MAKERS = ("Tarnwick", "Osprey Lane", "Corrie", "Millbank", "Saltmarsh", "Harrow", "Dunmore", "Fenwick")
_STUFF = ("waxed cotton", "alpaca", "bridle leather", "hemp", "enamel", "beech", "brass", "ripstop", "felt", "latex")
_USES = ("rainy walks", "long journeys", "tiny flats", "camping", "the office", "winter", "school", "presents")
_POLICIES = (
    "returns", "exchanges", "standard delivery", "next-day delivery", "delivery abroad", "gift wrapping", "vouchers",
    "price matching", "guarantee", "repairs", "sizing", "student prices", "loyalty points", "changing an order",
    "cancelling an order", "lost parcels", "damaged goods", "collection in store", "pre-orders", "payment",
)  # fmt: skip


def write_products(file: Path, count: int) -> None:
    """JSONL that `aisle import products` reads."""
    with file.open("w") as out:
        out.writelines(json.dumps(product) + "\n" for product in _products(count))


def write_policies(folder: Path) -> None:
    """Twenty pages that `aisle import documents` reads."""
    folder.mkdir(exist_ok=True)
    choice = random.Random(3)
    for name in _POLICIES:
        days, fee = choice.randrange(7, 60), choice.randrange(2, 15)
        text = (
            f"# {name.capitalize()}\n\nThis is how {name} works with us. You have {days} days to tell us. The fee is "
            f"{fee}.00 USD and is waived above {days * 4} USD.\n\n## How to begin\n\nKeep the box and the order number "
            f"at hand and write to us in the chat. We settle {name} within {choice.randrange(1, 9)} working days.\n"
        )
        (folder / f"{name.replace(' ', '-')}.md").write_text(text)


def questions(count: int) -> list[str]:
    """Questions on products and policies, no two alike below some thousands."""
    choice = random.Random(17)
    forms = (
        lambda: f"Do you have a {choice.choice(_COLOURS)} {choice.choice(_KINDS)} by {choice.choice(_MAKERS)}?",
        lambda: f"Which {choice.choice(_KINDS)} is good for {choice.choice(_USES)} under {choice.randrange(20, 400)}?",
        lambda: f"Is the {choice.choice(_MAKERS)} {choice.choice(_KINDS)} made of {choice.choice(_STUFF)}?",
        lambda: f"What are your rules for {choice.choice(_POLICIES)} after {choice.randrange(2, 90)} days?",
        lambda: f"I need something of {choice.choice(_STUFF)} for {choice.choice(_USES)}, {choice.choice(_COLOURS)}",
    )
    found: dict[str, None] = {}
    while len(found) < count:
        found[choice.choice(forms)()] = None
    return list(found)


def _products(count: int) -> Iterator[dict[str, object]]:
    choice = random.Random(5)
    for number in range(count):
        kind, maker = _KINDS[number % len(_KINDS)], _MAKERS[number // len(_KINDS) % len(_MAKERS)]
        colour, stuff, use = choice.choice(_COLOURS), choice.choice(_STUFF), choice.choice(_USES)
        yield {
            "id": f"b-{number:05}",
            "title": f"{maker} {colour} {kind} No. {number}",
            "price": choice.randrange(900, 40000) / 100,
            "currency": "USD",
            "sku": f"BN-{number:05}",
            "brand": maker,
            "category": kind,
            "description": f"A {kind} of {stuff} in {colour}, made by {maker} for {use} and {choice.choice(_USES)}. "
            f"It weighs {choice.randrange(80, 2400)} g, comes with a {choice.choice(('two', 'three', 'ten'))}-year "
            f"guarantee and is {choice.choice(('washed at 30 degrees', 'wiped clean', 'brushed', 'washed by hand'))}.",
            "url": f"https://bench.example/p/{number}",
        }
