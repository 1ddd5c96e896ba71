"""Trains what ranks products for a wish, and says how good it is on shops that it has not seen.

    python -m tests.evaluation.answers.train_fits [--vectors FILE] [--dry]

The wishes are messages of the shops that want products, the questions for products in twelve languages, and the things
of carried.toml. The method is that of `train_scorer`; the shops of the part "check" are never trained on.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from integrations.platform import Product
from server.chat.answering.engine.fits import FEATURES, MODEL_FILE, WishQuery, fit_features, name_text, query_stems
from server.chat.answering.engine.reply import Helpers, Reply
from server.chat.answering.engine.wish_words import wish_words
from server.chat.answering.evidence.scorer import Scorer
from server.chat.answering.reading.reader import read_piece
from server.chat.models import ProductCard, ProductDetail, Question, VariantCard
from server.chat.tools.protocol import Toolbox
from server.knowledge.passages import embedded_product_name, embedded_product_text, product_passages
from server.languages.words import language
from server.models.embedders import language_of
from server.shops.identity import Shopper
from tests.evaluation.answers.data import (
    DEMO,
    list_shops,
    load_carried,
    load_conversations,
    load_demo_conversations,
    load_language_questions,
)
from tests.evaluation.answers.scorer_candidates import Vectors
from tests.evaluation.answers.scorer_questions import ReadShop, read_shops
from tests.evaluation.answers.train_scorer import auroc, calibrate, fit_ranking
from tests.evaluation.answers.verdict import is_found, tidy

FALLS = frozenset({"below_best", "below_best_name", "denied"})
NEAREST, WITH_WORDS = 8, 4
"""How many products by meaning, and further ones by words, are compared: as many as a search gives."""
LEAST_MEANING = 3.0
"""The weight of the meaning between an English wish and shop, of which there are few examples: about as much as between
other languages."""
LEAST_DENIAL = -3.0
"""The weight of denied words is at least so strong: few wishes tell, but a page that says "not for induction" must
not be offered for it."""
ELSEWHERE = "asked elsewhere"
FOLDS = 4
SHRINKAGE = 0.005
CLASSES = frozenset({"find by need", "exclusion", "sizes and fit", "typos", "superlative"})


class Wanted(Struct, frozen=True, kw_only=True):
    """A wish with the features of the products found, and which of these it means."""

    shop: str
    part: str
    sort: str
    text: str
    language: str
    is_foreign: bool
    rows: NDArray[np.float64]
    labels: NDArray[np.float64]


def read_wishes(shops: Sequence[ReadShop], vectors: Vectors) -> Iterator[Wanted]:
    """All wishes with their candidates, and each once more to a shop of another trade, which has nothing of it."""
    by_name = {shop.name: shop for shop in shops}
    for number, (shop_name, sort, locale, text, is_meant) in enumerate(_given_wishes()):
        if (shop := by_name.get(shop_name)) is None:
            continue
        yield _rate(shop, sort, language_of(locale), text, is_meant, vectors)
        others = [each for each in shops if each is not shop and each.part != "check"]
        yield _rate(others[number % len(others)], ELSEWHERE, language_of(locale), text, _by_id(()), vectors)


def _given_wishes() -> Iterator[tuple[str, str, str, str, Any]]:
    conversations = load_demo_conversations()
    for each in list_shops():
        conversations += load_conversations(each)
    for conversation in conversations:
        for turn in conversation["turns"][:1]:
            expect = turn["expect"]
            first = expect.get("cards", {}).get("first")
            patterns = [first] if first else expect.get("cards", {}).get("any") or (expect.get("must") or [[]])[0]
            if expect["kind"] == "products" and turn["class"] in CLASSES and patterns:
                locale = turn.get("language") or conversation["locale"]
                yield conversation["shop"], "messages", locale, turn["text"], _by_pattern(patterns)
    for question in load_language_questions():
        if "products" in question:
            for code, text in question["asked"].items():
                yield DEMO, "twelve languages", code, text, _by_id(question["products"])
    carried, not_carried = load_carried()
    for each in carried:
        yield each["shop"], "carried", each["language"], each["asked"], _by_id(each["products"])
    for each in not_carried:
        yield each["shop"], "not carried", each["language"], each["asked"], _by_id(())


def _by_pattern(patterns: Sequence[str]) -> Any:
    return lambda product: any(is_found(each, tidy(product.title)) for each in patterns)


def _by_id(ids: Sequence[str]) -> Any:
    return lambda product: product.external_id in ids


def _rate(shop: ReadShop, sort: str, code: str, text: str, is_meant: Any, vectors: Vectors) -> Wanted:
    words, shop_words = language(code), language(shop.language)
    vector = vectors.multilingual([text], code)[0]
    nobody = Shopper(shop_id=UUID(int=0), conversation_id=UUID(int=0), shopper_id=UUID(int=0), locale=code)
    question = Question(text=text, shopper=nobody, locale=code, shop_locale=shop.language)
    reading = read_piece(question, text, words, vector)
    reply = Reply(question, reading, cast(Toolbox, None), cast(Helpers, None))
    query = wish_words(reply, reading.query) or reading.text
    passages = [product_passages(product)[0].text for product in shop.products]
    if code == shop.language == "en":
        similar = vectors.main([embedded_product_text(each) for each in passages]) @ vectors.main([query])[0]
    else:
        products = vectors.multilingual([embedded_product_text(each) for each in passages], shop.language)
        products = products + vectors.multilingual([embedded_product_name(each) for each in passages], shop.language)
        products = products / np.linalg.norm(products, axis=1, keepdims=True)
        similar = products @ vectors.multilingual([query], code)[0]
    query_vector = vectors.multilingual([query], code)[0]
    wish = WishQuery(text=query, language=words, shop_language=shop_words, vector=query_vector)
    asked = set(query_stems(wish))
    met = np.array([len(asked & set(shop_words.stems(each))) for each in passages])
    order = list(np.argsort(-similar, kind="stable")[:NEAREST])
    order += [index for index in np.argsort(-met, kind="stable")[:WITH_WORDS] if met[index] and index not in order]
    found = [_detail(shop.products[index]) for index in order]
    names = vectors.multilingual([name_text(each) for each in found], shop.language)
    rows = fit_features(wish, found, [float(similar[index]) for index in order], list(names))
    return Wanted(
        shop=shop.name, part=shop.part, sort=sort, text=text, language=code, is_foreign=code != shop.language,
        rows=rows.astype(float), labels=np.array([float(is_meant(shop.products[index])) for index in order]),
    )  # fmt: skip


def _detail(product: Product) -> ProductDetail:
    card = ProductCard(
        id=product.external_id,
        title=product.title,
        url=None,
        image_url=None,
        price=product.price,
        available=product.available,
        fetched_at="",
        variants=tuple(
            VariantCard(id=each.id, title=each.title, sku=each.sku, price=each.price, available=each.available)
            for each in product.variants
        ),
    )
    return ProductDetail(
        card=card,
        description=product.description,
        brand=product.brand,
        category=product.category,
        attributes=product.attributes,
    )


def train(wishes: Sequence[Wanted]) -> Scorer:
    """The ranking of all wishes, with probabilities from rankings that had not seen the wish's shop.

    Several products may meet a wish, so being ahead of the next counts nothing.
    """
    low = np.array([LEAST_MEANING if name == "similar" else -20.0 * (name in FALLS) for name in FEATURES])
    high = np.array([LEAST_DENIAL if name == "denied" else 20.0 * (name not in FALLS) for name in FEATURES])
    shops = list(dict.fromkeys(each.shop for each in wishes))
    scored = []
    for fold in range(FOLDS):
        held = set(shops[fold::FOLDS])
        weights = _fit([each for each in wishes if each.shop not in held], low, high)
        scored += [(each.rows @ weights, each.labels) for each in wishes if each.shop in held]
    return Scorer(_fit(wishes, low, high).astype(np.float32), calibrate(scored, by_lead=False).astype(np.float32))


def _fit(wishes: Sequence[Wanted], low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[np.float64]:
    importance = np.array([0.3 if each.sort == "twelve languages" else 1.0 for each in wishes])
    rows, labels = [each.rows for each in wishes], [each.labels for each in wishes]
    return fit_ranking(rows, labels, importance, low, high, shrinkage=SHRINKAGE)


def cross_validate(wishes: Sequence[Wanted]) -> list[tuple[Wanted, float, float]]:
    """(wish, probability of its best product, label of that product), each by a model that has not seen the shop."""
    found = []
    for shop in dict.fromkeys(each.shop for each in wishes):
        scorer = train([each for each in wishes if each.shop != shop and each.part != "check"])
        for each in wishes:
            if each.shop == shop:
                chances = scorer.probabilities(each.rows.astype(np.float32))
                best = int(np.argmax(chances))
                found.append((each, float(chances[best]), float(each.labels[best])))
    return found


def print_figures(found: Sequence[tuple[Wanted, float, float]]) -> None:
    """P@1 of the wishes that a product meets, AUROC of met against not, and how true the probabilities are."""
    groups: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for each, chance, label in found:
        tongue = "other language" if each.is_foreign else "same language"
        for name in ("ALL", each.sort, f"{each.sort}, {tongue}", each.shop, f"part {each.part}"):
            groups[name].append((chance, label, float(each.labels.max())))
    print(f"{'':40} {'n':>4} {'P@1':>5} {'AUROC':>6}")
    for name, rows in sorted(groups.items()):
        chances, labels, best = np.array(rows).T
        met = best >= 1
        precision = (labels[met] >= 1).mean() if met.any() else float("nan")
        print(f"{name:40} {len(rows):4d} {precision:5.2f} {auroc(chances[met], chances[~met]):6.2f}")
    print(f"\n{'probability':14} {'n':>4} {'said':>5} {'true':>5} {'not carried':>12}")
    for low in np.arange(0.0, 1.0, 0.1):
        rows = [(each, chance, label) for each, chance, label in found if low <= chance < low + 0.1]
        if rows:
            true = np.mean([label for _, _, label in rows])
            absent = sum(each.sort in ("not carried", ELSEWHERE) for each, _, _ in rows)
            said = np.mean([chance for _, chance, _ in rows])
            print(f"{low:.1f} to {low + 0.1:.1f}    {len(rows):4d} {said:5.2f} {true:5.2f} {absent:12d}")


def main() -> None:
    """Train, print the figures, and write the file unless `--dry` says not to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--vectors", type=Path, help="a file to keep computed vectors in")
    parser.add_argument("--dry", action="store_true", help="print the figures only")
    options = parser.parse_args()
    vectors = Vectors(options.vectors)
    wishes = list(read_wishes(read_shops(), vectors))
    vectors.save()
    print_figures(cross_validate(wishes))
    scorer = train([each for each in wishes if each.part != "check"])
    print("\n" + ", ".join(f"{name} {weight:.2f}" for name, weight in zip(FEATURES, scorer.weights, strict=True)))
    if not options.dry:
        np.savez(MODEL_FILE, features=np.array(FEATURES), weights=scorer.weights, calibration=scorer.calibration)


if __name__ == "__main__":
    main()
