"""How well products meet the words of a wish: the probability that each is what is looked for.

A linear ranking of the products found, and a calibration of the best, as for units of evidence
(`evidence/scorer.py`). Trained with `python -m tests.evaluation.answers.train_fits`.
"""

import math
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from server.chat.answering.engine.focus import is_same_word
from server.chat.answering.evidence.scorer import Scorer
from server.chat.models import ProductDetail
from server.knowledge.evidence import product_text_units
from server.languages.matching import normalise, words_of
from server.languages.words import Language, language
from server.models.glossary import meanings
from server.models.protocol import Vector

MODEL_FILE = Path(__file__).with_name("fits.npz")
FEATURES = (
    "similar", "similar_foreign", "below_best", "name_similar", "below_best_name", "words_of_name", "words_of_page",
    "words_of_kind", "denied", "letters", "figures",
)  # fmt: skip
"""The columns of the model, in order."""
MAX_ASKED_WORDS = 20
"""Words of a wish that are compared with each page."""
MAX_PAGE_CHARACTERS = 6_000
UNSEEN = 4.0
"""The weight of a word that none of the products has."""
MIN_PART = 4
_MEASURE = re.compile(r"(?<![\w.,])(\d+(?:[.,]\d+)?)\s?([^\W\d_]{1,12})?")


class WishQuery(Struct, frozen=True, kw_only=True):
    """What is looked for. `text` are the telling words of the wish as written, normalised; `vector` is theirs, by the
    multilingual embedder; None while that does not answer."""

    text: str
    language: Language
    shop_language: Language
    vector: Vector | None = None

    @property
    def is_foreign(self) -> bool:
        """Whether the shop's texts are in another language than the wish."""
        return self.language.code != self.shop_language.code


class _Page(Struct, frozen=True):
    """The words of a product: of its title, brand and categories, of its last category and title alone, and of all it
    says; those that are said only to be denied; its text, normalised."""

    name: frozenset[str]
    kind: frozenset[str]
    all: frozenset[str]
    denied: frozenset[str]
    letters: str
    text: str


@lru_cache(maxsize=1)
def _scorer() -> Scorer:
    with np.load(MODEL_FILE) as stored:
        if stored["features"].tolist() != list(FEATURES):
            raise ValueError("engine/fits.npz was trained on other features; train it again")
        return Scorer(stored["weights"], stored["calibration"])


def fits_of(
    wish: WishQuery,
    products: Sequence[ProductDetail],
    similarities: Sequence[float | None],
    names: Sequence[Vector | None],
) -> list[float]:
    """The probability of each product, in their order. `similarities` are those of the search, `names` the vectors of
    `name_text` of each product."""
    if not products:
        return []
    found: list[float] = _scorer().probabilities(fit_features(wish, products, similarities, names)).tolist()
    return found


def name_text(product: ProductDetail) -> str:
    """What a product is: its title and its narrowest category."""
    return ". ".join((product.card.title, *product.category[-1:]))


def fit_features(
    wish: WishQuery,
    products: Sequence[ProductDetail],
    similarities: Sequence[float | None],
    names: Sequence[Vector | None],
) -> NDArray[np.float32]:
    """Of shape (products, features). Some compare a product with the others."""
    pages = [_read(product, wish.shop_language.code, in_english=wish.is_foreign) for product in products]
    asked = query_stems(wish)
    met = [[is_in(word, page.all) for word in asked] for page in pages]
    weights = [_weight(sum(each[index] for each in met), len(pages)) for index in range(len(asked))]
    total = sum(weights) or 1.0

    def share(there: Sequence[frozenset[str]]) -> list[float]:
        return [
            sum(weight for word, weight in zip(asked, weights, strict=True) if is_in(word, words)) / total
            for words in there
        ]

    similar = np.array([0.0 if each is None else each for each in similarities], np.float32)
    if wish.vector is None:
        name = np.zeros(len(products), np.float32)
    else:
        name = np.array([0.0 if each is None else float(each @ wish.vector) for each in names], np.float32)
    figures = _figures(wish.text)
    nothing = np.zeros(len(products), np.float32)
    is_english = wish.language.code == wish.shop_language.code == "en"
    columns = {
        "similar": similar if is_english else nothing,
        "similar_foreign": nothing if is_english else similar,
        "below_best": similar.max(initial=0.0) - similar,
        "name_similar": name,
        "below_best_name": name.max(initial=0.0) - name,
        "words_of_name": share([page.name for page in pages]),
        "words_of_page": share([page.all for page in pages]),
        "words_of_kind": share([page.kind for page in pages]),
        "denied": share([page.denied for page in pages]),
        "letters": _letters_shared(wish.text, [page.letters for page in pages]),
        "figures": [_share_of_figures(figures, page.text) for page in pages],
    }
    return np.stack([np.asarray(columns[name], np.float32) for name in FEATURES], axis=1)


