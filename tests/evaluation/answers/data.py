"""The shops, messages and questions of this folder, and those of the benchmark where it lies beside the checkout."""

import csv
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from integrations.demo import load_store

FOLDER = Path(__file__).parent
SHARED = FOLDER.parents[3] / "shared" / "eval" / "answers"
LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "tr", "ar", "ja")
SELECTIONS = ("all", "train", "check", "shared", "demo")
DEMO = "demo"


class EvaluationShop(Struct, frozen=True):
    """A shop to create: its name on the command line, its folder, and its part ("train", "check" or "shared")."""

    name: str
    folder: Path
    part: str
    facts: dict[str, Any]

    @property
    def products(self) -> Path:
        """The file to import."""
        return next(self.folder.glob("products.*"))


def list_shops() -> list[EvaluationShop]:
    """Our shops, then the benchmark's where it lies beside the checkout. The demo shop is not among them."""
    found = []
    for folder in (FOLDER / "shops", SHARED / "shops"):
        for path in sorted(folder.glob("*/shop.json")):
            facts = json.loads(path.read_text(encoding="utf-8"))
            found.append(EvaluationShop(path.parent.name, path.parent, facts.get("part", "shared"), facts))
    return found


def load_conversations(shop: EvaluationShop) -> list[dict[str, Any]]:
    """The conversations of a shop, each with its turns and what a right answer shows."""
    path = shop.folder / "messages.jsonl"
    if path.exists():
        return _read_lines(path)
    return [each for each in _read_lines(SHARED / "messages.jsonl") if each["shop"] == shop.name]


def load_demo_conversations() -> list[dict[str, Any]]:
    """The benchmark's conversations with the demo shop, without those about orders: they need the mailbox."""
    if not SHARED.exists():
        return []
    conversations = [each for each in _read_lines(SHARED / "messages.jsonl") if each["shop"] == DEMO]
    return [each for each in conversations if not any(turn["expect"]["kind"] == "order" for turn in each["turns"])]


def load_language_questions() -> list[dict[str, Any]]:
    """The questions of twelve_languages.toml with their {names} of patterns put in."""
    data = tomllib.loads((FOLDER / "twelve_languages.toml").read_text(encoding="utf-8"))
    patterns: dict[str, str] = data["patterns"]

    def put_in(text: str) -> str:
        return re.sub(r"\{([a-z_]+)\}", lambda found: patterns[found[1]], text)

    for question in data["question"]:
        question["must"] = [[put_in(each) for each in group] for group in question["must"]]
        question["must_not"] = [put_in(each) for each in question.get("must_not", [])]
    return list(data["question"])


def load_expectations() -> dict[str, dict[str, Any]]:
    """What a right answer shows, by the id of a result, of all messages and of all questions in twelve languages."""
    conversations = load_demo_conversations()
    for shop in list_shops():
        conversations += load_conversations(shop)
    expectations = {
        f"{conversation['id']}.{number}": turn["expect"]
        for conversation in conversations
        for number, turn in enumerate(conversation["turns"], 1)
    }
    for question in load_language_questions():
        expectations |= {f"{question['id']}.{each}": expect_of(question, each) for each in question["asked"]}
    return expectations


def expect_of(question: dict[str, Any], language: str) -> dict[str, Any]:
    """What a right answer to a question of twelve_languages.toml shows."""
    is_find = question["asks"] == "find"
    expect = {"must": question["must"], "must_not": question["must_not"], "language": language}
    if is_find:
        return expect | {"kind": "products", "cards": {"first": "|".join(question["must"][0])}}
    return expect | {"kind": "answer"}


def load_carried() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(things that a shop carries, things that it does not carry) of carried.toml."""
    data = tomllib.loads((FOLDER / "carried.toml").read_text(encoding="utf-8"))
    return list(data["carried"]), list(data["not_carried"])


def list_titles(shop_name: str) -> dict[str, str]:
    """Titles of a shop's products by external id. Raises KeyError for a shop that is not there."""
    if shop_name == DEMO:
        return {product.external_id: product.title for product in load_store().products}
    shop = {each.name: each for each in list_shops()}[shop_name]
    return dict(_titles(shop.products))


def _titles(path: Path) -> Iterator[tuple[str, str]]:
    """Ids as the importer makes them: the group of a feed, the handle of Shopify, the ID of WooCommerce."""
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t" if path.suffix == ".tsv" else ","):
            title = row.get("Title") or row.get("title") or row.get("Name") or ""
            product_id = row.get("item_group_id") or row.get("id") or row.get("Handle") or row.get("ID") or ""
            if title and row.get("Type") != "variation":
                yield product_id, title


def _read_lines(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]
