"""The questions that the scorer of evidence learns from: their candidates, and which of these answer.

They come from the messages of the shops, from made-up questions (`scorer_questions.toml`) and, where the kit lies
beside the checkout, from its questions about product pages. Which unit answers is read from what is expected.
"""

import gzip
import json
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from integrations.demo import load_store
from integrations.platform import Product
from server.catalog.formats.detect_and_read import read_products
from server.catalog.formats.row_result import ParsedProduct
from server.knowledge.evidence import Unit, UnitKind, document_units, product_units
from server.knowledge.parsing.parse import parse_document
from server.knowledge.parsing.splitting import split_document
from server.models.embedders import language_of
from tests.evaluation.answers.data import (
    DEMO,
    FOLDER,
    SHARED,
    EvaluationShop,
    list_shops,
    load_conversations,
    load_demo_conversations,
)
from tests.evaluation.answers.verdict import first_found, is_found, tidy

DEMO_POLICIES = FOLDER.parents[2] / "integrations" / "demo" / "data" / "policies"
MADE_UP = FOLDER / "scorer_questions.toml"
PRODUCT_QUESTIONS = SHARED.parent / "product_qa" / "questions_dev.jsonl.gz"
PRODUCT_QA = "product_qa"
DOCUMENT_CLASSES = frozenset({"policy", "gift cards"})
PAGE_CLASSES = frozenset({"product detail", "sizes and fit", "safety", "superlative", "exclusion"})
COMMON = 0.15
"""A pattern found in a larger share of a shop's units tells nothing: "day", "14"."""
BARE = (
    "",
    "No.",
    "Nein.",
    "Yes.",
    "Ja.",
    "Non.",
    "Oui.",
    "Sí.",
    "not",
    "nicht",
    "pas",
    "non",
    "no",
    "yes",
    "niet",
    "nej",
)
"""A pattern found in one of these is about how an answer begins, not about what the shop says."""


class ReadShop(Struct, frozen=True, kw_only=True):
    """A shop's texts as units. `part`: "train", "shared" or "check"."""

    name: str
    part: str
    language: str
    products: tuple[Product, ...]
    documents: tuple[Unit, ...]


class ScorerQuestion(Struct, frozen=True, kw_only=True):
    """A question with its units, and how far each answers: 1, .5 for a part of it, 0. `is_page`: the units are those of
    a product's page, otherwise of the shop's documents. `sort` is the class of the message."""

    shop: str
    part: str
    sort: str
    text: str
    language: str
    shop_language: str
    is_page: bool
    units: tuple[Unit, ...]
    labels: NDArray[np.float64]


def read_shops() -> list[ReadShop]:
    """The demo shop, then those of this folder and of the kit."""
    products = tuple(load_store().products)
    shops = [_read_shop(DEMO, "shared", "en", products, sorted(DEMO_POLICIES.iterdir()))]
    for shop in list_shops():
        language = language_of(shop.facts["locale"])
        shops.append(
            _read_shop(shop.name, shop.part, language, _products(shop), sorted((shop.folder / "documents").iterdir()))
        )
    return shops


def read_questions(shops: Sequence[ReadShop], nearest_title: "NearestTitle") -> list[ScorerQuestion]:
    """All questions, those of the shops first."""
    by_name = {shop.name: shop for shop in shops}
    questions: list[ScorerQuestion] = []
    conversations = load_demo_conversations()
    for each in list_shops():
        conversations += load_conversations(each)
    for conversation in conversations:
        questions += _of_messages(by_name[conversation["shop"]], conversation, nearest_title)
    questions += _made_up(by_name)
    if PRODUCT_QUESTIONS.exists():
        with gzip.open(PRODUCT_QUESTIONS, "rt", encoding="utf-8") as lines:
            questions += [_of_product_qa(json.loads(line)) for line in lines]
    return questions


class NearestTitle(Struct, frozen=True):
    """Finds the product that a message is about by the vectors of titles; `vectors` gives rows for texts."""

    vectors: Any

    def find(self, products: Sequence[Product], text: str, context: str) -> Product:
        """The product whose title is nearest to the message, what was said before counting a little."""
        titles = self.vectors([product.title for product in products])
        asked = self.vectors([text, context])
        return products[int(np.argmax(titles @ asked[0] + 0.3 * (titles @ asked[1])))]


def _read_shop(name: str, part: str, language: str, products: tuple[Product, ...], paths: Iterable[Path]) -> ReadShop:
    documents: list[Unit] = []
    for path in paths:
        for document in parse_document(path.read_bytes(), path.name):
            split = split_document(document)
            documents += [read.unit for read in document_units(split.title, list(split.passages), language)]
    return ReadShop(name=name, part=part, language=language, products=products, documents=tuple(documents))