def query_stems(wish: WishQuery) -> list[str]:
    """The stems of the wish's words without figures; between languages those of their English meanings as well."""
    stems = [*wish.shop_language.stems(wish.text)]
    if wish.is_foreign:
        stems += english_stems(wish.text, wish.language)
    return list(dict.fromkeys(stem for stem in stems if not stem.isdecimal()))[:MAX_ASKED_WORDS]


def english_stems(text: str, words: Language) -> list[str]:
    """The stems of an English text, or of the English meanings of a text's words."""
    return language("en").stems(text if words.code == "en" else " ".join(meanings(text, words.code)))


def _weight(holders: int, products: int) -> float:
    return math.log(1 + (products + 1) / (holders + 0.5)) if holders else UNSEEN / 2


def is_in(word: str, there: frozenset[str]) -> bool:
    """Whether a stem is among others: as it is, with a slip of a letter, or as the last part of a compound."""
    return word in there or any(
        is_same_word(word, other) or (len(word) >= MIN_PART and other.endswith(word)) for other in there
    )


def _read(product: ProductDetail, code: str, *, in_english: bool) -> _Page:
    return _read_text(
        code,
        in_english,
        product.card.title,
        product.brand or "",
        product.category,
        product.description[:MAX_PAGE_CHARACTERS],
        tuple(product.attributes.items()),
        tuple(each.title for each in product.card.variants),
    )


@lru_cache(maxsize=2_048)
def _read_text(
    code: str,
    in_english: bool,
    title: str,
    brand: str,
    category: tuple[str, ...],
    description: str,
    attributes: tuple[tuple[str, str], ...],
    forms: tuple[str, ...],
) -> _Page:
    """About 10 KB each."""
    shop = language(code)

    def stems(text: str) -> set[str]:
        return {*shop.stems(text), *(english_stems(text, shop) if in_english else ())}

    name = frozenset(stems(" ".join((title, brand, *category))))
    said, denied = set[str](name), set[str]()
    units = product_text_units(title, description, attributes=dict(attributes), options={"": forms})
    texts = [f"{unit.label} {unit.text}" for unit in units]
    for text in texts:
        words = stems(text)
        if shop.words.negation.sentence.found_in(normalise(text)):
            denied |= words
        else:
            said |= words
    return _Page(
        name=name,
        kind=frozenset(stems(" ".join((*category[-1:], title)))),
        all=frozenset(said | denied),
        denied=frozenset(denied - said),
        letters=f"#{'#'.join(words_of(' '.join((title, *category[-1:]))))}#",
        text=normalise(" ".join((title, *texts))),
    )


def _letters_shared(asked: str, texts: Sequence[str]) -> NDArray[np.float32]:
    """The share of the wish's triples of letters that each name has: parts of compounds, words that languages share."""
    padded = f"#{'#'.join(words_of(asked))}#"
    triples = {padded[at : at + 3] for at in range(len(padded) - 2)}
    if not triples:
        return np.zeros(len(texts), np.float32)
    return np.array([sum(triple in text for triple in triples) / len(triples) for text in texts], np.float32)


def _figures(text: str) -> list[str]:
    """The figures of a wish, each with the unit behind it: "18 mm"."""
    return [f"{found[1]} {found[2] or ''}".strip() for found in _MEASURE.finditer(text)]


def pages_know(wish: WishQuery, products: Sequence[ProductDetail], word: str) -> bool:
    """Whether any of the pages has a word."""
    return any(is_in(word, _read(each, wish.shop_language.code, in_english=wish.is_foreign).all) for each in products)


def _share_of_figures(figures: Sequence[str], text: str) -> float:
    """The share of figures that a page has with their units, 0 without any."""
    if not figures:
        return 0.0
    found = 0
    for figure in figures:
        number, _, unit = figure.partition(" ")
        behind = rf"\s?-?{re.escape(unit)}(?![^\W\d_])" if unit else r"(?!\w)"
        found += re.search(rf"(?<![\w.,]){re.escape(number)}{behind}", text) is not None
    return found / len(figures)
