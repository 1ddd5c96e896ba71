"""Reads the intent files of the evaluation kit with the product's own reader and prints what came out.

    python -m tests.evaluation.intents [KIT_FOLDER] [--no-model] [--mistakes FILE]

The kit is read where it lies (`../shared/eval` beside the checkout, or the folder given); nothing of it is kept here.
"""

import argparse
import asyncio
import json
import time
from collections import Counter, defaultdict
from pathlib import Path
from uuid import UUID

from server.chat.answering.reading import Intent, Reader, Reading
from server.chat.answering.reading.models import CODE, ORDER, PRODUCT
from server.chat.models import Question
from server.models.multilingual import MultilingualEmbedder
from server.models.protocol import ModelUnavailable, Vector
from server.shops.identity import Shopper

FILES = ("bitext_dev", "sofmattress_dev", "curekart_dev", "offtopic_dev")
NOBODY = Shopper(shop_id=UUID(int=1), conversation_id=UUID(int=2), shopper_id=UUID(int=3))

ROUTES = {
    Intent.POLICY_RETURNS: "returns_refunds",
    Intent.POLICY_SHIPPING: "shipping_info",
    Intent.POLICY_PAYMENT: "payment_billing",
    Intent.POLICY_ACCOUNT: "account",
    Intent.POLICY_ORDERING: "buy",
    Intent.POLICY_WARRANTY: "store_policy",
    Intent.POLICY_STORE: "store_policy",
    Intent.ORDER_CHANGE: "order_change",
    Intent.HUMAN: "human",
    **dict.fromkeys(ORDER | CODE, "order_status"),
    **dict.fromkeys(PRODUCT, "product"),
    Intent.MEDICAL: "product",
    Intent.UPSET: "human",
}
"""The kit's routes for our intents; the others are none of its. A medical question gets what the product's page says,
an upset shopper a person."""
OURS = frozenset(ROUTES)


class NoEmbedder:
    """Stands for an embedder that is away."""

    async def embed_query(self, text: str, language: str = "") -> Vector:
        """Raises ModelUnavailable."""
        raise ModelUnavailable("none is wanted")


def route_of(reading: Reading) -> str:
    """The kit's route for a reading: that of its first question."""
    first = reading.parts[0] if reading.parts else reading
    return ROUTES.get(first.intent, "none")


def read_rows(kit: Path, name: str) -> list[dict[str, str]]:
    """The rows of one file: id, text, label, route."""
    path = kit / "intents" / f"{name}.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def auroc(inside: list[float], outside: list[float]) -> float:
    """The chance that a message of ours gets more belief than one that is not."""
    wins = sum((a > b) + 0.5 * (a == b) for a in inside for b in outside)
    return wins / (len(inside) * len(outside))


def belief(reading: Reading) -> float:
    """How likely the message is the shop's business."""
    return reading.probability(OURS)


async def run(kit: Path, *, use_model: bool) -> list[str]:
    """Read everything and print the figures; the wrongly routed messages, one line each."""
    reader = Reader(MultilingualEmbedder() if use_model else NoEmbedder())
    if use_model:
        await reader.warm_up()
    beliefs: dict[str, list[float]] = {}
    wrong: list[str] = []
    for name in FILES:
        rows = read_rows(kit, name)
        started = time.perf_counter()
        readings = [await reader.read(Question(text=row["text"], shopper=NOBODY, locale="en")) for row in rows]
        seconds = (time.perf_counter() - started) / len(rows)
        beliefs[name] = [belief(reading) for reading in readings]
        report(name, rows, readings, seconds)
        wrong += [
            f"{name}\t{row['route']}\t{route_of(reading)}\t{reading.intent}\t{reading.confidence:.2f}\t{row['text']}"
            for row, reading in zip(rows, readings, strict=True)
            if row.get("route", "none") != route_of(reading)
        ]
    ours = [
        value
        for name in ("sofmattress_dev", "curekart_dev")
        for value, row in zip(beliefs[name], read_rows(kit, name), strict=True)
        if row["route"] != "none"
    ]
    print(f"off-topic against shoppers' own messages: AUROC {auroc(ours, beliefs['offtopic_dev']):.3f}")
    return wrong


def report(name: str, rows: list[dict[str, str]], readings: list[Reading], seconds: float) -> None:
    """Accuracy over all and in scope, per route, and the time of one reading."""
    routes = [row.get("route", "none") for row in rows]
    got = [route_of(reading) for reading in readings]
    right = [want == found for want, found in zip(routes, got, strict=True)]
    inside = [ok for ok, want in zip(right, routes, strict=True) if want != "none"]
    shares: dict[str, list[bool]] = defaultdict(list)
    for ok, want in zip(right, routes, strict=True):
        shares[want].append(ok)
    print(f"{name}: {sum(right) / len(right):.3f} right (n={len(right)})", end="")
    print(f", in scope {sum(inside) / len(inside):.3f}" if inside else "", end="")
    print(f"; {seconds * 1e3:.2f} ms")
    print("   " + "  ".join(f"{want} {sum(oks)}/{len(oks)}" for want, oks in sorted(shares.items())))
    if inside and any(want == "none" for want in routes):
        values = [belief(reading) for reading in readings]
        ours = [value for value, want in zip(values, routes, strict=True) if want != "none"]
        others = [value for value, want in zip(values, routes, strict=True) if want == "none"]
        print(f"   AUROC of scope {auroc(ours, others):.3f}; routed as {Counter(got).most_common(4)}")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kit", nargs="?", type=Path, default=Path(__file__).parents[3] / "shared" / "eval")
    parser.add_argument("--no-model", action="store_true", help="by words alone")
    parser.add_argument("--mistakes", type=Path, help="write the wrongly routed messages here")
    given = parser.parse_args()
    wrong = asyncio.run(run(given.kit, use_model=not given.no_model))
    if given.mistakes:
        given.mistakes.write_text("\n".join(wrong), encoding="utf-8")


if __name__ == "__main__":
    main()