def _products(shop: EvaluationShop) -> tuple[Product, ...]:
    rows = read_products(shop.products, mapping=None, default_currency=shop.facts["currency"])
    return tuple(row.product for row in rows if isinstance(row, ParsedProduct))


def _of_messages(shop: ReadShop, conversation: dict[str, Any], nearest: NearestTitle) -> Iterator[ScorerQuestion]:
    turns = conversation["turns"]
    for number, turn in enumerate(turns):
        expect, sort = turn["expect"], turn["class"]
        answers = expect["kind"] == "answer" and sort in DOCUMENT_CLASSES | PAGE_CLASSES
        if not answers and expect["kind"] != "decline":
            continue
        context = " ".join(each["text"] for each in turns[max(0, number - 2) : number + 1])
        sides = [(False, shop.documents)]
        if sort not in DOCUMENT_CLASSES:
            product = nearest.find(shop.products, turn["text"], context)
            sides.append((True, tuple(product_units(product, shop.language))))
        for is_page, units in sides:
            if (labels := _labels(expect, units)) is None:
                continue
            yield ScorerQuestion(
                shop=shop.name,
                part=shop.part,
                sort=sort,
                text=turn["text"],
                language=language_of(turn.get("language") or conversation["locale"]),
                shop_language=shop.language,
                is_page=is_page,
                units=units,
                labels=labels,
            )


def _labels(expect: dict[str, Any], units: Sequence[Unit]) -> NDArray[np.float64] | None:
    """How far each unit has what is expected; None where what is expected cannot tell the units apart."""
    if expect["kind"] == "decline":
        return np.zeros(len(units))
    texts = [tidy(f"{unit.label}: {unit.text}") for unit in units]
    groups = []
    for group in expect.get("must", []):
        kept = [pattern for pattern in group if not _is_bare(pattern)]
        found = np.array([first_found(kept, text) is not None for text in texts], bool) if kept else None
        if found is not None and found.mean() <= COMMON:
            groups.append(found)
    if not groups:
        return None
    forbidden = [pattern for pattern in expect.get("must_not", []) if pattern != "RECOMMENDS" and not _is_bare(pattern)]
    allowed = np.array([first_found(forbidden, tidy(unit.text)) is None for unit in units], bool)
    met = np.sum(groups, axis=0)
    labels: NDArray[np.float64] = np.where(met == len(groups), 1.0, np.where(met > 0, 0.5, 0.0)) * allowed
    return labels


def _is_bare(pattern: str) -> bool:
    return any(is_found(pattern, text) for text in BARE)


def _made_up(shops: dict[str, ReadShop]) -> Iterator[ScorerQuestion]:
    """The questions of scorer_questions.toml. Raises ValueError for one whose answer no unit has."""
    if not MADE_UP.exists():
        return
    for each in tomllib.loads(MADE_UP.read_text(encoding="utf-8"))["question"]:
        if (shop := shops.get(each["shop"])) is None:
            continue
        units: Sequence[Unit] = shop.documents
        if product_id := each.get("product"):
            product = next(product for product in shop.products if product.external_id == product_id)
            units = product_units(product, shop.language)
        answers = each["answers"]
        labels = np.array([float(any(a in f"{u.label}: {u.text}" for a in answers)) for u in units])
        if answers and not labels.any():
            raise ValueError(f"scorer_questions.toml: no unit of {shop.name} has the answer of {each['text']!r}")
        yield ScorerQuestion(
            shop=shop.name,
            part=shop.part,
            sort="made up",
            text=each["text"],
            language=each["language"],
            shop_language=shop.language,
            is_page=bool(product_id),
            units=tuple(units),
            labels=labels,
        )


def _of_product_qa(row: dict[str, Any]) -> ScorerQuestion:
    units = [_graded_unit(each, row["product_title"], place) for place, each in enumerate(row["candidates"])]
    return ScorerQuestion(
        shop=PRODUCT_QA,
        part=PRODUCT_QA,
        sort=PRODUCT_QA,
        text=row["question"],
        language="en",
        shop_language="en",
        is_page=True,
        units=tuple(units),
        labels=np.array([each["label"] / 2 for each in row["candidates"]]),
    )


def _graded_unit(candidate: dict[str, Any], title: str, place: int) -> Unit:
    """A graded text as the importer would read it: "name: { value:x }" is an attribute, "x Question: y" an answer."""
    text, label, kind = candidate["text"], "", UnitKind.SENTENCE
    if candidate["source"] == "attribute" and ":" in text:
        label, _, text = text.partition(":")
        label, kind = label.replace("_", " "), UnitKind.ATTRIBUTE
        text = text.replace("{ value:", "").replace("}", "")
    elif "Question:" in text:
        text, _, label = text.partition("Question:")
        kind = UnitKind.ANSWER
    return Unit(kind=kind, text=text.strip() or "-", label=label.strip(), title=title, place=place)
