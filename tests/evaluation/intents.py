"""Routes the intent files of the evaluation kit with the product's own router and prints what came out.

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

from server.chat.answering.intents import Intent, IntentKind, Router, Topic
from server.chat.models import Question
from server.models.local import LocalEmbedder
from server.shops.identity import Shopper

FILES = ("bitext_dev", "sofmattress_dev", "curekart_dev", "offtopic_dev")
NOBODY = Shopper(shop_id=UUID(int=1), conversation_id=UUID(int=2), shopper_id=UUID(int=3))

_TOPIC_ROUTES = {
    Topic.RETURNS: "returns_refunds",
    Topic.SHIPPING: "shipping_info",
    Topic.PAYMENT: "payment_billing",
    Topic.ACCOUNT: "account",
    Topic.ORDERING: "buy",
    Topic.WARRANTY: "store_policy",
    Topic.STORE: "store_policy",
}
_KIND_ROUTES = {
    IntentKind.PRODUCT_SEARCH: "product",
    IntentKind.PRODUCT_DETAIL: "product",
    IntentKind.COMPARISON: "product",
    IntentKind.STOCK: "product",
    IntentKind.ORDER_STATUS: "order_status",
    IntentKind.ORDER_CHANGE: "order_change",
    IntentKind.HUMAN: "human",
}


def route_of(intent: Intent) -> str:
    """The kit's route for one of our intents."""
    if intent.kind == IntentKind.POLICY:
        return _TOPIC_ROUTES[intent.topic] if intent.topic else "store_policy"
    return _KIND_ROUTES.get(intent.kind, "none")


def read_rows(kit: Path, name: str) -> list[dict[str, str]]:
    """The rows of one file: id, text, label, route."""
    path = kit / "intents" / f"{name}.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def auroc(inside: list[float], outside: list[float]) -> float:
    """The chance that a message of ours gets more confidence than one that is not."""
    wins = sum((a > b) + 0.5 * (a == b) for a in inside for b in outside)
    return wins / (len(inside) * len(outside))


def belief(intent: Intent) -> float:
    """How sure the router is that the message is the shop's business."""
    is_ours = route_of(intent) != "none"
    return intent.confidence if is_ours else -intent.confidence


async def run(kit: Path, *, use_model: bool) -> list[str]:
    """Route everything and print the figures; the wrongly routed messages, one line each."""
    router = Router(LocalEmbedder())
    if use_model:
        await router.warm_up()
    beliefs: dict[str, list[float]] = {}
    wrong: list[str] = []
    for name in FILES:
        rows = read_rows(kit, name)
        questions = [Question(text=row["text"], shopper=NOBODY, locale="en") for row in rows]
        started = time.perf_counter()
        by_words = [router.route(question) for question in questions]
        seconds = (time.perf_counter() - started) / len(rows)
        intents = [await router.recognise(question) for question in questions] if use_model else by_words
        beliefs[name] = [belief(intent) for intent in intents]
        report(name, rows, intents, seconds)
        wrong += [
            f"{name}\t{row['route']}\t{route_of(intent)}\t{intent.kind}\t{intent.confidence}\t{row['text']}"
            for row, intent in zip(rows, intents, strict=True)
            if row.get("route", "none") != route_of(intent)
        ]
    ours = [
        value
        for name in ("sofmattress_dev", "curekart_dev")
        for value, row in zip(beliefs[name], read_rows(kit, name), strict=True)
        if row["route"] != "none"
    ]
    print(f"off-topic against shoppers' own messages: AUROC {auroc(ours, beliefs['offtopic_dev']):.3f}")
    return wrong


def report(name: str, rows: list[dict[str, str]], intents: list[Intent], seconds: float) -> None:
    """Accuracy over all and in scope, per route, and the time of the words-only step."""
    routes = [row.get("route", "none") for row in rows]
    got = [route_of(intent) for intent in intents]
    right = [want == found for want, found in zip(routes, got, strict=True)]
    inside = [ok for ok, want in zip(right, routes, strict=True) if want != "none"]
    shares: dict[str, list[bool]] = defaultdict(list)
    for ok, want in zip(right, routes, strict=True):
        shares[want].append(ok)
    sure = sum(intent.is_sure for intent in intents) / len(intents)
    print(f"{name}: {sum(right) / len(right):.3f} right (n={len(right)})", end="")
    print(f", in scope {sum(inside) / len(inside):.3f}" if inside else "", end="")
    print(f"; by words alone {sure:.0%}; {seconds * 1e3:.2f} ms")
    print("   " + "  ".join(f"{want} {sum(oks)}/{len(oks)}" for want, oks in sorted(shares.items())))
    if inside and any(want == "none" for want in routes):
        values = [belief(intent) for intent in intents]
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
