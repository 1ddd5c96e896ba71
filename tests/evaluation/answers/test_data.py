"""The evaluation's data is well formed."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server.catalog.formats.detect_and_read import read_products
from server.catalog.formats.row_result import ParsedProduct
from server.knowledge.parsing import parse_document
from tests.evaluation.answers.data import (
    FOLDER,
    LANGUAGES,
    EvaluationShop,
    expect_of,
    list_shops,
    list_titles,
    load_carried,
    load_conversations,
    load_language_questions,
)
from tests.evaluation.answers.demo_documents import list_headings
from tests.evaluation.answers.verdict import KINDS, Answer, is_found, judge, tidy

OURS = [shop for shop in list_shops() if shop.folder.is_relative_to(FOLDER)]
FIELDS = {
    "kind", "must", "must_not", "not_ideal", "cards", "source", "language",
    "decline_ok", "denial_ok", "handoff_ok", "hedge_ok", "note",
}  # fmt: skip
CLASSES = {
    "find by need", "product detail", "policy", "sizes and fit", "superlative", "exclusion", "follow-up",
    "several at once", "gift cards", "small talk", "safety", "language switch", "typos",
}  # fmt: skip

each_shop = pytest.mark.parametrize("shop", OURS, ids=[shop.name for shop in OURS])


def _patterns(expect: dict[str, Any]) -> Iterator[str]:
    for group in expect.get("must", []):
        yield from group
    yield from expect.get("must_not", [])
    yield from expect.get("not_ideal", [])
    rules = expect.get("cards", {})
    yield from (*rules.get("any", []), *rules.get("none", []))
    yield from (pattern for pattern in (rules.get("first"), expect.get("source")) if pattern)


def _turns(shop: EvaluationShop) -> Iterator[tuple[str, dict[str, Any]]]:
    for conversation in load_conversations(shop):
        for number, turn in enumerate(conversation["turns"], 1):
            yield f"{conversation['id']}.{number}", turn


def test_the_check_part_is_kept_from_training() -> None:
    assert {shop.name: shop.part for shop in OURS} == {
        "cogwell": "train",
        "cuatropatas": "train",
        "hollerbach": "train",
        "kiekeboe": "check",
        "vallescura": "check",
    }


@each_shop
def test_products_and_documents_can_be_imported(shop: EvaluationShop) -> None:
    rows = list(read_products(shop.products, mapping=None, default_currency=shop.facts["currency"]))
    products = [row.product for row in rows if isinstance(row, ParsedProduct)]

    assert len(products) == len(rows), [row for row in rows if not isinstance(row, ParsedProduct)]
    assert 20 <= len(products) <= 30
    assert {product.external_id: product.title for product in products} == list_titles(shop.name)
    assert all(product.price and product.description for product in products)
    documents = sorted((shop.folder / "documents").iterdir())
    assert 4 <= len(documents) <= 6
    assert all(document.sections for path in documents for document in parse_document(path.read_bytes(), path.name))


@each_shop
def test_messages_are_well_formed(shop: EvaluationShop) -> None:
    conversations = load_conversations(shop)
    turns = dict(_turns(shop))

    assert len({conversation["id"] for conversation in conversations}) == len(conversations)
    assert all(conversation["shop"] == shop.name for conversation in conversations)
    for name, turn in turns.items():
        expect = turn["expect"]
        assert expect["kind"] in KINDS, name
        assert turn["class"] in CLASSES, name
        assert set(expect) <= FIELDS, name
        assert expect["language"] in LANGUAGES, name
        assert expect.get("must") or expect["kind"] in ("decline", "smalltalk", "clarify", "handoff"), name


@each_shop
def test_patterns_compile_and_do_not_match_everything(shop: EvaluationShop) -> None:
    for name, turn in _turns(shop):
        for pattern in _patterns(turn["expect"]):
            assert not re.search(tidy(pattern), ""), (name, pattern)


@each_shop
def test_expected_cards_are_titles_of_the_shop(shop: EvaluationShop) -> None:
    titles = [tidy(title) for title in list_titles(shop.name).values()]
    for name, turn in _turns(shop):
        rules = turn["expect"].get("cards", {})
        for pattern in (*rules.get("any", []), *rules.get("none", []), *filter(None, [rules.get("first")])):
            alternatives = pattern.split("|") if "(" not in pattern else [pattern]
            assert turn["expect"]["kind"] in ("decline", "smalltalk") or any(
                is_found(each, title) for each in alternatives for title in titles
            ), (name, pattern)


def test_a_quarter_of_the_messages_is_in_other_languages() -> None:
    """Over all shops together, and every language of the widget is there."""
    spoken = [
        (shop.facts["locale"], turn.get("language") or conversation["locale"])
        for shop in OURS
        for conversation in load_conversations(shop)
        for turn in conversation["turns"]
    ]
    assert sum(own != used for own, used in spoken) >= len(spoken) / 4
    assert {used for _, used in spoken} == set(LANGUAGES)


def test_language_questions_are_complete() -> None:
    questions = load_language_questions()
    titles, headings = list_titles("demo"), list_headings()

    assert len(questions) == len({question["id"] for question in questions}) == 40
    assert sum("products" in question for question in questions) == 22
    for question in questions:
        assert tuple(question["asked"]) == LANGUAGES, question["id"]
        assert len(set(question["asked"].values())) == len(LANGUAGES), question["id"]
        assert set(question.get("products", ())) <= set(titles), question["id"]
        if "document" in question:
            assert question["heading"] in headings[question["document"]], question["id"]
        for pattern in _patterns(expect_of(question, "en")):
            assert not re.search(tidy(pattern), ""), (question["id"], pattern)


def test_the_demo_shop_shows_what_language_questions_expect() -> None:
    """The product's page or the passage has what a right answer must show, so that quoting it is right."""
    headings = list_headings()
    for question in load_language_questions():
        if question["asks"] != "policy":
            continue
        passage = tidy(headings[question["document"]][question["heading"]])
        expect = expect_of(question, "en") | {"must_not": []}
        assert judge(expect, Answer(text=passage))[0] == "right", question["id"]


def test_carried_things_are_there() -> None:
    carried, not_carried = load_carried()
    shops = {"demo", *(shop.name for shop in list_shops())}

    assert len(carried) == len({(thing["shop"], thing["asked"]) for thing in carried}) == 100
    assert len(not_carried) == len({(thing["shop"], thing["asked"]) for thing in not_carried}) == 100
    assert {thing["language"] for thing in carried} == set(LANGUAGES)
    for thing in (*carried, *not_carried):
        assert thing["language"] in LANGUAGES, thing
        if thing["shop"] in shops:
            assert set(thing.get("products", ())) <= set(list_titles(thing["shop"])), thing


def test_folder_has_no_foreign_files() -> None:
    suffixes = {path.suffix for path in Path(FOLDER).rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert suffixes <= {".py", ".toml", ".json", ".jsonl", ".csv", ".tsv", ".md", ".html", ".txt"}
