"""Titles of products are names: whole, they may be said as soon as the product is known, and only whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.platform import Money
from server.chat.answering.grounding import Grounder
from server.chat.models import ProductCard, ProductDetail, Source

TITLES = (
    "iPhone 15",
    "Fell 2",
    "Serum 10",
    "2 in 1 Shampoo",
    "Whey 500 Pro",
    "Free Spirit Mug",
    "Twelve Nights Candle",
    "ヨガマット 6",
    "Levi's 501 Original",
    "Kit (3 pieces)",
    "7",
    "30 days",
)


def grounder(*titles: str, currency: str = "USD", language: str | None = None) -> Grounder:
    made = Grounder(currency, None, language)
    for title in titles:
        made.add_title(title)
    return made


@pytest.mark.parametrize(
    "sentence",
    [
        "We have the **iPhone 15** in Black.",
        "We have the **iPhone** 15 in Black.",
        "Is it the *iPhone 15*?",
        "The Fell 2 in Rust is here.",
        "The fell  2, in Rust.",
        "[Fell 2](https://shop.example/tent): in stock.",
        "Das Fell 2 an der Wand.",
        "Fell 2 w kolorze zielonym.",
        "We have Fell 2 in stock.",
        "**Serum 10** in the large bottle.",
        "Take the 2 in 1 Shampoo.",
        "Whey 500 Pro is vegan.",
        "The Free Spirit Mug and the Twelve Nights Candle.",
        "ヨガマット 6はこちらです。",
        "Levi’s 501 Original in blue.",
        "The Kit (3 pieces) is new.",
        "Fell 2, Serum 10 and iPhone 15.",
    ],
)
def test_a_title_may_be_said(sentence: str) -> None:
    assert (checked := grounder(*TITLES).check(sentence)).ok, checked.unsupported


@pytest.mark.parametrize(
    ("sentence", "figure"),
    [
        ("The Fell 3 in Rust.", "3"),
        ("The Fell 2.5 in Rust.", "2.5"),
        ("The Fell 20 in Rust.", "20"),
        ("The Fell 2 costs $2.", "$2"),
        ("The Fell 2 kg tent.", "2"),
        ("Die Fell 2 Tage lang.", "2"),
        ("The Fell 2% off.", "2"),
        ("The Fell 2 € tent.", "2"),
        ("Serum 10 in 30 ml.", "30"),
        ("Serum 10: 12 left.", "12"),
        ("It costs $10.", "$10"),
        ("iPhone 15 and 15 days.", "15 days"),
        ("You have 30 days.", "30 days"),
        ("It has 7 pockets.", "7"),
        ("A free mug.", "free"),
        ("2 in 1 Shampoo in 3 days.", "3 days"),
        ("The Whey 500 is vegan.", "500"),
        ("MyFell 2 is here.", "2"),
    ],
)
def test_its_figures_alone_may_not(sentence: str, figure: str) -> None:
    checked = grounder(*TITLES).check(sentence)
    assert not checked.ok
    assert any(figure in text for text in checked.unsupported), checked.unsupported


def product(title: str) -> ProductDetail:
    card = ProductCard(
        id="P", title=title, url=None, image_url=None, price=Money(9900, "USD"), available=True, fetched_at=""
    )
    return ProductDetail(card=card, description="")


def test_products_and_their_sources_are_known_by_title() -> None:
    made = Grounder("USD")
    assert not made.check("Fell 2 in Rust.").ok
    made.add_product(product("Fell 2"))
    assert made.check("**Fell 2** in Rust costs $99.").ok
    made.add_source(Source(id="product:Q", kind="product", title="Serum 10", text="In 30 ml."))
    assert made.check("**Serum 10** in 30 ml.").ok


WORDS = st.sampled_from(["Fell", "Serum", "2", "10", "in", "Pro", "500", "X"])


@given(st.lists(WORDS, min_size=1, max_size=5).map(" ".join), st.integers(min_value=5001, max_value=10**9))
def test_no_title_lets_another_figure_through(title: str, number: int) -> None:
    for sentence in (f"{title} {number} kg", f"{number} {title}", f"{title} costs ${number}", f"{title}{number}"):
        assert not grounder(title).check(sentence).ok


@given(st.text(max_size=60), st.text(max_size=120))
def test_any_text_may_be_a_title(title: str, sentence: str) -> None:
    assert grounder(title).check(f"{sentence} {title} {sentence}") is not None


def test_a_long_sentence_with_many_titles_is_read_in_time() -> None:
    titles = [f"Fell {number} in Rust" for number in range(200)]
    sentence = "Fell * * * " * 200 + " 2 in"
    assert grounder(*titles).check(sentence) is not None
