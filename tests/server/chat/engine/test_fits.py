"""How likely a product is what is looked for: its kind before what only mentions it, and never what a page denies."""

import numpy as np
import pytest
from numpy.typing import NDArray

from integrations.platform import Money
from server.chat.answering.engine.fits import FEATURES, WishQuery, fit_features, fits_of
from server.chat.models import ProductCard, ProductDetail
from server.languages.words import language


def product(title: str, text: str, *category: str) -> ProductDetail:
    card = ProductCard(
        id=title, title=title, url=None, image_url=None, price=Money(1000, "EUR"), available=True, fetched_at=""
    )
    return ProductDetail(card=card, description=text, category=category)


def wish(text: str, code: str = "en", shop: str = "en") -> WishQuery:
    return WishQuery(text=text, language=language(code), shop_language=language(shop))


def alike(count: int) -> list[float | None]:
    return [0.4] * count


def no_names(count: int) -> list[NDArray[np.float32] | None]:
    return [None] * count


def column(rows: NDArray[np.float32], name: str) -> list[float]:
    return [float(value) for value in rows[:, FEATURES.index(name)]]


def test_a_kind_comes_before_what_mentions_it() -> None:
    tent = product("Fell 2 Tent", "Pitches in four minutes.", "Camping", "Tents")
    sheet = product(
        "Fell Groundsheet", "Cut smaller than the tent floor, so that no tent gets wet.", "Camping", "Accessories"
    )
    fits = fits_of(wish("tent"), [sheet, tent], alike(2), no_names(2))
    assert fits[1] > fits[0]


def test_what_a_page_denies_makes_it_unlikely() -> None:
    coated = product("Galet pan", "Ceramic coating. Not for induction hobs.")
    steel = product("Steel pan", "Carbon steel, for all hobs with induction.")
    rows = fit_features(wish("pan induction"), [coated, steel], alike(2), no_names(2))
    assert column(rows, "denied")[0] > 0 == column(rows, "denied")[1]
    fits = fits_of(wish("pan induction"), [coated, steel], alike(2), no_names(2))
    assert fits[1] > fits[0]


@pytest.mark.parametrize(
    ("text", "page", "share"),
    [
        ("branches of 18 mm", "Cuts branches up to 18 mm.", 1.0),
        ("branches of 18 mm", "Drill AS 18 with two batteries.", 0.0),
        ("bottle 500 ml", "Holds 500ml.", 1.0),
        ("bottle", "Holds 500 ml.", 0.0),
    ],
)
def test_a_figure_counts_with_its_unit_only(text: str, page: str, share: float) -> None:
    rows = fit_features(wish(text), [product("Thing", page)], alike(1), no_names(1))
    assert column(rows, "figures") == [share]


def test_words_are_compared_between_languages_by_their_meaning() -> None:
    products = [product("Heckenschere HS 18", "Für Buchs und Thuja."), product("Gartenschlauch", "30 Meter.")]
    rows = fit_features(wish("hedge trimmer", "en", "de"), products, alike(2), no_names(2))
    assert column(rows, "words_of_name")[0] > column(rows, "words_of_name")[1]


def test_nothing_found_fits_nothing() -> None:
    assert fits_of(wish("tent"), [], [], []) == []
